"""Every text that the page shows, measured where it stands: in elements, and on canvases as it is drawn.

``SCRIPT`` runs before the page's own; ``crowded`` then says which texts overlap, which are past the window's edge, and
which are cut although there is room for them beside them.
"""

from __future__ import annotations

from support.paths import ROOT

SCRIPT = (ROOT / "tests" / "support" / "measured_texts.js").read_text(encoding="utf-8")


def crowded(bench, within=None):
    """What is wrong with the texts in the window, or in the element of a selector, as lines."""
    bench.page.evaluate("() => { lvDebug.redrawAll?.(); }")
    bench.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return bench.page.evaluate("(within) => crowdedTexts(within)", within)
