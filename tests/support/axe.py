"""axe-core over what a page shows now."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
BAD = {"serious", "critical"}


def check(bench, what):
    """Run axe-core over what is shown now."""
    bench.page.wait_for_timeout(200)  # transitions of what has just opened
    if not bench.page.evaluate("() => Boolean(window.axe)"):
        bench.page.evaluate(AXE)
    result = bench.page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    found = [
        f"{v['id']}: {node['target']} {' '.join(c['message'] for c in node['any'] + node['all'] + node['none'])[:160]}"
        for v in result["violations"]
        if v["impact"] in BAD
        for node in v["nodes"]
    ]
    assert result["testEngine"]["name"] == "axe-core"
    assert not found, f"{what}:\n" + "\n".join(found)
