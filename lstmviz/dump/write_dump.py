"""``write_dump``: check arrays of any framework, and write them as a dump."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from lstmviz.checks import check_path
from lstmviz.dump.array_blocks import BlockValidator, CheckedBlock, DumpBlock
from lstmviz.dump.joining import read_joining
from lstmviz.dump.pair_arrays import CheckedAttention, DumpAttention, check_attention
from lstmviz.dump.schema import AxisPlan, DumpPlan, SourcePlan
from lstmviz.dump.validate import check_mapping
from lstmviz.dump.vocabulary import AnyVocab, read_vocab
from lstmviz.dump.writer import DumpWriter
from lstmviz.errors import DumpError, DumpExists, DumpMissing, InputError, UnknownName
from lstmviz.system.atomic import beside
from lstmviz.types import View

LOOK_AHEAD_BYTES = 2**20  # of blocks read first: if there are no more, the size of the dump is known


def write_dump(
    path: str | os.PathLike[str],
    *,
    states: Mapping[str, ArrayLike] | None = None,
    tokens: ArrayLike | None = None,
    vocab: AnyVocab | None = None,
    lengths: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    tracks: Mapping[str, ArrayLike] | None = None,
    sequence_tracks: Mapping[str, ArrayLike] | None = None,
    blocks: Iterable[DumpBlock] | None = None,
    views: Mapping[str, View] | None = None,
    join: str | None = None,
    axis: str = "text",
    axes: Mapping[str, DumpBlock | Iterable[DumpBlock]] | None = None,
    attention: Mapping[str, DumpAttention] | None = None,
    provenance: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write arrays of any framework as a dump with one time axis, at once or in blocks, or with several.

    Args:
        path: Where to write the dump.
        states: Names of sources with arrays (n_steps, n_units); or a padded batch, (batch, steps, n_units), whose
            tokens and tracks are (batch, steps); or a list with one array for each sequence. float16, float32 and
            float64 are kept; other numbers become float32.
        tokens: Ids or strings, (n_steps,).
        vocab: The tokens by id, a mapping from token to id or from id to token, or a tokenizer with ``get_vocab()``.
            None: ids are shown, or the tokens given as strings form the vocabulary.
        lengths: Number of steps of each sequence; None for one sequence. A sequence of 0 steps is left out.
        mask: True for text and False for padding of a batch, (batch, steps), where it is padded on the left.
        tracks: Names with (n_steps,) numbers, or strings for a category. None or NaN is no value.
        sequence_tracks: Names with (n_sequences,) numbers or strings.
        blocks: In place of these arrays, an iterator of ``lstmviz.DumpBlock``, so that memory does not grow. The first
            block declares sources, tracks and types.
        views: Names of sources with their view; ``"tanh"`` for cell states. Others are ``"raw"``.
        join: What to write between two tokens of a text. None: it is guessed from the vocabulary, without its special
            tokens: nothing between characters, what their spelling says between pieces of words, else a space.
        axis: Name of the time axis, if there is one.
        axes: In place of these arrays, names of time axes with a ``lstmviz.DumpBlock`` each, or an iterator of them;
            ``vocab`` and ``join`` may then be mappings by the name of the axis.
        attention: Names with a ``lstmviz.DumpAttention`` each: weights between the paired sequences of two axes.
        provenance: What to keep about the origin of the dump, as JSON.
        overwrite: Whether to replace a file at ``path``.

    Returns:
        The path.

    Raises:
        InputError: An argument does not fit; the message names the first place.
        UnknownName: A view is given for a source that does not exist.
        DumpExists: Something is at ``path``.
        DumpMissing: The folder of ``path`` does not exist.
        DumpError: The disk does not take the file.

    Example:
        >>> import numpy as np
        >>> states = {"rnn.l0.h": np.zeros((4, 8), "float32")}
        >>> path = lstmviz.write_dump("mine.h5", states=states, tokens=[0, 1, 1, 0], vocab=["la", "li"], lengths=[3, 1])
        >>> lstmviz.open_dump(path).first.text(0, 3)
        'la li li'
    """
    check_path(path, InputError)
    target, pid = _free_path(Path(path), overwrite), os.getpid()
    check_mapping("views", views)
    arrays = {"tokens": tokens, "lengths": lengths, "mask": mask, "tracks": tracks, "sequence_tracks": sequence_tracks}
    given = {"blocks": blocks, "states": states, **arrays}
    if axes is None:
        contents = [
            _read_axis(axis, _iter_blocks(blocks, {"states": states, **arrays}), vocab, join, blocks is not None)
        ]
    else:
        contents = _read_axes(axes, given, vocab, join)
    pairs = _read_attention(attention, contents)
    plan = DumpPlan(
        axes=tuple(content.plan for content in contents),
        sources=_with_views(tuple(source for content in contents for source in content.validator.sources), views),
        tracks=tuple(track for content in contents for track in content.validator.tracks),
        provenance={} if provenance is None else provenance,
        attention=tuple(one.plan for one in pairs),
    )
    if pid != os.getpid():  # making the blocks forked this process: its parent writes the dump
        return target
    _write(target, plan, contents, pairs)
    if n_empty := sum(content.validator.n_empty for content in contents):
        print(f"{n_empty} sequences have no steps and were left out", file=sys.stderr)
    return target


@dataclass(frozen=True, slots=True, eq=False)
class _Content:
    """What is written on one axis: its blocks, each checked as it is read, and their steps as far as they are known."""

    plan: AxisPlan
    validator: BlockValidator
    blocks: Iterable[CheckedBlock]
    n_steps: int | None
    lengths: tuple[int, ...]  # of the sequences of the first block


def _read_axis(
    axis: str, given: Iterator[DumpBlock], vocab: AnyVocab | None, join: str | None, is_many: bool
) -> _Content:
    """Return the content of an axis, of which the first blocks are read."""
    words = read_vocab(vocab)
    validator = BlockValidator(axis, words, is_many=is_many)
    first = [validator.check(block) for block in islice(given, 1)]
    if not first:
        raise InputError("blocks is empty; give at least one lstmviz.DumpBlock, or the arrays themselves")
    between, pieces = read_joining(join, vocab, words)
    plan = AxisPlan(axis, between, validator.has_tokens, validator.words, pieces)
    lengths = first[0].lengths
    rest = (validator.check(block) for block in given)
    n_steps = _look_ahead(first, rest) if is_many else first[0].n_steps
    return _Content(plan, validator, chain(_drain(first), rest), n_steps, lengths)


def _read_axes(
    axes: Mapping[str, DumpBlock | Iterable[DumpBlock]], others: Mapping[str, Any], vocab: Any, join: Any
) -> list[_Content]:
    """Return the content of each of several axes; InputError, which names the axis, where it does not fit."""
    check_mapping("axes", axes)
    extra = next((name for name, values in others.items() if values is not None), None)
    if extra is not None:
        remedy = "give each axis its own blocks" if extra == "blocks" else f"put {extra} into the block of an axis"
        raise InputError(f"both axes and {extra} were given; {remedy}: axes={{'source': lstmviz.DumpBlock(...), ...}}")
    if not axes:
        raise InputError("axes is empty; give at least one axis, such as axes={'source': lstmviz.DumpBlock(...)}")
    vocabs, joins, contents = _by_axis(vocab, axes), _by_axis(join, axes), []
    for name, given in axes.items():
        is_many = not isinstance(given, DumpBlock)
        with _of_axis(name):
            blocks = iter([given]) if isinstance(given, DumpBlock) else _iter_blocks(given, {})
            content = _read_axis(name, blocks, vocabs[name], joins[name], is_many)
        contents.append(replace(content, blocks=_blocks_of(name, content)))
    return contents


def _blocks_of(name: str, content: _Content) -> Iterator[CheckedBlock]:
    with _of_axis(name):
        yield from content.blocks


@contextmanager
def _of_axis(name: str) -> Iterator[None]:
    """Name the axis in what is raised inside."""
    try:
        yield
    except DumpError as err:
        raise type(err)(f"axis {name!r}: {err}") from err


def _by_axis(given: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return a value for each axis: those of a mapping by axis name, or one for all (a vocabulary may be a mapping)."""
    is_split = isinstance(given, Mapping) and any(name in given for name in names)
    is_split = is_split and not any(isinstance(value, int) for value in given.values())
    return {name: given.get(name) if is_split else given for name in names}


def _read_attention(given: Mapping[str, DumpAttention] | None, contents: list[_Content]) -> list[CheckedAttention]:
    check_mapping("attention", given)
    if not given:
        return []
    if any(content.validator.is_many or content.validator.n_empty for content in contents):
        raise InputError(
            "attention pairs whole sequences: give each axis as one lstmviz.DumpBlock, and leave out sequences without "
            "a step"
        )
    lengths = {content.plan.name: content.lengths for content in contents}
    return [check_attention(name, one, lengths) for name, one in given.items()]


def _drain(blocks: list[CheckedBlock]) -> Iterator[CheckedBlock]:
    """Yield the blocks of a list, which then no longer keeps them in memory."""
    while blocks:
        yield blocks.pop(0)


def _look_ahead(blocks: list[CheckedBlock], rest: Iterator[CheckedBlock]) -> int | None:
    """Read a few more blocks into the list; return the steps of all if those are the last ones."""
    n_bytes = 0
    while (n_bytes := n_bytes + blocks[-1].n_bytes) < LOOK_AHEAD_BYTES:
        block = next(rest, None)
        if block is None:
            return sum(block.n_steps for block in blocks)
        blocks.append(block)
    return None


def _iter_blocks(blocks: Iterable[DumpBlock] | None, arrays: Mapping[str, Any]) -> Iterator[DumpBlock]:
    """Return the blocks to write: those given, or the arrays as one block."""
    if blocks is None:
        check_mapping("states", arrays["states"])
        return iter([DumpBlock(**{**arrays, "states": arrays["states"] or {}})])
    extra = next((name for name, values in arrays.items() if values is not None), None)
    if extra is not None:
        raise InputError(f"both blocks and {extra} were given; put {extra} into each lstmviz.DumpBlock")
    if isinstance(blocks, DumpBlock) or not isinstance(blocks, Iterable):
        raise InputError(f"blocks is a {type(blocks).__name__}; give a list or an iterator of lstmviz.DumpBlock")
    return iter(blocks)


def _free_path(target: Path, overwrite: bool) -> Path:
    """Return a path where a dump may be written; DumpExists or DumpMissing where none may."""
    if target.is_dir():
        raise DumpExists(f"{target} is a folder; give the path of a file, such as {target / 'run.h5'}")
    if target.exists() and not overwrite:
        raise DumpExists(f"{target} is already there; pass overwrite=True or another path")
    if not target.parent.is_dir():
        raise DumpMissing(f"there is no folder {target.parent} to write {target.name} in; make it first")
    return target


def _with_views(sources: tuple[SourcePlan, ...], views: Mapping[str, View] | None) -> tuple[SourcePlan, ...]:
    by_name = {} if views is None else views
    names = [source.name for source in sources]
    unknown = next((name for name in by_name if name not in names), None)
    if unknown is not None:
        raise UnknownName(f"no source {unknown!r} to set the view of; there is {', '.join(names)}")
    return tuple(replace(source, view=by_name.get(source.name, "raw")) for source in sources)


def _write(target: Path, plan: DumpPlan, contents: list[_Content], pairs: list[CheckedAttention]) -> None:
    """Write a dump under a temporary name, and rename it into place."""
    n_steps, pid = {one.plan.name: one.n_steps for one in contents if one.n_steps is not None}, os.getpid()
    with beside(target) as temporary:
        with _disk_errors(target):
            writer = DumpWriter(temporary, plan, n_steps=n_steps)
        with writer:
            for content in contents:
                for block in content.blocks:
                    with _disk_errors(target):
                        writer.append(content.plan.name, block.lengths, block.arrays, block.continues)
            with _disk_errors(target):
                for attention in pairs:
                    for weights in attention.rows():
                        writer.append_attention(attention.plan.name, weights)
                validators = [content.validator for content in contents]
                labels = {name: known for one in validators for name, known in one.labels.items()}
                writer.close(labels=labels, vocabs={one.axis: one.words for one in validators if one.words is not None})
        if pid == os.getpid():
            with _disk_errors(target):
                temporary.replace(target)


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    """Turn an OSError of writing into a DumpError; an error of the caller's own iterator is not inside."""
    try:
        yield
    except OSError as err:
        reason = " ".join((err.strerror or str(err)).split())[:160]
        raise DumpError(f"{target} cannot be written ({reason}); free some space or give another path") from err
