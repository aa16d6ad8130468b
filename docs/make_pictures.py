"""Write the pictures of the docs: each view of the page, light and dark, wide and narrow (run by ``make pictures``)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import browser as browsing
import lstmviz
from lstmviz import samples

FOLDER = Path(__file__).parent / "pictures"
SIZES = {"": (1440, 900), "-narrow": (1024, 768)}
SELECTION = {"source": "rnn.l1.c", "at": 220, "span": 60, "start": 249, "stop": 255}


def main() -> None:
    """Write docs/pictures/page-{light,dark}[-narrow].png from the parens sample."""
    FOLDER.mkdir(exist_ok=True)
    dump = lstmviz.open_dump(samples.build("parens"))
    with browsing.serving([dump]) as address, browsing.chromium() as browser:
        for scheme in ("light", "dark"):
            for suffix, (width, height) in SIZES.items():
                view = {"width": width, "height": height}
                with browsing.workbench(browser, address, view=view, color_scheme=scheme) as bench:
                    bench.open(**SELECTION)
                    bench.page.mouse.move(0, height - 1)
                    bench.page.screenshot(path=FOLDER / f"page-{scheme}{suffix}.png")


if __name__ == "__main__":
    main()
