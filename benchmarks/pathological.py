"""How much slower than the plain one any query is: thresholds, constraints, bounds, filters, orders, deep pages.

The plain query of so many units asks for the first 50 rows at threshold 0.3, off one step before. Each other query
changes one of that, or two at once with --pairs. Times are the least of a few, all of one run, with the index on disk
and warm; the ratio is that to the plain query of as many units on the same corpus. With --cpu they are CPU seconds of
all threads, which other work on the machine hardly changes. Corpora are written to --folder once and kept.

    python benchmarks/pathological.py --folder FOLDER [--pairs] [--corpora 2000000x256.float16 ...] [--units 1 8 60]
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import lstmviz
from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan
from lstmviz.dump.writer import DumpWriter
from lstmviz.match import Listing, found_in
from lstmviz.match.index.store import build_index
from lstmviz.types import Filter, Pattern, PatternUnit, TrackInfo
from lstmviz.ui.queries import ENOUGH, level_with_enough
from match import SEQUENCE, SOURCE, TOKENS, make_states

CORPORA = ("100000x50.float16", "1000000x200.float16", "2000000x256.float16", "1000000x200.float32")
UNITS = (1, 3, 8, 20, 60, 0)  # 0: all
BLOCK = 100_000
ROWS = 50
DEEP = 1_000_000  # rows skipped
MOST_SECONDS = 0.5  # that a query is measured again for


@dataclass(frozen=True)
class Question:
    """What is asked: a pattern, and which of its matches."""

    pattern: Pattern
    order: str = "best"
    offset: int = 0

    def ask(self, dump: lstmviz.Dump) -> None:
        """Ask it as the page does: in another order than the best, at least so many matches with most shared units."""
        found = found_in(dump, self.pattern)
        least = 1
        if self.order != "best":
            found.look_for(ENOUGH)
            least = level_with_enough(found)
        Listing(dump, found, self.order, min_shared=least).page(ROWS, self.offset)


Change = Callable[[Question], Question]
Clock = Callable[[], float]


def _thresholds(*thresholds: float, base: float) -> Change:
    """Give the units these thresholds in turn, and the source this base."""

    def change(question: Question) -> Question:
        units = tuple(replace(u, threshold=t) for u, t in zip(question.pattern.units, itertools.cycle(thresholds)))
        return replace(question, pattern=replace(question.pattern, units=units, bases=((SOURCE, base),)))

    return change


def _pattern(**fields: object) -> Change:
    return lambda question: replace(question, pattern=replace(question.pattern, **fields))  # type: ignore[arg-type]


CHANGES: dict[str, dict[str, Change]] = {
    "threshold": {
        "0.305": _thresholds(0.305, base=0.305),
        "-0.5": _thresholds(-0.5, base=-0.5),
        "-0.99": _thresholds(-0.99, base=-0.99),
        "mixed": _thresholds(0.3, 0.305, 0.2512, -0.4, base=0.333),
    },
    "constraint": {
        "off 0/0": _pattern(off_before=0),
        "off 0/3": _pattern(off_before=0, off_after=3),
        "off 10/10": _pattern(off_before=10, off_after=10),
    },
    "bound": {
        "4 or more": _pattern(min_length=4),
        "10 or more": _pattern(min_length=10),
        "at most 2": _pattern(max_length=2),
    },
    "filter": {
        "half": _pattern(filters=(Filter("loss", low=0.7),)),
        "1 in 100": _pattern(filters=(Filter("loss", low=4.61),)),
        "1 in 10,000": _pattern(filters=(Filter("loss", low=9.21),)),
    },
    "order": {order: lambda question, order=order: replace(question, order=order) for order in ("step", "-length")}
    | {"track": lambda question: replace(question, order="track:loss")},
    "page": {"deep": lambda question: replace(question, offset=DEEP)},
}


def make_corpus(folder: Path, name: str) -> lstmviz.Dump:
    """Write (once) a corpus: states in runs of about 5 steps, random tokens, a track of numbers; and index it."""
    path = folder / f"{name}.h5"
    if not path.exists():
        shape, _, dtype = name.partition(".")
        n_steps, n_units = map(int, shape.split("x"))
        plan = DumpPlan(
            (AxisPlan("text", " ", True, tuple(f"w{i}" for i in range(TOKENS))),),
            (SourcePlan(SOURCE, "text", n_units, dtype),),  # type: ignore[arg-type]
            (TrackInfo("loss", "text", "number"),),
        )
        rng = np.random.default_rng(1)
        level = rng.uniform(-0.9, 0.45, n_units).astype("float32")
        with DumpWriter(path.with_suffix(".tmp"), plan) as writer:
            for start in range(0, n_steps, BLOCK):
                n_here = min(BLOCK, n_steps - start)
                states, level = make_states(rng, level, n_here, dtype)
                arrays = {
                    ArrayKey("tokens"): rng.integers(0, TOKENS, n_here).astype("uint32"),
                    ArrayKey("state", SOURCE): states,
                    ArrayKey("track", "loss"): rng.exponential(size=n_here).astype("float32"),
                }
                writer.append("text", [SEQUENCE] * (n_here // SEQUENCE), arrays)
        path.with_suffix(".tmp").replace(path)
    dump = lstmviz.open_dump(path)
    build_index(dump, SOURCE)
    return dump


def questions(n_units: int, with_pairs: bool) -> Iterator[tuple[str, Question]]:
    """Yield the plain question of so many units, then each change of it, and if asked each two changes of it."""
    units = tuple(PatternUnit(SOURCE, u) for u in range(n_units))
    plain = Question(Pattern("text", units, ((SOURCE, 0.3),), 4, off_before=1))
    yield "plain", plain
    for kind in CHANGES.values():
        yield from ((name, change(plain)) for name, change in kind.items())
    if not with_pairs:
        return
    for one, two in itertools.combinations(CHANGES.values(), 2):
        for (first, a), (second, b) in itertools.product(one.items(), two.items()):
            yield f"{first} + {second}", b(a(plain))


def timed(dump: lstmviz.Dump, question: Question, clock: Clock) -> float:
    """Return the least seconds that a question takes."""
    seconds: list[float] = []
    while len(seconds) < 2 or (sum(seconds) < MOST_SECONDS and len(seconds) < 5):
        began = clock()
        question.ask(dump)
        seconds.append(clock() - began)
    return min(seconds)


def measure(dump: lstmviz.Dump, name: str, n_units: int, with_pairs: bool, clock: Clock) -> tuple[float, str]:
    """Print what each question of so many units takes, and return the worst ratio with its question."""
    worst, plain = (0.0, ""), 0.0
    for words, question in questions(n_units, with_pairs):
        seconds = timed(dump, question, clock)
        plain = plain or seconds
        ratio = seconds / plain
        worst = max(worst, (ratio, f"{name}, {n_units} units, {words}: {seconds * 1e3:.0f} ms"))
        print(f"{name:22} {n_units:3} units  {words:28} {seconds * 1e3:9.1f} ms {ratio:7.1f}x", flush=True)
    return worst


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where corpora are kept; up to 6 GB")
    parser.add_argument("--pairs", action="store_true", help="two changes at once, too")
    parser.add_argument("--cpu", action="store_true", help="CPU seconds of all threads")
    parser.add_argument("--corpora", nargs="+", default=CORPORA, metavar="CORPUS")
    parser.add_argument("--units", nargs="+", type=int, default=UNITS, metavar="N", help="0: all")
    args = parser.parse_args()
    clock = time.process_time if args.cpu else time.perf_counter
    args.folder.mkdir(parents=True, exist_ok=True)
    worst = []
    for name in args.corpora:
        dump = make_corpus(args.folder, name)
        n_all = dump.source(SOURCE).n_units
        for n_units in args.units:
            if n_units <= n_all:
                worst.append(measure(dump, name, n_units or n_all, args.pairs, clock))
    print("\nThe worst for each corpus and number of units:")
    for ratio, words in sorted(worst, reverse=True):
        print(f"{ratio:7.1f}x  {words}")
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MB resident, page cache included")


if __name__ == "__main__":
    main()
