"""What the user says about one pass over one axis, checked before the model runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import short_repr
from lstmviz.dump.joining import unknown_of
from lstmviz.dump.schema import AS_WRITTEN, check_track, first_duplicate
from lstmviz.dump.tokens import TokenGrid, check_no_gap, even_rows, read_tokens
from lstmviz.dump.validate import TrackRows, check_ids, check_mapping, read_mask, read_sequence_track, read_track
from lstmviz.dump.values import Values, as_array
from lstmviz.errors import InputError
from lstmviz.recording.batch.valid_steps import ValidSteps, read_valid_steps
from lstmviz.types import Concerns, Per, TrackInfo, TrackKind

INPUTS = "inputs"  # the group of tracks that a numeric input becomes, or the source that a wide one is
MANY_FEATURES = 64  # from more on, an input is one source and not a track for each number


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pass:
    """What one module runs over once, if it runs several times in a forward pass: the arguments of ``Recording.batch``.

    Give ``run.batch(passes=[...])`` one for each run, in order. A siamese network is an example.

    Attributes:
        tokens: Ids, (batch, steps); or lists of strings; or strings, each of whose characters is a token; or a list of
            ``tokenizers.Encoding``, whose attention mask and offsets are used. Rows may have different lengths.
            Strings that are not in the vocabulary are added to it, unless its unknown token (such as ``<unk>``) stands
            for them. None: the steps have no tokens.
        lengths: Number of valid steps of each sequence, (batch,); the steps after them are padding and are not
            recorded. None: all steps, or the lengths of a packed input.
        mask: True for text and False for padding, (batch, steps); for padding on either side.
        inputs: Numbers in place of tokens, (batch, steps, n_features).
        tracks: Names with (batch, steps) numbers, or with nested lists of strings for a category (None: no label).
        sequence_tracks: Names with one number or string for each sequence, (batch,). Every batch must have the same.
        where: True for the steps to keep, (batch, steps); a sequence ends where a step is left out.
        starts: True where an episode begins, (batch, steps), as for ``Recording.batch``; only where there is one pass.
        as_written: What stood in the text in the place of the tokens, (batch, steps) of strings, such as of the unknown
            one; None where the token itself stood there.

    Example:
        >>> import torch
        >>> rnn = torch.nn.GRU(2, 4, batch_first=True)
        >>> left, right = lstmviz.Pass(tokens=["abc"]), lstmviz.Pass(tokens=["de"])
        >>> with lstmviz.record(rnn, "pairs.h5") as run, run.batch(passes=[left, right]):
        ...     for n_steps in (3, 2):
        ...         output, _ = rnn(torch.zeros(1, n_steps, 2))
        >>> lstmviz.open_dump("pairs.h5").sequences["stop"].tolist()
        [3, 5]
    """

    tokens: Values | None = None
    lengths: Values | None = None
    mask: Values | None = None
    inputs: Values | None = None
    tracks: Mapping[str, Values] | None = None
    sequence_tracks: Mapping[str, Values] | None = None
    where: Values | None = None
    starts: Values | None = None
    as_written: Values | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given, so that everything follows from what runs."""
        return all(getattr(self, f.name) is None for f in fields(self))


@dataclass(frozen=True, slots=True, eq=False)
class PassTrack:
    """One track of a pass: a value for each valid step, or for each sequence, row after row."""

    name: str
    rows: TrackRows
    per: Per = "step"
    concerns: Concerns = "step"
    group: str = ""
    is_by_step: bool = False  # of a sequence's: given for each step, of which the first of each episode counts

    @property
    def type(self) -> str:
        """The type of its values, which no later batch may change."""
        values = self.rows.values
        return values.dtype.name if isinstance(values, np.ndarray) else "text"

    def info(self, axis: str) -> TrackInfo:
        """Return its declaration."""
        kind: TrackKind = "category" if self.rows.is_category else "number"
        return TrackInfo(self.name, axis, kind, (), self.per, self.concerns, self.group)


@dataclass(frozen=True, slots=True, eq=False)
class CheckedPass:
    """One pass as the user describes it, checked; what is not known before the model runs is None.

    ``tokens`` is the padded grid. A per-step track has one row for each valid step, or, where ``valid`` is None, for
    each step of the grid.
    """

    n_sequences: int | None = None
    n_padded: int | None = None
    valid: ValidSteps | None = None
    tokens: TokenGrid | None = None
    tracks: tuple[PassTrack, ...] = ()
    where: NDArray[np.bool_] | None = None
    wide_inputs: NDArray[Any] | None = None  # (batch, steps, n_features)
    starts: NDArray[np.bool_] | None = None  # (batch, steps)

    def shape_text(self) -> str:
        """Say what shape was given, and of what."""
        shape = f"({self.n_sequences}, {'?' if self.n_padded is None else self.n_padded})"
        return f"tokens are {shape}" if self.tokens else f"run.batch was given {shape}"


def check_pass(
    given: Pass, vocab: Sequence[str] | None, features: Sequence[str] | None = None, prefix: str = ""
) -> CheckedPass:
    """Check one pass; ``vocab`` is the axis' vocabulary, ``prefix`` stands before names we choose.

    Raises InputError, a RecordingError, naming the first place that does not fit; padding is not looked at.
    """
    check_mapping("tracks", given.tracks)
    check_mapping("sequence_tracks", given.sequence_tracks)
    n_vocab = None if vocab is None else len(vocab)
    tokens = None if given.tokens is None else read_tokens(given.tokens, n_vocab is not None)
    inputs, ragged = read_inputs(given.inputs)
    if tokens is not None and tokens.lengths is not None:
        ragged = tokens.lengths
    given_mask = given.mask if given.mask is not None or tokens is None else tokens.mask
    grids = {
        "tokens": None if tokens is None else tokens.values,
        "inputs": inputs,
        "mask": read_mask("mask", given_mask),
        "where": read_mask("where", given.where),
        "starts": read_mask("starts", given.starts),
    }
    shape = _common_shape(grids, given.tracks)
    if tokens is not None and grids["mask"] is not None and grids["mask"].shape == tokens.values.shape:
        _check_is_text(tokens.values, grids["mask"])
    if tokens is not None and vocab is not None and tokens.kind != "ids" and given.as_written is None:
        tokens, as_written = _as_read(tokens, vocab)
        given = replace(given, as_written=as_written)
    valid = read_valid_steps(given.lengths, grids["mask"], ragged, shape)
    mask = None if shape is None else np.ones(shape, np.bool_) if valid is None else valid.mask(shape[1])
    if tokens is not None and tokens.kind == "ids" and mask is not None:
        check_ids(tokens.values, n_vocab, mask)
    elif tokens is not None and mask is not None:
        check_no_gap(tokens.values, mask)
    tracks = list(_step_tracks(given, tokens, inputs, features, prefix, valid, mask))
    n_sequences = shape[0] if shape is not None else None if valid is None else valid.n_sequences
    tracks += _sequence_tracks(given.sequence_tracks, n_sequences, None if given.starts is None else mask)
    _check_names(tracks)
    if n_sequences is None and tracks:
        n_sequences = len(tracks[0].rows.values)
    n_padded = None if shape is None else shape[1]
    wide = inputs if inputs is not None and inputs.shape[2] > MANY_FEATURES else None
    return CheckedPass(n_sequences, n_padded, valid, tokens, tuple(tracks), grids["where"], wide, grids["starts"])


def _check_is_text(tokens: NDArray[Any], mask: NDArray[np.bool_]) -> None:
    """Raise InputError for a mask of padding: of several rows it keeps one token alone, and none is whole."""
    kept = set(tokens[mask].tolist())
    if len(kept) == 1 < len(mask) and not mask.all(1).any() and len(set(tokens[~mask].tolist()) - kept) > 1:
        raise InputError(
            f"mask keeps {short_repr(kept.pop())} alone and leaves out all other tokens; it is True for text and False "
            "for padding: give ~mask"
        )


def _as_read(tokens: TokenGrid, vocab: Sequence[str]) -> tuple[TokenGrid, NDArray[np.object_] | None]:
    """Return strings with the unknown token in the place of those that a vocabulary lacks, and these in a grid.

    Unchanged, and None, where the vocabulary has no unknown token.
    """
    unknown = unknown_of(vocab)
    if unknown is None:
        return tokens, None
    known = set(vocab)
    is_known = np.array([[word is None or word in known for word in row] for row in tokens.values.tolist()], np.bool_)
    values, as_written = tokens.values.copy(), np.full(is_known.shape, None, object)
    values[~is_known], as_written[~is_known] = vocab[unknown], values[~is_known]
    return replace(tokens, values=values), as_written


def read_inputs(given: Values | None) -> tuple[NDArray[Any] | None, tuple[int, ...] | None]:
    """Return numeric inputs as (batch, steps, n_features), and the lengths of ragged ones."""
    if given is None:
        return None, None
    values, lengths = even_rows("inputs", given)
    inputs = as_array("inputs", values, "(batch, steps, n_features)", "give numbers")
    if inputs.ndim != 3 or 0 in inputs.shape:
        guess = "x[None] for one sequence, or x[..., None] for one number a step"
        raise InputError(f"inputs have shape {inputs.shape}; give (batch, steps, n_features), such as {guess}")
    return inputs, lengths


def _common_shape(
    grids: Mapping[str, NDArray[Any] | None], tracks: Mapping[str, Values] | None
) -> tuple[int, int] | None:
    """Return the (batch, steps) of everything given for each step; None without such, InputError where they differ."""
    shapes = {name: grid.shape[:2] for name, grid in grids.items() if grid is not None}
    if not shapes:
        for name, values in (tracks or {}).items():
            array = as_array(f"track {name!r}", values, "numbers or strings", "give one value a step")
            if array.ndim != 2:
                raise InputError(f"track {name!r} has shape {array.shape}; give one value a step, (batch, steps)")
            return array.shape[0], array.shape[1]
        return None
    (first, shape), *others = shapes.items()
    for name, other in others:
        if other != shape:
            guess = "; did you pass (steps, batch)?" if other == shape[::-1] else ""
            raise InputError(
                f"{name} has (batch, steps) {other} and {first} {shape}; give both for the same steps{guess}"
            )
    return shape[0], shape[1]


def _step_tracks(
    given: Pass,
    tokens: TokenGrid | None,
    inputs: NDArray[Any] | None,
    features: Sequence[str] | None,
    prefix: str,
    valid: ValidSteps | None,
    mask: NDArray[np.bool_] | None,
) -> Iterator[PassTrack]:
    """Yield the tracks that come with the tokens, those of the numeric inputs, and those that were given."""
    if mask is None:
        return
    for name, values in (tokens.tracks if tokens is not None else {}).items():
        yield PassTrack(prefix + name, read_track(prefix + name, values, mask.shape, mask))
    if inputs is not None:
        names = feature_names(features, inputs.shape[2], prefix)
        for i, name in enumerate(names if len(names) <= MANY_FEATURES else ()):
            yield PassTrack(name, read_track(name, inputs[..., i], mask.shape, mask), group=INPUTS)
    for name, values in (given.tracks or {}).items():
        yield PassTrack(name, _step_rows(name, values, valid, mask))
    if given.as_written is not None:
        name = prefix + AS_WRITTEN
        rows = _step_rows(name, given.as_written, valid, mask)
        if tokens is None or not rows.is_category:
            needed = "tokens too" if tokens is None else "strings, and None where the token itself stood there"
            raise InputError(f"as_written is what stood in the text in place of tokens; give {needed}")
        yield PassTrack(name, rows, group=AS_WRITTEN)


def _step_rows(name: str, values: Values, valid: ValidSteps | None, mask: NDArray[np.bool_]) -> TrackRows:
    even, lengths = even_rows(f"track {name!r}", values)
    if lengths is not None:
        _check_ragged(name, lengths, valid, mask.shape)
    return read_track(name, even, mask.shape, mask)


def feature_names(features: Sequence[str] | None, n_features: int, prefix: str) -> tuple[str, ...]:
    """Return a name for each number of an input; InputError where ``features`` names others."""
    if features is None:
        return tuple(f"{prefix}input {i}" for i in range(n_features))
    if len(features) != n_features:
        raise InputError(f"inputs have {n_features} numbers a step and features names {len(features)}; name each")
    return tuple(features)


def _check_ragged(name: str, lengths: Sequence[int], valid: ValidSteps | None, shape: tuple[int, ...]) -> None:
    wanted = (shape[1],) * shape[0] if valid is None else valid.stops.tolist()
    if len(lengths) != len(wanted):
        raise InputError(
            f"track {name!r} has {len(lengths)} rows and {len(wanted)} sequences are needed; give one each"
        )
    odd = next((i for i, n in enumerate(lengths) if n != wanted[i]), None)
    if odd is not None:
        raise InputError(
            f"track {name!r} has {lengths[odd]} values for the {wanted[odd]} steps of sequence {odd}; give one value a "
            "step"
        )


def _sequence_tracks(
    given: Mapping[str, Values] | None, n_sequences: int | None, mask: NDArray[np.bool_] | None
) -> list[PassTrack]:
    """Read values of sequences; where rows hold episodes, ``mask`` has their valid steps, and each may have a value."""
    tracks = []
    for name, values in (given or {}).items():
        if n_sequences is None:
            n_sequences = len(as_array(f"track {name!r}", values, "(batch,)", "give one value a sequence").reshape(-1))
        is_by_step = (
            mask is not None
            and as_array(f"track {name!r}", values, "numbers or strings", "give one a sequence").ndim == 2
        )
        rows = (
            read_track(name, values, mask.shape, mask)
            if mask is not None and is_by_step
            else read_sequence_track(name, values, n_sequences)
        )
        tracks.append(PassTrack(name, rows, per="sequence", is_by_step=is_by_step))
    return tracks


def _check_names(tracks: Sequence[PassTrack]) -> None:
    for track in tracks:
        check_track(track.info("axis"))
    if (name := first_duplicate(track.name for track in tracks)) is not None:
        raise InputError(f"track {name!r} is there twice; give each its own name")
