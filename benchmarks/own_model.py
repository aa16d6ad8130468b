"""What one's own model, text and labels cost: a typed key, a moment of training, the view of all units, a label.

``key``: how long a key in "Your text" takes until the new states are on the screen, with a live word model of 2 x 650
units. The model is a module of its own (10,000 words, weights as torch draws them: what a step costs does not depend on
them), recorded over a small corpus and served live, in headless Chromium. Words are typed behind others, 20 on average;
each digit of a word makes another one of the vocabulary, and so a text that was never run. Beside it the model's own
forward pass, the recording of the text in Python, and how long attaching took.

``moment``, ``units`` and ``labels`` are moments.py, units.py (which keeps 4 GB in --folder) and regex_track.py.

    python benchmarks/own_model.py [--only key|moment|units|labels] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import moments
import numpy as np
import regex_track
import torch
import units
from torch import Tensor, nn

import lstmviz
from support import browser as browsing

N_WORDS = 10_000
N_TIMES = 30
PAUSE = 200  # ms between keys, so that each is timed alone
WARM = 6  # keys before those that count
REPAINTS = """() => {
  window.repaints = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("lstmviz-typed"))
      requestAnimationFrame(() => repaints.push(performance.now() - entry.startTime));
  }).observe({ type: "measure" });
}"""


class WordModel(nn.Module):
    """An embedding, an LSTM of two layers, a decoder."""

    def __init__(self, n_units: int) -> None:
        super().__init__()
        self.embed, self.rnn = nn.Embedding(N_WORDS, n_units), nn.LSTM(n_units, n_units, 2, batch_first=True)
        self.out = nn.Linear(n_units, N_WORDS)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits of the next word."""
        logits: Tensor = self.out(self.rnn(self.embed(ids))[0])
        return logits


def words(rng: np.random.Generator, n: int) -> str:
    """Return some words of the vocabulary."""
    return " ".join(f"w{i}" for i in rng.integers(0, N_WORDS, n))


def keystrokes(dump: lstmviz.Dump, text: str, more: str) -> list[float]:
    """Return ms from each digit of more words, typed key by key behind a text, to the frame that shows its states."""
    with (
        browsing.serving([dump]) as address,
        browsing.chromium() as browser,
        browsing.workbench(browser, address) as bench,
    ):
        bench.open(source="rnn.l1.c")
        bench.page.click(".lv-typed-fold")
        bench.page.locator(".lv-typed-box").fill(text)
        bench.page.wait_for_function("text => lvDebug.inspectPage().typed?.text === text", arg=text)
        bench.page.wait_for_timeout(PAUSE)
        bench.page.evaluate(REPAINTS)
        bench.page.locator(".lv-typed-box").press("End")
        kept, n_typed = [], 0
        for word in more.split():
            for key in f" {word}":
                bench.page.keyboard.press("Space" if key == " " else key)
                n_typed += 1
                bench.page.wait_for_function("n => repaints.length === n", arg=n_typed, polling=20)
                if key.isdigit():  # a word of the vocabulary; " " and "w" add no token, or one that is not read
                    kept.append(n_typed - 1)
                bench.page.wait_for_timeout(PAUSE)
        drawn: list[float] = bench.page.evaluate("() => repaints")
        return [drawn[i] for i in kept[WARM:]]


def median_ms(work: Callable[[], object]) -> float:
    """Return the median wall time of a piece of work; once before, for what is made on first use."""
    work()
    took = []
    for _ in range(N_TIMES):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def measure_key(n_words: int, n_more: int, n_units: int) -> None:
    """Print how long a key takes, of words that are typed behind others."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    model, vocab = WordModel(n_units).eval(), [f"w{i}" for i in range(N_WORDS)]
    texts = [words(rng, 100) for _ in range(10)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.h5"
        dump = lstmviz.open_dump(lstmviz.record_corpus(model, texts, encode=str.split, vocab=vocab, path=path, top_k=3))
        began = time.perf_counter()
        dump.attach(model)
        attached = 1000 * (time.perf_counter() - began)
        text, more = words(rng, n_words - n_more // 2), words(rng, n_more)
        ids = torch.tensor([[int(word[1:]) for word in text.split()]])
        with torch.no_grad():
            forward = median_ms(lambda: model(ids))
        recorded = median_ms(lambda: dump.rerun(text))
        drawn = sorted(keystrokes(dump, text, more))
    print(f"2 x {n_units}, {N_WORDS:,} words, a text of {n_words}; attached in {attached:.0f} ms")
    print(f"forward pass: {forward:.1f} ms; rerun in Python: {recorded:.1f} ms")
    high = drawn[int(0.95 * (len(drawn) - 1))]
    print(f"key to repainted states: median {statistics.median(drawn):.0f} ms, 95 in 100 within {high:.0f} ms")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["key", "moment", "units", "labels"])
    parser.add_argument("--folder", type=Path, help="where the recording of 2,000 units is kept; else it is removed")
    parser.add_argument("--more", type=int, default=16, help="words that are typed, each a key at a time")
    parser.add_argument("--words", type=int, default=20)
    parser.add_argument("--units", type=int, default=650)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tasks = {
            "key": lambda: measure_key(args.words, args.more, args.units),
            "moment": moments.measure,
            "units": lambda: units.measure(args.folder or Path(folder)),
            "labels": regex_track.measure,
        }
        for name, measure in tasks.items():
            if args.only in (None, name):
                measure()


if __name__ == "__main__":
    main()
