"""A language model of somebody's own text: the text in columns, its last tenth held out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lstmviz.training.baseline import bigram, unigram
from lstmviz.training.corpus import Corpus, Ids
from lstmviz.training.fit import TrainingBatch
from lstmviz.training.model_config import Level
from lstmviz.training.recipe import Recipe
from lstmviz.training.sampling import sampled
from lstmviz.training.text import Encoder, check_length, cut, make_encoder, read_text
from lstmviz.training.text_task import Options, Study

HELD_OUT_OF = 10  # the last tenth of the text is held out,
MAX_HELD_OUT = 200_000  # but not more tokens than that, which tell a loss to a hundredth of a bit
N_COLUMNS: dict[Level, int] = {"char": 32, "word": 16}  # the text runs in so many columns, each carrying its state on
N_STEPS: dict[Level, int] = {"char": 64, "word": 32}  # of a column an update: as far back as gradients go
CHECK_STEPS: dict[Level, int] = {"char": 500, "word": 100}  # of a column of held-out text at once
CHECK_COLUMNS = 32  # of held-out text
N_CHECKED: dict[Level, int] = {"char": 2, "word": 5}  # such pieces of it that are looked at during the training
FEWEST = 400  # updates, if nobody says how long,
MOST: dict[Level, int] = {"char": 4_000, "word": 2_000}  # and most: minutes on one core with 2 x 128 units
MAX_PIECE = 1_000  # tokens of a sequence of the dump


@dataclass(frozen=True)
class Running:
    """A text as ids, (n_tokens,); from ``border`` on it is held out. ``ends``: the token is a line's end."""

    encoder: Encoder
    ids: Ids
    ends: NDArray[np.bool_]
    border: int

    @property
    def train(self) -> Ids:
        """The ids to learn from."""
        return self.ids[: self.border]

    @property
    def held_out(self) -> Ids:
        """The ids that are held out."""
        return self.ids[self.border :]


def study_text(path: Path, options: Options) -> Study:
    """Return the training of a language model on a text file; TextError where nothing can be learned from it."""
    text = read(path, options.level)
    n_vocab = len(text.encoder.vocab)
    n_columns = max(1, min(N_COLUMNS[options.level], text.border // (4 * N_STEPS[options.level])))
    n_steps = N_STEPS[options.level]
    plan = options.plan(math.ceil((text.border // n_columns - 1) / n_steps), FEWEST, MOST[options.level])
    recipe = Recipe(
        options.description(text.encoder.vocab),
        plan,
        lambda rng: _batches(rng, text.train, n_columns, n_steps),
        lambda: _held_out(text.held_out, CHECK_STEPS[options.level]),
        lambda: corpus(text, options.n_recorded),
        n_checked=N_CHECKED[options.level],
    )
    given = (text.train, text.held_out, n_vocab)
    baselines = {"unigram": unigram(*given), "bigram": bigram(*given)}
    return Study(
        recipe,
        _about(text, path),
        baselines,
        bits if options.level == "char" else perplexity,
        "bits per character" if options.level == "char" else "perplexity per word",
        lambda model: [f"it writes: {sampled(model, plan.seed)}"],
    )


def read(path: Path, level: Level) -> Running:
    """Read a text file as ids; the vocabulary is that of what is not held out. Raises TextError."""
    tokens = cut(read_text(path), level)
    check_length(path, len(tokens), level)
    border = len(tokens) - min(len(tokens) // HELD_OUT_OF, MAX_HELD_OUT)
    encoder = make_encoder(tokens[:border], level)
    ends = np.fromiter(map("\n".__eq__, tokens), np.bool_, len(tokens))
    return Running(encoder, encoder.ids(tokens), ends, border)


def corpus(text: Running, n_tokens: int) -> Corpus:
    """Return what the dump is recorded over: the held-out text, and where there is room the beginning of the rest.

    Sequences are pieces of up to 1,000 tokens that end with a paragraph, or a line, where they can. Sequence tracks:
    ``part`` (held out or learned from), ``line`` (number of the line in the file that it begins in).
    """
    n_held_out = min(len(text.held_out), n_tokens)
    parts = {"held out": (text.border, text.border + n_held_out)}
    if n_tokens > n_held_out:
        parts["learned from"] = (0, min(text.border, n_tokens - n_held_out))
    line = 1 + np.cumsum(text.ends) - text.ends
    rows: list[Ids] = []
    tracks: dict[str, list[Any]] = {"part": [], "line": []}
    for part, (start, stop) in parts.items():
        for piece in pieces(text.ends[start:stop]):
            rows.append(text.ids[start:stop][piece])
            tracks["part"].append(part)
            tracks["line"].append(int(line[start + piece.start]))
    return Corpus(rows, sequence_tracks=tracks)


def pieces(ends: NDArray[np.bool_], most: int = MAX_PIECE) -> list[slice]:
    """Cut a text into pieces of at most ``most`` tokens: behind an empty line, else a line's end, in a second half."""
    empty = ends.copy()
    empty[1:] &= ends[:-1]
    found, start = [], 0
    while start < len(ends):
        stop = min(start + most, len(ends))
        if stop < len(ends):
            second = slice(start + most // 2, stop)
            places = next((at for at in map(np.flatnonzero, (empty[second], ends[second])) if len(at)), None)
            stop = stop if places is None else second.start + int(places[-1]) + 1
        found.append(slice(start, stop))
        start = stop
    return found


def _batches(rng: np.random.Generator, ids: Ids, n_columns: int, n_steps: int) -> Iterator[TrainingBatch]:
    """Run through the text in columns that begin at places drawn anew whenever its end is reached."""
    length = len(ids) // n_columns
    while True:
        turned = np.roll(ids, int(rng.integers(len(ids))))
        yield from _chunks(turned[: length * n_columns].reshape(n_columns, length), n_steps)


def _held_out(ids: Ids, n_steps: int) -> Iterator[TrainingBatch]:
    n_columns = max(1, min(CHECK_COLUMNS, len(ids) // n_steps))
    length = len(ids) // n_columns
    return _chunks(ids[: length * n_columns].reshape(n_columns, length), n_steps)


def _chunks(columns: Ids, n_steps: int) -> Iterator[TrainingBatch]:
    for start in range(0, columns.shape[1] - 1, n_steps):
        piece = torch.from_numpy(columns[:, start : start + n_steps + 1].copy())
        yield TrainingBatch(piece[:, :-1], piece[:, 1:], continues=start > 0)


def _about(text: Running, path: Path) -> tuple[str, ...]:
    what = "characters" if text.encoder.level == "char" else "words"
    share = float((text.held_out == text.encoder.unknown).mean())
    kinds = f"{len(text.encoder.vocab):,} different ones, the unknown among them"
    n_held_out = len(text.held_out)
    return (
        f"{path.name}: {len(text.ids):,} {what}; {kinds}",
        f"held out: the last {n_held_out:,} {what}, of which {share:.2%} are unknown",
    )


def bits(nats: float) -> str:
    """Return a loss in bits."""
    return f"{nats / math.log(2):.3f}"


def perplexity(nats: float) -> str:
    """Return a loss as a perplexity."""
    return f"{math.exp(min(nats, 700.0)):,.1f}"
