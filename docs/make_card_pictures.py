"""Write the picture of each sample's card, ``sample_models/NAME/card.png``.

``python docs/make_card_pictures.py [NAME ...]``. Each shows a passage that the card describes. stdlib has no weights
until ``lstmviz samples train stdlib``; without them its picture stays as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from palette_png import palette_png

import lstmviz
from lstmviz import figures, samples
from lstmviz.types import Pattern, PatternUnit, Side
from support import browser as browsing

Drawn = tuple[lstmviz.Dump, Pattern, str, tuple[int, int], tuple[int, int], list[str], str]


def of_units(source: str, *units: tuple[int, Side, float]) -> Pattern:
    """Return a pattern of some units of a source, each with its side and threshold."""
    chosen = tuple(PatternUnit(source, unit, side, threshold) for unit, side, threshold in units)
    return Pattern(axis="text", units=chosen, bases=((source, units[0][2]),), length=1)


def dump_of(name: str, variant: str | None = None) -> lstmviz.Dump:
    """Return a sample's dump."""
    return lstmviz.open_dump(samples.build(name, variant))


def parens() -> Drawn:
    """Show the units of depth 4."""
    dump, window = dump_of("parens"), (249, 255)
    pattern = dump.select("rnn.l1.c", *window)
    return dump, pattern, "rnn.l1.c", (225, 275), window, ["depth"], "parens 2x50: a brush at depth 4"


def agreement() -> Drawn:
    """Show the singular unit past distractors."""
    dump, window = dump_of("agreement", "1x50"), (53, 62)
    pattern = of_units("rnn.l0.c", (23, "low", -0.6))
    tracks = ["number", "last_noun"]
    return dump, pattern, "rnn.l0.c", (44, 70), window, tracks, "agreement 1x50: the unit of the subject's number"


def recall() -> Drawn:
    """Show three units that hold a key."""
    pattern = of_units("rnn.l0.c", (4, "low", -0.1), (23, "low", -0.1), (26, "low", -0.1))
    dump = dump_of("recall")
    keys = dump.tracks["key"]
    is_f = [keys.labels[k] == "F" if k >= 0 else False for k in keys[0:400]]
    first = is_f.index(True)
    stop = is_f.index(False, first)
    view = (max(0, first - 12), max(0, first - 12) + 60)
    return dump, pattern, "rnn.l0.c", view, (first, stop), ["key"], "recall: three units hold the key F"


def sentiment() -> Drawn:
    """Show the backward half at the first words of a positive sentence, and of a negative one after it."""
    dump = dump_of("sentiment", "bidirectional-1x32")
    label = dump.tracks["label"]
    is_good = [label.labels[k] == "positive" for k in label[0 : dump.n_steps]]
    spans = list(zip(dump.sequences["start"].tolist(), dump.sequences["stop"].tolist(), strict=True))
    pairs = zip(spans, spans[1:], strict=False)
    first, second = next((a, b) for a, b in pairs if is_good[a[0]] > is_good[b[0]] and 14 < b[1] - a[0] < 28)
    pattern = of_units("rnn.l0.reverse.h", (15, "low", -0.1))
    view, window = (first[0], second[1]), (first[0], first[0] + 3)
    return dump, pattern, "rnn.l0.reverse.h", view, window, ["label"], "sentiment: the backward direction knows at once"


def stdlib() -> Drawn:
    """Show the comment unit around a comment."""
    dump = dump_of("stdlib")
    where = dump.tracks["where"]
    is_comment = [where.labels[k] == "comment" for k in where[0 : dump.n_steps]]
    starts = [k for k in range(20, dump.n_steps) if is_comment[k] and not is_comment[k - 1]]
    stops = [next(k for k in range(start, dump.n_steps) if not is_comment[k]) for start in starts]
    first, stop = next((a, b) for a, b in zip(starts, stops, strict=True) if 15 < b - a < 30)
    pattern = of_units("rnn.l0.c", (15, "high", 0.7))
    view = (first - 20, first + 40)
    return dump, pattern, "rnn.l0.c", view, (first, stop), ["where"], "stdlib: a unit that is on in comments"


PICTURES: dict[str, Callable[[], Drawn]] = {
    "parens": parens,
    "agreement": agreement,
    "recall": recall,
    "sentiment": sentiment,
    "stdlib": stdlib,
}


def write(name: str, page: Any) -> None:
    """Write the picture of one sample; ``page`` is an open page of a browser."""
    sample = samples.sample(name)
    if samples.weights_of(sample, sample.variant()) is None:
        print(f"{name}: not drawn; train it first: lstmviz samples train {name} --dropout 0")
        return
    dump, pattern, source, view, window, tracks, title = PICTURES[name]()
    drawn = figures.units(dump, source, *view, pattern, window, tracks, title)
    path = sample.folder / "card.png"
    path.write_bytes(palette_png(figures.image(drawn, "png", scale=1.5), page))
    print(f"{path.parent.name}/{path.name}: {path.stat().st_size / 1024:.0f} KiB")


def main() -> None:
    """Write the pictures of the samples that are named, or of all."""
    with browsing.chromium() as browser:
        page = browser.new_context().new_page()
        for name in sys.argv[1:] or PICTURES:
            write(name, page)


if __name__ == "__main__":
    main()
