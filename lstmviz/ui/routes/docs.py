"""The pages of the documentation that the help leads to: they come with the program, and are read without a network."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from flask import Blueprint, Response
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lstmviz._version import __version__
from lstmviz.errors import LstmvizError, UnknownName
from lstmviz.system.paths import docs_dir
from lstmviz.ui.routes.responses import known_error, unexpected_error

PAGES = {
    "page": "The page",
    "matching": "What is matched",
    "explain": "What a pattern means",
    "glossary": "Words",
    "maps": "Maps",
    "labels": "Labels",
    "lessons": "Lessons",
}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} · lstmviz</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<link rel="stylesheet" href="../assets/style_docs.css?v={version}"></head>
<body class="lv-docs"><nav>{nav}</nav><main>{body}</main></body></html>"""


def doc_routes() -> Blueprint:
    """Return the routes under ``/docs``."""
    blueprint = Blueprint("docs", __name__, url_prefix="/docs")
    blueprint.register_error_handler(LstmvizError, known_error)
    blueprint.register_error_handler(Exception, unexpected_error)

    @blueprint.get("/<name>.html")
    def get_page(name: str) -> Response:
        if name not in PAGES:
            raise UnknownName(f"no page {name[:40]!r} of the documentation comes along; there is {', '.join(PAGES)}")
        return Response(_page(name), mimetype="text/html")

    return blueprint


@lru_cache(maxsize=len(PAGES))
def _page(name: str) -> str:
    """Return a page as HTML: links to pages that come along stay, other ones are text, pictures are left out."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse((docs_dir() / f"{name}.md").read_text(encoding="utf-8"))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            token.attrSet("id", slug(following.content))
        token.children = None if token.children is None else _kept(token.children)
    links = (f'<a href="{other}.html">{escape(words)}</a>' for other, words in PAGES.items())
    body: str = parser.renderer.render(tokens, parser.options, {})
    return _PAGE.format(title=escape(PAGES[name]), nav=" ".join(links), body=body, version=__version__)


def slug(heading: str) -> str:
    """Return the name by which a link goes to a heading."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading.lower())).strip("-")


def _kept(children: list[Token]) -> list[Token]:
    """Return what of a line is shown: links that lead somewhere, and no pictures."""
    kept: list[Token] = []
    is_open: list[bool] = []
    for child in children:
        if child.type == "image":
            continue
        if child.type == "link_open":
            target = _target(str(child.attrGet("href") or ""))
            is_open.append(target is not None)
            if target is None:
                continue
            child.attrSet("href", target)
        elif child.type == "link_close" and not is_open.pop():
            continue
        kept.append(child)
    return kept


def _target(href: str) -> str | None:
    """Return where a link of the documentation leads here; None where that page does not come along."""
    if href.startswith(("#", "https://", "http://")):
        return href
    page, _, part = href.partition("#")
    name = page.removesuffix(".md")
    return f"{name}.html" + (f"#{part}" if part else "") if name in PAGES else None
