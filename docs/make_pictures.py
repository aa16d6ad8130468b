"""Write the pictures of the docs: each view of the page, light and dark, wide and narrow (run by ``make pictures``)."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from palette_png import palette_png

import lstmviz
from lstmviz import figures
from lstmviz.classroom import Room
from lstmviz.lessons import builtin_lessons
from lstmviz.samples.gallery import Gallery
from lstmviz.ui.extras import Extras
from lstmviz.ui.place import Place
from support import browser as browsing

FOLDER = Path(__file__).parent / "pictures"
SIZES = {"": (1440, 900), "-narrow": (1024, 768)}
SOURCE, AT, SPAN, WINDOW = "rnn.l1.c", 220, 60, (249, 255)
TYPED, EDITED = "0(11(2)1)0(1(222(33(444)3)2)1)0", "0(11(2)1)0(1(22(33(4444)3)2)1)0"
FIRST_LAYER = "rnn.l0.c"
BRUSHED = {"source": SOURCE, "at": AT, "span": SPAN, "start": WINDOW[0], "stop": WINDOW[1]}
MOST_BYTES = 6 * 2**20  # of all pictures


def build(gallery: Gallery) -> list[lstmviz.Dump]:
    """Build the samples of the pictures; returns the dump of parens, then those of the moments of its training."""
    for entry in gallery.entries[:2]:
        gallery.build(entry.name)
        while (status := gallery.status(entry)).state != "kept":
            if status.state == "failed":
                sys.exit(f"{entry.name} was not built: {status.words}")
            time.sleep(0.1)
    return [lstmviz.open_dump(dump.path) for dump in gallery.dumps()]


def settle(bench: Any) -> None:
    """Wait until everything that follows from the selection is shown, and move the pointer away."""
    bench.ready()
    bench.page.wait_for_function("() => !lvDebug.isSummaryPending()")
    bench.page.mouse.move(0, bench.page.viewport_size["height"] - 1)
    bench.page.wait_for_timeout(400)


def change(bench: Any, **changes: Any) -> None:
    """Change the page's selection."""
    bench.page.evaluate("changes => lvDebug.changeState(changes, 'settle')", changes)
    settle(bench)


def page(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show a brush and its matches."""
    bench.open(dump=dumps[0].uuid, **BRUSHED)


def start(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show the samples to choose from, two of them built."""
    bench.page.goto(bench.address)
    bench.page.wait_for_function("() => window.lvDebug?.inspectPage().start?.drawn === 2")
    bench.page.evaluate("() => document.activeElement.blur()")


def match(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show the matches, in groups and coloured by a track."""
    page(bench, dumps)
    change(bench, group="length", colour="track:depth")
    bench.page.evaluate("() => document.querySelector('.lv-matches').scrollIntoView()")
    bench.page.evaluate("() => scrollBy(0, -60)")


def aside(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show a held unit and its card."""
    page(bench, dumps)
    bench.page.locator("#lv-chips .lv-chip-name").nth(1).click()
    bench.page.wait_for_function("() => lvDebug.inspectCards().unitcard.answer")
    if bench.page.locator("#lv-card.lv-folded").count():
        bench.page.locator("#lv-card .lv-card-title").click()
        bench.page.locator("#lv-card").scroll_into_view_if_needed()
    settle(bench)


def text(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show a text coloured by one unit."""
    page(bench, dumps)
    change(bench, view="text", held={"source": SOURCE, "unit": bench.shown()["units"][1]}, bars=True)


def typed(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show a typed text, edited, and a window of it with its matches."""
    bench.open(dump=dumps[0].uuid, source=SOURCE, at=AT, span=SPAN)
    change(bench, text=EDITED, was=TYPED)
    change(bench, typed={"text": EDITED, "start": 18, "stop": 23})
    bench.page.evaluate("() => document.querySelector('#lv-units').scrollIntoView()")
    bench.page.evaluate("() => scrollBy(0, -56)")


def map_(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show the map of a source, coloured by a track."""
    bench.open(dump=dumps[0].uuid, view="map", **BRUSHED)
    bench.page.wait_for_function("() => lvDebug.inspectMap().n && lvDebug.inspectMap().colour")
    settle(bench)


def beside(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show a trained model, and under its lines the same steps early in the training."""
    bench.open(dump=dumps[-1].uuid, **BRUSHED | {"source": FIRST_LAYER})
    change(bench, beside={"dump": dumps[5].uuid, "source": FIRST_LAYER})


def compare(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show two patterns side by side."""
    page(bench, dumps)
    bench.page.get_by_role("button", name="Pin as A").click()
    change(bench, threshold=0.8)
    bench.page.wait_for_timeout(600)
    bench.page.evaluate("() => document.querySelector('.lv-matches').scrollIntoView()")
    bench.page.evaluate("() => scrollBy(0, -300)")


def projector(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show large type."""
    page(bench, dumps)
    bench.page.keyboard.press("l")
    settle(bench)


def keys(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show the help."""
    page(bench, dumps)
    bench.page.keyboard.press("?")


def pair(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show a pair of texts, a span of what was written brushed, over the matches."""
    begin = int(dumps[0].axis("target").sequences["start"][165])
    bench.open(source="decoder.l0.h", at=begin - 4, start=begin + 4, stop=begin + 6, t=0.5, before=0)
    bench.page.wait_for_function("() => lvDebug.inspectPair().run")
    settle(bench)
    bench.page.evaluate("() => document.querySelector('#lv-strip').scrollIntoView()")
    bench.page.evaluate("() => scrollBy(0, -60)")


TOKEN = "pictures"  # noqa: S105  of a class in this process alone
MOST_SURE = (2, 2, 1, 0)


def asked_room() -> Room:
    """Return a class of 24 that has been asked a question of the lesson about counting, and has answered it."""
    room = Room(clock=lambda: 0.0)  # nobody is away for long
    lesson = next(one for one in builtin_lessons() if one.name == "counting")
    question = room.ask_of_lesson("counting", next(k for k, step in enumerate(lesson.steps) if step.choices))
    for k in range(24):
        student = room.join(room.code, f"Student {k + 1}")
        if k % 8:
            room.answer(student, question.key, question.choices[(k * k) % 7 % 3], MOST_SURE[k % 4])
    return room


def class_(bench: Any, dumps: list[lstmviz.Dump]) -> None:
    """Show the teacher's page in a class, with the panel and the answers to a question."""
    bench.page.goto(f"{bench.address}/?token={TOKEN}")
    bench.open(dump=dumps[0].uuid, **BRUSHED)
    bench.page.evaluate("() => lvDebug.openLesson('counting', 6)")
    bench.page.locator(".lv-class-opener").click()
    bench.page.locator(".lv-class-panel .lv-class-bars").first.wait_for()
    settle(bench)


def reversed_texts(folder: Path) -> lstmviz.Dump:
    """Record the model of docs/pairs.md, which writes texts from the end."""
    blocks = re.findall(r"```python\n(.*?)```", (FOLDER.parent / "pairs.md").read_text("utf-8"), re.S)
    with chdir(folder):
        exec("\n".join(blocks[:2]), {})  # noqa: S102  # as tests do
    return lstmviz.open_dump(folder / "reversed.h5")


VIEWS: dict[str, Callable[[Any, list[lstmviz.Dump]], None]] = {
    "start": start,
    "page": page,
    "match": match,
    "aside": aside,
    "text": text,
    "typed": typed,
    "map": map_,
    "pair": pair,
    "beside": beside,
    "compare": compare,
    "projector": projector,
    "keys": keys,
    "class": class_,
}


def exported(dump: lstmviz.Dump, path: Path) -> None:
    """Write a view as the HTML page that the page exports."""
    pattern = dump.select(SOURCE, *WINDOW)
    path.write_text(figures.page(dump, SOURCE, AT, AT + SPAN, pattern, WINDOW, ["depth"]), "utf-8")


@contextmanager
def pictures() -> Iterator[Callable[[str, str, Any], None]]:
    """Yield a function that writes the picture of a page under a name; at the end exit if all are too large."""
    FOLDER.mkdir(exist_ok=True)
    written: list[Path] = []

    def write(name: str, suffix: str, shown: Any) -> None:
        path = FOLDER / f"{name}{suffix}.png"
        path.write_bytes(palette_png(shown.screenshot(), shown))
        written.append(path)
        print(f"{path.name:28} {path.stat().st_size / 1024:6.0f} KiB")

    yield write
    for old in set(FOLDER.glob("*.png")) - set(written):
        old.unlink()
    total = sum(path.stat().st_size for path in written)
    print(f"{len(written)} pictures, {total / 2**20:.1f} MiB")
    if total > MOST_BYTES:
        sys.exit(f"the pictures take more than {MOST_BYTES / 2**20:.0f} MiB: leave some out, or make them smaller")


def main() -> None:
    """Write docs/pictures/VIEW-{light,dark}[-narrow].png."""
    with tempfile.TemporaryDirectory() as folder, pictures() as write, browsing.chromium() as browser:
        os.environ["XDG_CACHE_HOME"] = folder  # as at a first visit: no sample is built yet
        gallery = Gallery()
        dumps = build(gallery)
        exported(dumps[0], Path(folder) / "view.html")
        texts = reversed_texts(Path(folder))
        room = asked_room()
        with (
            browsing.serving([], extras=Extras(gallery=gallery)) as samples,
            browsing.serving([texts]) as pairs,
            browsing.serving([], extras=Extras(gallery=gallery), room=room, place=Place(token=TOKEN)) as lesson,
        ):
            served = {pair: (pairs, [texts]), class_: (lesson, dumps)}
            for scheme in ("light", "dark"):
                for suffix, (width, height) in SIZES.items():
                    view = {"width": width, "height": height}
                    for name, show in VIEWS.items():
                        address, given = served.get(show, (samples, dumps))
                        with browsing.workbench(browser, address, view=view, color_scheme=scheme) as bench:
                            show(bench, given)
                            bench.page.mouse.move(0, height - 1)
                            bench.page.wait_for_timeout(300)
                            write(f"{name}-{scheme}", suffix, bench.page)
                    context = browser.new_context(viewport=view, color_scheme=scheme)
                    mailed = context.new_page()
                    mailed.goto((Path(folder) / "view.html").as_uri())
                    write(f"export-{scheme}", suffix, mailed)
                    context.close()


if __name__ == "__main__":
    main()
