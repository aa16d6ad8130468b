"""A language model of a user's own text: the text in columns, its last tenth held out."""

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
from lstmviz.training.model import State, TextModel
from lstmviz.training.model_config import Level
from lstmviz.training.recipe import Recipe
from lstmviz.training.text import Encoder, check_length, cut, make_encoder, read_text
from lstmviz.training.text_task import Options, TextTask

HELD_OUT_OF = 10  # the last tenth of the text is held out,
MAX_HELD_OUT = 200_000  # but not more tokens than that, which measure a loss to a hundredth of a bit
N_COLUMNS: dict[Level, int] = {"char": 32, "word": 16}  # side by side, each with a state that is carried on
N_STEPS: dict[Level, int] = {"char": 64, "word": 32}  # of a column an update: as far back as gradients go
CHECK_STEPS: dict[Level, int] = {"char": 500, "word": 100}  # of a column in a batch of held-out text
CHECK_COLUMNS = 32  # of held-out text
N_CHECKED: dict[Level, int] = {"char": 2, "word": 5}  # such batches that are checked during the training
FEWEST = 400  # updates, unless the options say how long;
MOST: dict[Level, int] = {"char": 4_000, "word": 2_000}  # and the most: minutes on one core with 2 x 128 units
MAX_PIECE = 1_000  # tokens of a sequence of the dump
TEMPERATURE = 0.8  # of drawn text; below 1, likely tokens are drawn more often, which reads better
MOST_DRAWN = {"char": 100, "word": 25}  # tokens of a drawn line
FEWEST_DRAWN = {"char": 30, "word": 6}  # tokens before a drawn line's end counts


@dataclass(frozen=True)
class EncodedText:
    """A text as ids, (n_tokens,); from ``n_train`` on it is held out.

    ``as_written`` has the tokens that are not in the vocabulary. ``is_end``: the token ends a line.
    """

    encoder: Encoder
    ids: Ids
    as_written: list[str | None]
    is_end: NDArray[np.bool_]
    n_train: int

    @property
    def train(self) -> Ids:
        """The ids to learn from."""
        return self.ids[: self.n_train]

    @property
    def held_out(self) -> Ids:
        """The ids that are held out."""
        return self.ids[self.n_train :]


def language_task(path: Path, options: Options) -> TextTask:
    """Return the training of a language model on a text file; TextError where nothing can be learned from it."""
    text = read(path, options.level)
    n_vocab = len(text.encoder.vocab)
    n_columns = max(1, min(N_COLUMNS[options.level], text.n_train // (4 * N_STEPS[options.level])))
    n_steps = N_STEPS[options.level]
    plan = options.plan(math.ceil((text.n_train // n_columns - 1) / n_steps), FEWEST, MOST[options.level])
    recipe = Recipe(
        options.description(text.encoder.vocab),
        plan,
        lambda rng: _batches(rng, text.train, n_columns, n_steps),
        lambda: _held_out(text.held_out, CHECK_STEPS[options.level]),
        lambda: corpus(text, options.n_recorded),
        n_checked=N_CHECKED[options.level],
    )
    counted = (text.train, text.held_out, n_vocab)
    baselines = {"unigram": unigram(*counted), "bigram": bigram(*counted)}
    return TextTask(
        recipe,
        _about(text, path),
        baselines,
        bits if options.level == "char" else perplexity,
        "bits per character" if options.level == "char" else "perplexity per word",
        lambda model: [f"it writes: {draw_line(model, plan.seed)}"],
    )


def read(path: Path, level: Level) -> EncodedText:
    """Read a text file as ids; the vocabulary is that of what is not held out. Raises TextError."""
    tokens = cut(read_text(path), level)
    check_length(path, len(tokens), level)
    n_train = len(tokens) - min(len(tokens) // HELD_OUT_OF, MAX_HELD_OUT)
    encoder = make_encoder(tokens[:n_train], level)
    is_end = np.fromiter(map("\n".__eq__, tokens), np.bool_, len(tokens))
    return EncodedText(encoder, encoder.ids(tokens), encoder.as_written(tokens), is_end, n_train)


def corpus(text: EncodedText, n_tokens: int) -> Corpus:
    """Return what the dump is recorded over: the held-out text, then as much of the rest as there is room for.

    Sequences are pieces of up to 1,000 tokens that end with a paragraph, or a line, where they can. Sequence tracks:
    ``part`` (held out or learned from), ``line`` (the number of the line in the file where it begins).
    """
    n_held_out = min(len(text.held_out), n_tokens)
    parts = {"held out": (text.n_train, text.n_train + n_held_out)}
    if n_tokens > n_held_out:
        parts["learned from"] = (0, min(text.n_train, n_tokens - n_held_out))
    line = 1 + np.cumsum(text.is_end) - text.is_end
    rows: list[Ids] = []
    as_written: list[list[str | None]] = []
    tracks: dict[str, list[Any]] = {"part": [], "line": []}
    for part, (start, stop) in parts.items():
        for piece in pieces(text.is_end[start:stop]):
            rows.append(text.ids[start:stop][piece])
            as_written.append(text.as_written[start:stop][piece])
            tracks["part"].append(part)
            tracks["line"].append(int(line[start + piece.start]))
    return Corpus(rows, sequence_tracks=tracks, as_written=as_written)


def pieces(is_end: NDArray[np.bool_], most: int = MAX_PIECE) -> list[slice]:
    """Cut a text into pieces of at most ``most`` tokens.

    Each ends after the last empty line of its second half, else after the last line end there, else at ``most``.
    """
    is_empty_line = is_end.copy()
    is_empty_line[1:] &= is_end[:-1]
    cuts, start = [], 0
    while start < len(is_end):
        stop = min(start + most, len(is_end))
        if stop < len(is_end):
            half = slice(start + most // 2, stop)
            ends = next((at for at in map(np.flatnonzero, (is_empty_line[half], is_end[half])) if len(at)), None)
            stop = stop if ends is None else half.start + int(ends[-1]) + 1
        cuts.append(slice(start, stop))
        start = stop
    return cuts


def draw_line(model: TextModel, seed: int = 0) -> str:
    """Return a line of text that a language model writes from a seed; the unknown token is never drawn."""
    description = model.description
    vocab, level = description.vocab, description.level
    generator = torch.Generator().manual_seed(seed)
    ids = torch.tensor([[vocab.index("\n") if "\n" in vocab else len(vocab) - 1]])
    state: State = None
    tokens: list[str] = []
    with torch.no_grad():
        while len(tokens) < MOST_DRAWN[level] and not _is_line(tokens, FEWEST_DRAWN[level]):
            logits, state = model(ids, state)
            scores = logits[0, -1] / TEMPERATURE
            if description.unknown is not None and len(vocab) > 1:
                scores[description.unknown] = -torch.inf
            ids = torch.multinomial(scores.softmax(0), 1, generator=generator)[None]
            tokens.append(vocab[int(ids)])
    return " ".join(("" if level == "char" else " ").join(tokens).split())


def _is_line(tokens: list[str], fewest: int) -> bool:
    return tokens[-1:] == ["\n"] and len(tokens) - tokens.count("\n") >= fewest


def _batches(rng: np.random.Generator, ids: Ids, n_columns: int, n_steps: int) -> Iterator[TrainingBatch]:
    """Run through the text in columns, whose starts are drawn again whenever its end is reached."""
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


def _about(text: EncodedText, path: Path) -> tuple[str, ...]:
    tokens = "characters" if text.encoder.level == "char" else "words"
    share = float((text.held_out == text.encoder.unknown).mean())
    vocab = f"{len(text.encoder.vocab):,} different ones, the unknown among them"
    n_held_out = len(text.held_out)
    return (
        f"{path.name}: {len(text.ids):,} {tokens}; {vocab}",
        f"held out: the last {n_held_out:,} {tokens}, of which {share:.2%} are unknown",
    )


def bits(nats: float) -> str:
    """Return a loss in bits."""
    return f"{nats / math.log(2):.3f}"


def perplexity(nats: float) -> str:
    """Return a loss as a perplexity."""
    return f"{math.exp(min(nats, 700.0)):,.1f}"
