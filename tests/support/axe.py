"""axe-core over what a page shows now.

In every run each part of the page is looked at once, in the light, and the main views in the dark too; in the long form
every state of each part, in both.
"""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python

from support.budget import is_long

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
BAD = {"serious", "critical"}
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that the dark may break alone
RUN = """([within, rules]) =>
  axe.run(within ?? document, {
    resultTypes: ["violations"],
    ...(rules && { runOnly: { type: "rule", values: rules } }),
  })
"""

# until nothing that comes to an end moves: menus that open, colours on their way from the light to the dark
REST = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  for (;;) {
    await frame().then(frame);
    const moving = document.getAnimations().filter(
      (each) => each.playState === "running" && each.effect.getComputedTiming().endTime !== Infinity,
    );
    if (!moving.length) return;
    await Promise.allSettled(moving.map((each) => each.finished));
  }
}"""


def check(bench, what, is_dark_too=False):
    """Run axe-core over what is shown now: all rules, and those of colours in the dark as well."""
    assert violations(bench) == [], what
    if not (is_dark_too or is_long()):
        return
    look(bench, "dark")
    assert violations(bench, rules=OF_COLOURS) == [], f"{what}, in the dark"
    look(bench, "light")


def check_further(bench, what):
    """Run axe-core over a further state of a part of the page, in the long form alone."""
    if is_long():
        check(bench, what)


def look(bench, scheme):
    bench.page.emulate_media(color_scheme=scheme)
    bench.page.wait_for_function("(s) => document.documentElement.dataset.mantineColorScheme === s", arg=scheme)


def violations(bench, within=None, rules=None):
    """The serious and critical ones of the page, or of the element of a selector, as lines."""
    if not bench.page.evaluate("() => Boolean(window.axe)"):
        bench.page.evaluate(AXE)
    bench.page.evaluate(REST)
    result = bench.page.evaluate(RUN, [within, rules])
    assert result["testEngine"]["name"] == "axe-core"
    return [
        f"{v['id']}: {node['target']} {' '.join(c['message'] for c in node['any'] + node['all'] + node['none'])[:160]}"
        for v in result["violations"]
        if v["impact"] in BAD
        for node in v["nodes"]
    ]
