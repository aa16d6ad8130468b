"""Compare what ran with what was given for a batch; where they differ, one line guesses the mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lstmviz.errors import LayoutError, RecordingError
from lstmviz.recording.batch.pass_inputs import CheckedPass
from lstmviz.recording.batch.valid_steps import ValidSteps, right_padded

_ONE_EACH = (
    "open one run.batch for each forward pass, or say what each runs over with passes=[lstmviz.Pass(tokens=...), ...]"
)

EMPTY_IN_PACK = (0, 1)  # a row without a step is packed as one of a step, for no packed row is empty


@dataclass(frozen=True, slots=True)
class CallShape:
    """What a module ran over in one pass, over all its calls, or what was logged under a name.

    ``lengths`` are the steps of each sequence, known where the input was packed.
    """

    n_sequences: int
    n_steps: int
    lengths: tuple[int, ...] | None = None
    n_calls: int = 1
    is_logged: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """(sequences, steps)."""
        return self.n_sequences, self.n_steps

    def __str__(self) -> str:
        """Write the shape as "1 sequence x 12 steps"."""
        sequences = f"{self.n_sequences} sequence{'s' * (self.n_sequences != 1)}"
        return f"{sequences} x {self.n_steps} step{'s' * (self.n_steps != 1)}"


def is_too_large(call: CallShape, given: CheckedPass) -> bool:
    """Tell, while a batch still runs, whether what ran can no longer fit."""
    too_many = given.n_padded is not None and call.n_steps > given.n_padded
    return too_many or given.n_sequences not in (None, call.n_sequences)


def check_fit(
    name: str, call: CallShape, given: CheckedPass, others: Mapping[str, CallShape], known: ValidSteps | None
) -> None:
    """Raise RecordingError unless what ran is as long as what was given, and as what ran before it on the same axis.

    ``others`` are the modules that ran in the same pass, ``known`` the valid steps where they are known from those.
    """
    if call.lengths is not None:
        _check_lengths(name, call, call.lengths, given, known)
        return
    other = next((n for n, shape in others.items() if shape.shape != call.shape and shape.lengths is None), None)
    if other is not None and given.n_padded is None and given.valid is None:
        raise RecordingError(_two_shapes(name, call, other, others[other]))
    valid = given.valid if known is None else known
    longest = None if valid is None else valid.end
    widths = {n for n in (given.n_padded, longest) if n is not None}
    n_sequences = given.n_sequences if known is None else known.n_sequences
    is_padded_further = given.n_padded is None and longest is not None and call.n_steps > longest
    if n_sequences not in (None, call.n_sequences) or not (not widths or call.n_steps in widths or is_padded_further):
        raise _misfit(name, call, given, "" if call.is_logged else _other_module(others))


def check_continues(name: str, n_calls: int, given: CheckedPass) -> None:
    """Raise RecordingError for a call without an initial state after ``n_calls``, where nothing says what it is."""
    if n_calls and given.n_padded is None and given.valid is None:
        raise RecordingError(
            f"{name} starts without a state in call {n_calls + 1} of one run.batch that was given no tokens; "
            f"{_ONE_EACH}; or give it zeros where an episode begins, and call run.starts(mask)"
        )


def check_once(name: str, before: CallShape, again: CallShape, given: CheckedPass) -> None:
    """Raise RecordingError for what runs again after it has run over all the steps of its last pass."""
    total = CallShape(again.n_sequences, before.n_steps + again.n_steps, None, before.n_calls + 1)
    if given.n_padded is not None and again.n_sequences == before.n_sequences:
        raise _misfit(name, total, given)
    raise RecordingError(f"{name} ran over {before} and then over {again} in one run.batch; {_ONE_EACH}")


def valid_steps_after(call: CallShape, given: CheckedPass) -> ValidSteps:
    """Return the valid steps of a pass, once something has run to its end."""
    if given.valid is not None:
        return given.valid
    if call.lengths is not None:
        return right_padded(call.lengths)
    return right_padded((call.n_steps if given.n_padded is None else given.n_padded,) * call.n_sequences)


def _check_lengths(
    name: str, call: CallShape, lengths: tuple[int, ...], given: CheckedPass, known: ValidSteps | None
) -> None:
    """Raise RecordingError unless a call over sequences of known lengths fits the valid steps that are known."""
    valid = given.valid if known is None else known
    if given.n_sequences not in (None, call.n_sequences) or (valid and valid.n_sequences != call.n_sequences):
        raise _misfit(name, call, given)
    if valid is None:
        if given.n_padded is not None and max(lengths) > given.n_padded:
            raise _misfit(name, call, given)
        return
    if valid.starts.any():
        raise RecordingError(
            f"{name} ran over a packed input, which begins at step 0 of each row, where there is padding; move the "
            "text there before it is packed, or give tokens and lengths= as they were packed"
        )
    odd = next((i for i, n in enumerate(valid.lengths) if n != lengths[i] and (n, lengths[i]) != EMPTY_IN_PACK), None)
    if odd is not None:
        verb = "was logged for" if call.is_logged else "ran over"
        origin, guess = "the batch says", "leave lengths out, or give those that ran"
        if given.valid is None:
            origin, guess = "others on its time axis over", "give lengths, or each its own axis with axes={...}"
        elif sorted(valid.lengths) == sorted(lengths):
            guess = "give tokens in the order in which they are packed"
        raise RecordingError(
            f"{name} {verb} {lengths[odd]} steps of sequence {odd}, and {origin} {valid.lengths[odd]}; {guess}"
        )


def _two_shapes(name: str, call: CallShape, other: str, there: CallShape) -> str:
    """Say that two modules, or a module and a log, ran over different shapes on one time axis."""
    if call.is_logged:
        return _log_misfit(name, call, f"{other} ran over {there}", there.shape)
    if there.is_logged:
        return _log_misfit(other, there, f"{name} ran over {call}", call.shape)
    return (
        f"{other} ran over {there} and {name} over {call}, both on one time axis; give each its own: "
        f"axes={{'a': {other!r}, 'b': {name!r}}}"
    )


def _misfit(name: str, call: CallShape, given: CheckedPass, addition: str = "") -> RecordingError:
    """Return the error for a module, or a log, that does not fit the batch."""
    if call.is_logged:
        return RecordingError(_log_misfit(name, call, given.shape_text(), (given.n_sequences, given.n_padded)))
    is_transposed = call.shape == (given.n_padded, given.n_sequences)
    return (LayoutError if is_transposed else RecordingError)(_module_misfit(name, call, given) + addition)


def _module_misfit(name: str, call: CallShape, given: CheckedPass) -> str:
    """Say how a module and the batch differ, and guess why."""
    calls = f" in {call.n_calls} calls" if call.n_calls > 1 else ""
    line = f"{name} ran over {call}{calls} and {given.shape_text()}"
    if call.shape == (given.n_padded, given.n_sequences):
        return f"{line}: did you pass (steps, batch)? give tokens=ids.T"
    if call.n_calls > 1 and given.n_padded is not None and call.n_steps > given.n_padded:
        return f"{line}: {_ONE_EACH}"
    if given.tokens is not None and given.tokens.kind == "characters":
        return f"{line}: a list of strings is read character by character; give lists of strings for words"
    if given.n_sequences is not None and call.n_sequences != given.n_sequences:
        first = min(call.n_sequences, given.n_sequences)
        return (
            f"{line}: sequence {first} is the first that only one of them has; give the ids that it was run on, or "
            "leave it out with layers="
        )
    n_given = given.n_padded if given.n_padded is not None else 0 if given.valid is None else given.valid.end
    lacking = "a state and no token" if call.n_steps > n_given else "a token and no state"
    return (
        f"{line}: step {min(call.n_steps, n_given)} of sequence 0 is the first with {lacking}; give the ids that the "
        "model was run on"
    )


def _log_misfit(name: str, call: CallShape, other: str, needed: tuple[int | None, int | None]) -> str:
    """Say how what was logged differs from something else of the ``needed`` shape, which ``other`` describes."""
    line = f"{name} was logged for {call} and {other}"
    if call.shape == needed[::-1]:
        return f"{line}: did you pass (steps, batch)? log values.transpose(0, 1)"
    return f"{line}: log one row for every step of every sequence, (batch, steps, n)"


def _other_module(others: Mapping[str, CallShape]) -> str:
    """Name a module that did fit: the two may belong on two axes."""
    other = next((name for name, shape in others.items() if not shape.is_logged), None)
    if other is None:
        return ""
    remedy = "modules that run over other steps need an axis of their own, axes={...}"
    return f" ({other} ran over {others[other]}: {remedy})"
