"""How long a track of a regular expression takes to add over 10 million tokens, beside one pass of the expression."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import regex

import lstmviz
from lstmviz.dump.lazy_arrays import Track

SEQUENCE = 500  # steps
WORDS = 20_000  # of the made vocabulary
EXPRESSIONS = {
    "rare": r"\b(?P<quoted>w9\w+ w1\w+)",
    "frequent": r"(?P<one>\bw1\w*)|(?P<two>\bw2\w*)",
    "across words": r"w\d+5 w\d+7(?: w\d+1)?",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    measure(asked.tokens, asked.runs)


def measure(n_steps: int = 10_000_000, n_runs: int = 5) -> None:
    """Measure over words and over characters."""
    with tempfile.TemporaryDirectory() as folder:
        for level in ("words", "characters"):
            measure_level(level, n_steps, n_runs, Path(folder))


def measure_level(level: str, n_steps: int, n_runs: int, folder: Path) -> None:
    dump = lstmviz.open_dump(made(level, n_steps, folder / f"{level}.h5"))
    axis = dump.first
    start = time.process_time()
    texts = [axis.text(a, b) for a, b in zip(axis.starts.tolist(), axis.stops.tolist(), strict=True)]
    took = time.process_time() - start
    n_characters = sum(map(len, texts))
    print(f"{n_steps:,} {level}, {n_characters:,} characters; {len(texts):,} texts, made in {took:.2f} CPU s")
    for name, expression in EXPRESSIONS.items():
        expression = f"(?P<match>{expression})" if "?P<" not in expression else expression
        alone, added = [], []
        for _ in range(n_runs):
            alone.append(seconds(one_pass, regex.compile(expression), texts))
            added.append(seconds(dump.add_track, "found", regex=expression, overwrite=True))
        track: Track = dump.tracks["found"]
        share = np.mean(track[:] != track.labels.index("other"))
        once, all_ = statistics.median(alone), statistics.median(added)
        print(f"  {name}: CPU s {once:.2f} alone, {all_:.2f} added, ratio {all_ / once:.2f}; {share:.1%} of the steps")


def one_pass(compiled: regex.Pattern[str], texts: list[str]) -> int:
    return sum(1 for text in texts for _ in compiled.finditer(text))


def seconds(function, *args, **named) -> float:
    start = time.process_time()
    function(*args, **named)
    return time.process_time() - start


def made(level: str, n_steps: int, path: Path) -> Path:
    """A dump of one unit; the text is words, drawn as rarely as Zipf says, or the characters of such a text."""
    rng = np.random.default_rng(0)
    ids = np.minimum(rng.zipf(1.3, n_steps) - 1, WORDS - 1)
    vocab = [f"w{i}" for i in range(WORDS)]
    if level == "characters":
        text = " ".join(vocab[i] for i in ids[: n_steps // 2].tolist())[:n_steps].ljust(n_steps, " ")
        vocab = sorted(set(text))
        ids = np.array([vocab.index(c) for c in vocab], np.int64)[
            np.searchsorted([ord(c) for c in vocab], np.frombuffer(text.encode(), np.uint8))
        ]
    lengths = [SEQUENCE] * (n_steps // SEQUENCE)
    n = sum(lengths)
    states = np.zeros((n, 1), np.float16)
    return lstmviz.write_dump(path, states={"rnn.l0.h": states}, tokens=ids[:n], vocab=vocab, lengths=lengths)


if __name__ == "__main__":
    main()
