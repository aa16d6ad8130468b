"""How fast evidence and causes are: against a match query, reading the states once, and the model's own forward pass.

CPU seconds on one thread, so that a busy machine says about the same as a quiet one; ratios are within one run. The
corpus has 1,000,000 steps x 200 units in sequences of 100, with a label that keeps for some steps. It is written to
--folder once and kept.

    python benchmarks/explain.py --folder /tmp/corpora [--steps 1000000]
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits

import lstmviz
from lstmviz import Filter, samples
from lstmviz.explain.causes.texts import corpus_texts
from lstmviz.match import found_in
from lstmviz.match.index.store import build_index
from lstmviz.rerun.rerun import rerun_of
from match import make_states, patterns

SOURCE = "rnn.l0.h"
N_UNITS = 200
SEQUENCE = 100
BLOCK = 100_000
YES = Filter("label", low=1, high=1)
QUESTIONS = {  # a hypothesis for each sample
    ("parens", "2x50"): Filter("depth", low=3, high=3),
    ("agreement", "1x50"): Filter("number", ("singular",)),
    ("agreement", "1x100"): Filter("number", ("singular",)),
    ("recall", "1x32"): Filter("key", ("A",)),
}


def make_corpus(folder: Path, n_steps: int, n_units: int = N_UNITS, n_words: int = 50) -> lstmviz.Dump:
    """Write (once) a dump of states that keep their level for about 5 steps, and a label for about 20.

    Words are as frequent as one another if there are 50, else by Zipf's rates.
    """
    path = folder / f"explain-{n_steps}-{n_units}-{n_words}.h5"
    if not path.exists():
        rng = np.random.default_rng(1)
        level = rng.uniform(-0.9, 0.45, n_units).astype("float32")
        states = np.empty((n_steps, n_units), "float16")
        for start in range(0, n_steps, BLOCK):
            n_here = min(BLOCK, n_steps - start)
            states[start : start + n_here], level = make_states(rng, level, n_here)
        is_fresh = rng.random(n_steps) < 0.05
        is_fresh[0] = True
        label = (rng.random(n_steps) < 0.3)[np.maximum.accumulate(np.where(is_fresh, np.arange(n_steps), 0))]
        lstmviz.write_dump(
            path.with_suffix(".tmp"),
            states={SOURCE: states},
            tokens=rng.choice(n_words, n_steps, p=_rates(n_words)),
            vocab=[f"w{i}" for i in range(n_words)],
            lengths=[SEQUENCE] * (n_steps // SEQUENCE),
            tracks={"label": label.astype("int8")},
        )
        path.with_suffix(".tmp").replace(path)
    return lstmviz.open_dump(path)


def _rates(n_words: int) -> np.ndarray:
    weights = 1 / np.arange(1, n_words + 1) if n_words > 50 else np.ones(n_words)
    return weights / weights.sum()


def cpu(work: Callable[[], object], n_times: int = 5) -> float:
    """Return the median CPU seconds of a piece of work; once before, for what is made on first use."""
    work()
    seconds = []
    for _ in range(n_times):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


def read_once(dump: lstmviz.Dump) -> None:
    """Read all states."""
    states = dump.states(SOURCE)
    for start in range(0, len(states), 2**14):
        states[start : start + 2**14]


def at_length(dump: lstmviz.Dump) -> None:
    """Print what the questions cost on a long corpus."""
    build_index(dump, SOURCE)
    asked = patterns(dump, 8, 7)
    query = statistics.median(cpu(lambda p=p: found_in(dump, p).page(50)) for p in asked)
    enrichment = statistics.median(cpu(lambda p=p: dump.enrichment(p, YES)) for p in asked)
    few = lstmviz.Pattern("text", asked[0].units[:1], asked[0].bases, 3)
    dense = cpu(lambda: dump.enrichment(few, YES))
    print(f"{dump.n_steps:,} steps: match query {query * 1e3:.1f} ms, enrichment {enrichment * 1e3:.1f} ms, ", end="")
    print(f"{enrichment / query:.1f} queries")
    print(f"enrichment of a pattern of one unit {dense * 1e3:.1f} ms")
    in_tokens(dump, asked[0])
    reading = cpu(lambda: read_once(dump))
    ranking = cpu(lambda: dump.rank_units(YES), 3)
    print(f"{N_UNITS} units: read once {reading:.3f} s, rank {ranking:.2f} s = {ranking / reading:.1f} readings")
    tracemalloc.start()
    dump.rank_units(YES)
    print(f"rank: at most {tracemalloc.get_traced_memory()[1] / 2**20:.0f} MB beyond the page cache")
    tracemalloc.stop()
    for name, work in (
        ("rank, given the token", lambda: dump.rank_units(YES, given_token=True)),
        ("rank by r", lambda: dump.rank_units("label")),
        ("detector", lambda: dump.detector(YES)),
        ("probe", lambda: dump.probe(YES)),
    ):
        print(f"{name}: {cpu(work, 1):.2f} s")


def in_tokens(dump: lstmviz.Dump, pattern: lstmviz.Pattern) -> None:
    """Print what it costs to test every token of the text."""
    frame = dump.enrichment(pattern, "token here")
    n_drawn = int((frame["by"] == "draws").sum())
    seconds = cpu(lambda: dump.enrichment(pattern, "token here"), 3)
    print(f"enrichment of {len(frame):,} tokens, {n_drawn:,} by draws, {dump.n_steps:,} steps: {seconds:.2f} s")


def on_samples() -> None:
    """Print what the questions cost on each sample."""
    for (name, variant), question in QUESTIONS.items():
        dump = lstmviz.open_dump(samples.build(name, variant))
        detector = cpu(partial(dump.detector, question))
        rank, probe = cpu(partial(dump.rank_units, question)), cpu(partial(dump.probe, question))
        print(f"{name} {variant}: detector {detector:.3f} s, rank {rank:.3f} s, probe {probe:.3f} s")


def with_a_model() -> None:
    """Print what the causes cost beside the model's own forward pass: over a corpus, and in a typed text."""
    dump = lstmviz.open_dump(samples.build("agreement", "1x50"))
    runner = rerun_of(dump)
    pattern = dump.select("rnn.l0.c", 53, 62, 0.6, side="low")
    texts = corpus_texts(dump, dump.first, len(runner.vocab))
    batches = list(texts.batches(np.arange(len(texts.starts)), len(runner.outputs), 1))

    def fused_pass() -> None:
        with runner.alone():
            for batch in batches:
                runner.logits(batch.ids, batch.lengths).log_softmax(-1)

    one = cpu(fused_pass)
    ablating = [cpu(lambda n=n: dump.ablate(pattern, at="all", n_others=n), 3) for n in (9, 49)]
    condition = (ablating[1] - ablating[0]) / 40
    print(f"agreement 1x50, corpus: fused pass {one * 1e3:.1f} ms, ", end="")
    print(f"a condition of ablate {condition * 1e3:.1f} ms = {condition / one:.1f} passes; with 49 others ", end="")
    print(f"at all steps {ablating[1]:.2f} s, at the matches {cpu(lambda: dump.ablate(pattern), 3):.2f} s")
    for name, variant in (("agreement", "1x50"), ("parens", "2x50")):
        in_a_text(f"{name} {variant}", lstmviz.open_dump(samples.build(name, variant)))


def in_a_text(name: str, dump: lstmviz.Dump) -> None:
    """Print what the causes cost in a text of 60 tokens."""
    runner, text = rerun_of(dump), dump.first.text(0, 60)
    source = [source for source in dump.sources if source.endswith(".c")][-1]
    ids, lengths = torch.from_numpy(runner.read(text).ids)[None], torch.tensor([60])

    def forward() -> None:
        with runner.alone():
            runner.logits(ids, lengths)

    one = cpu(forward, 51)
    pattern = lstmviz.Pattern("text", (lstmviz.PatternUnit(source, 23),), ((source, 0.3),), 1)
    asked = {
        "rerun": lambda: dump.rerun(text),
        "rerun with a unit held": lambda: dump.rerun(text, [lstmviz.Intervention(source, (23,))]),
        "a unit and 49 others ablated": lambda: dump.ablate(pattern, at="all", text=text),
        "influence, mean embedding": lambda: dump.influence(text, source, [23, 24], n_draws=0),
        "influence, 16 draws": lambda: dump.influence(text, source, [23, 24]),
    }
    print(f"{name}, 60 tokens: forward {one * 1e3:.2f} ms")
    for words, work in asked.items():
        seconds = cpu(work, 11)
        print(f"    {words} {seconds * 1e3:.1f} ms = {seconds / one:.0f} forwards")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where the corpus is kept; 800 MB")
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--only", choices=["samples", "models", "corpus"], help="measure this part alone")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(1):
        torch.set_num_threads(1)
        if given.only in (None, "samples"):
            on_samples()
        if given.only in (None, "models"):
            with_a_model()
        if given.only in (None, "corpus"):
            at_length(make_corpus(given.folder, given.steps))
            words = make_corpus(given.folder, 100_000, 8, 10_000)
            in_tokens(words, patterns(words, 2, 1)[0])


if __name__ == "__main__":
    main()
