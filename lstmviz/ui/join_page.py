"""The page on which a student joins a class: a form for every browser.

It works without its one script, which keeps the part of a link behind the #.
"""

from __future__ import annotations

from html import escape

from lstmviz.classroom.names import CODE_LENGTH, MOST_NAME

# Without a referrer a browser would not say that the form comes from this server's own page.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="same-origin">{refresh}
<title>lstmviz: join the class</title>
<script defer src="{prefix}join/fragment.js"></script>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; font: 18px/1.45 system-ui, sans-serif; }}
main {{ box-sizing: border-box; width: min(420px, 100%); padding: 24px; }}
h1 {{ margin: 0 0 4px; font-size: 26px; letter-spacing: -0.02em; }}
p {{ margin: 0 0 18px; }}
label {{ display: block; margin: 14px 0 4px; font-weight: 600; }}
input {{ box-sizing: border-box; width: 100%; padding: 12px; border: 1px solid #8a94a0; border-radius: 8px; }}
input {{ font: inherit; }}
.code {{ font-family: ui-monospace, monospace; font-size: 24px; letter-spacing: 0.2em; text-transform: uppercase; }}
button {{ width: 100%; margin-top: 20px; padding: 13px; border: 0; border-radius: 8px; font: 600 19px system-ui; }}
button {{ background: #1a66dc; color: #fff; }}
:is(input, button):focus-visible {{ outline: 3px solid #58a6ff; outline-offset: 1px; }}
.problem {{ padding: 10px 12px; border-left: 4px solid #c84208; background: #c842081a; }}
.note {{ margin-top: 18px; font-size: 15px; opacity: 0.75; }}
</style>
</head>
<body><main>{content}</main></body>
</html>
"""
_FORM = """<h1>Join the class</h1>
<p>{lead}</p>
{problem}<form method="post" action="{action}">
<input type="hidden" name="to" value="{to}">
{code}<label for="name">A nickname</label>
<input id="name" name="name" required maxlength="{most}" autocomplete="off" value="{name}"{focus}>
<button>Join</button>
</form>
<p class="note">No account and nothing to install. The nickname stays on the teacher's machine until the class ends;
the teacher sees it, and so does the room if the teacher shows it.</p>
"""
_CODE = """<label for="code">The code of the class</label>
<input id="code" name="code" class="code" required maxlength="{most}" autocomplete="off" autocapitalize="characters"
 spellcheck="false" value="{code}"{focus}>
"""
_FOCUS = " autofocus"


def join_page(
    prefix: str, to: str = "", code: str = "", name: str = "", problem: str = "", lead: str = "", is_known: bool = False
) -> str:
    """Return the page.

    Args:
        prefix: The path that the app is served under.
        to: The query of the address that is shown once one has joined.
        code: The code, as far as it is known; typed otherwise.
        name: The nickname that was typed.
        problem: Why it did not work.
        lead: Said above the form.
        is_known: Whether the code came with a link, so that it need not be typed.
    """
    field = f'<input type="hidden" name="code" value="{escape(code)}">'
    if not is_known:
        field = _CODE.format(most=CODE_LENGTH + 8, code=escape(code), focus="" if code else _FOCUS)
    form = _FORM.format(
        lead=escape(lead or "Choose a name by which the teacher sees you."),
        problem=f'<p class="problem" role="alert">{escape(problem)}</p>\n' if problem else "",
        action=escape(f"{prefix}join"),
        to=escape(to),
        code=field,
        most=MOST_NAME,
        name=escape(name),
        focus=_FOCUS if is_known or code else "",
    )
    return _PAGE.format(refresh="", prefix=escape(prefix), content=form)


def again(prefix: str, address: str) -> str:
    """Return a page that leads to an address of this server at once."""
    refresh = f'<noscript><meta http-equiv="refresh" content="0; url={escape(address)}"></noscript>'
    return _PAGE.format(refresh=refresh, prefix=escape(prefix), content=f'<p><a href="{escape(address)}">Go on</a></p>')
