"""How long a keystroke in "Your text" takes until the new states are on the screen, in headless Chromium.

The text is 60 characters; the model is of the size of the largest sample (stdlib, 1 x 128), with weights made on the
spot: what a step costs does not depend on them. For each key, the time from its event to the animation frame after the
one in which the states of the new text were drawn. The floor is the same for keys in a box that nothing listens to:
from the event to the second animation frame. Beside them the server's answer to the same text, without a page.

    python benchmarks/typed.py [--keys 100] [--characters 60] [--units 128]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import numpy as np
import torch

import lstmviz
from lstmviz import samples
from lstmviz.training.corpus import Corpus
from lstmviz.training.model import TextModel, save
from lstmviz.training.record_model import record_model
from lstmviz.ui.serve import make_app
from support import browser as browsing

PAUSE = 150  # ms between keys, so that each is timed alone
WARM = 10  # keys before those that count: the model is loaded with the first
LINE = "def read(path, size=4096):  # the whole file, a block at a time"
REPAINTS = """() => {
  window.repaints = [];
  let began = 0;
  addEventListener("keydown", (event) => {
    if (event.key.length === 1 || event.key === "Backspace") began = event.timeStamp; // not an arrow
  }, true);
  const measure = performance.measure.bind(performance);
  performance.measure = (name, given) => {
    const from = began; // the page measures once the states of a typed text are drawn
    if (name === "lstmviz-typed") requestAnimationFrame(() => repaints.push(performance.now() - from));
    return measure(name, given);
  };
}"""
FLOOR = """() => {
  window.floor = [];
  const box = document.createElement("textarea");
  document.body.prepend(box);
  box.focus();
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    requestAnimationFrame(() => requestAnimationFrame(() => floor.push(performance.now() - event.timeStamp)));
  });
}"""


def random_dump(folder: Path, n_units: int) -> lstmviz.Dump:
    """Return a small dump of a model of the sample's shape with random weights, which lies beside it."""
    torch.manual_seed(1)
    description = replace(samples.sample("stdlib").recipe("1x128").description, n_units=n_units)
    weights, path = folder / "weights.safetensors", folder / "run.h5"
    save(TextModel(description), weights)
    rng = np.random.default_rng(1)
    record_model(weights, Corpus([rng.integers(1, len(description.vocab), 500) for _ in range(10)]), path)
    return lstmviz.open_dump(path)


def keystrokes(dump: lstmviz.Dump, n_keys: int, n_characters: int) -> tuple[list[float], list[float]]:
    """Return ms of every keystroke to its repaint, and of keys that draw nothing."""
    source = list(dump.sources)[-1]
    with (
        browsing.serving([dump]) as address,
        browsing.chromium() as browser,
        browsing.workbench(browser, address) as bench,
    ):
        bench.open(source=source)
        bench.page.click(".lv-typed-fold")
        bench.page.locator(".lv-typed-box").fill((LINE * 4)[: n_characters - 1])
        bench.page.wait_for_function("n => lvDebug.typedAnswer()?.tokens.length === n", arg=n_characters - 1)
        bench.page.evaluate(REPAINTS)
        for i in range(n_keys + WARM):  # a letter more, a letter less, each in another place
            bench.page.keyboard.press("xyzabc"[i // 2 % 6] if i % 2 == 0 else "Backspace")
            bench.page.wait_for_function("n => repaints.length === n", arg=i + 1, polling=20)
            bench.page.wait_for_timeout(PAUSE)
            if i % 2:
                bench.page.keyboard.press("ArrowLeft")
        drawn = bench.page.evaluate("() => repaints")
        bench.page.evaluate(FLOOR)
        for _ in range(n_keys):
            bench.page.keyboard.press("x")
            bench.page.wait_for_timeout(PAUSE)
        return drawn[WARM:], bench.page.evaluate("() => floor")


def answers(dump: lstmviz.Dump, n_keys: int, n_characters: int) -> list[float]:
    """Return ms of the server's answers to texts that it has not seen."""
    client = make_app([dump]).server.test_client()
    line, source, took = (LINE * 4)[: n_characters - 1], list(dump.sources)[-1], []
    for i in range(n_keys + WARM):
        body = {"texts": [line[: i % 40] + chr(97 + i % 26) + line[i % 40 :]], "sources": [source]}
        began = time.perf_counter()
        answer = client.post(f"/d/{dump.uuid}/typed", json=body, headers={"Host": "127.0.0.1:8050"})
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200
    return took[WARM:]


def summary(name: str, values: list[float]) -> str:
    ordered = sorted(values)
    high = ordered[int(0.95 * (len(ordered) - 1))]
    return f"{name}: median {statistics.median(ordered):.0f} ms, 95 in 100 within {high:.0f} ms ({len(ordered)} keys)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--characters", type=int, default=60)
    parser.add_argument("--units", type=int, default=128)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dump = random_dump(Path(folder), args.units)
        drawn, floor = keystrokes(dump, args.keys, args.characters)
        print(f"1 x {args.units}, {args.characters} characters")
        print(summary("keystroke to repainted states", drawn))
        print(summary("keystroke that draws nothing (floor)", floor))
        print(summary("the server's answer alone", answers(dump, args.keys, args.characters)))


if __name__ == "__main__":
    main()
