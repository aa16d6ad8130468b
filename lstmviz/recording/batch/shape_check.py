"""Does what ran fit what the user said of the batch? If not, one line that guesses the mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lstmviz.errors import LayoutError, RecordingError
from lstmviz.recording.batch.pass_inputs import PassRows
from lstmviz.recording.batch.valid_steps import Span, span_of

_ONE_EACH = (
    "open one run.batch for each forward pass, or say what each runs over with passes=[lstmviz.Pass(tokens=...), ...]"
)


@dataclass(frozen=True, slots=True)
class Ran:
    """Over what a module ran in one pass (or what was logged): its ``lengths`` are known where it was packed."""

    n_sequences: int
    n_steps: int
    lengths: tuple[int, ...] | None = None
    n_calls: int = 1
    is_logged: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """(sequences, steps)."""
        return self.n_sequences, self.n_steps


def is_too_far(ran: Ran, rows: PassRows) -> bool:
    """Tell, while a batch still runs, whether what ran cannot fit any more."""
    too_many = rows.n_padded is not None and ran.n_steps > rows.n_padded
    return too_many or rows.n_sequences not in (None, ran.n_sequences)


def check_fit(name: str, ran: Ran, rows: PassRows, others: Mapping[str, Ran], known: Span | None) -> None:
    """Raise RecordingError unless what ran is as long as what was given, and as what ran before it on the same axis.

    ``others`` are the modules that ran in the same pass, ``known`` the valid steps where they are known from those.
    """
    if ran.lengths is not None:
        _check_lengths(name, ran, rows, known)
        return
    span = rows.span if known is None else known
    longest = None if span is None else int(span.stops.max())
    widths = {n for n in (rows.n_padded, longest) if n is not None}
    n_sequences = rows.n_sequences if known is None else len(known.starts)
    fits_given = n_sequences in (None, ran.n_sequences) and (
        not widths or ran.n_steps in widths or (rows.n_padded is None and longest is not None and ran.n_steps > longest)
    )
    other = next((n for n, r in others.items() if r.shape != ran.shape and r.lengths is None), None)
    if other is not None and (rows.n_padded is None and rows.span is None):
        there = others[other]
        if ran.is_logged:
            raise RecordingError(_log_misfit(name, ran, f"{other} ran over {_over(there)}", there.shape))
        if there.is_logged:
            raise RecordingError(_log_misfit(other, there, f"{name} ran over {_over(ran)}", ran.shape))
        raise RecordingError(
            f"{other} ran over {_over(others[other])} and {name} over {_over(ran)}, both on one time axis; give each "
            f"its own: axes={{'a': {other!r}, 'b': {name!r}}}"
        )
    if not fits_given:
        raise _misfit(name, ran, rows, "" if ran.is_logged else _beside(others))


def check_goes_on(name: str, n_calls: int, rows: PassRows) -> None:
    """Raise RecordingError for a call that begins without a state, after ``n_calls``, where nothing says what it is."""
    if n_calls and rows.n_padded is None and rows.span is None:
        raise RecordingError(
            f"{name} begins anew, without a state, in call {n_calls + 1} of one run.batch that was given no tokens; "
            f"{_ONE_EACH}"
        )


def check_once(name: str, before: Ran, again: Ran, rows: PassRows) -> None:
    """Raise RecordingError for something that runs on after it had run over all the steps of its last pass."""
    calls = before.n_calls + 1
    total = Ran(again.n_sequences, before.n_steps + again.n_steps, None, calls)
    if rows.n_padded is not None and again.n_sequences == before.n_sequences:
        raise _misfit(name, total, rows)
    raise RecordingError(f"{name} ran over {_over(before)} and then over {_over(again)} in one run.batch; {_ONE_EACH}")


def span_after(ran: Ran, rows: PassRows) -> Span:
    """Return the valid steps of a pass, now that something ran."""
    if rows.span is not None:
        return rows.span
    if ran.lengths is not None:
        return span_of(ran.lengths)
    return span_of((ran.n_steps if rows.n_padded is None else rows.n_padded,) * ran.n_sequences)


def _check_lengths(name: str, ran: Ran, rows: PassRows, known: Span | None) -> None:
    """Raise RecordingError unless what ran over sequences of lengths of its own fits those that are known."""
    lengths = ran.lengths or ()
    span = rows.span if known is None else known
    if rows.n_sequences not in (None, ran.n_sequences) or (span and len(span.starts) != ran.n_sequences):
        raise _misfit(name, ran, rows)
    if span is not None:
        if span.starts.any():
            raise RecordingError(
                f"{name} ran over a packed input, which has no padding before it; give lengths, not mask"
            )
        odd = next((i for i, n in enumerate(span.lengths) if n != lengths[i]), None)
        if odd is not None:
            verb = "was logged for" if ran.is_logged else "ran over"
            said, guess = "the batch says", "leave lengths out, or give those that ran"
            if rows.span is None:
                said, guess = "others on its time axis over", "give lengths, or each its own axis with axes={...}"
            elif sorted(span.lengths) == sorted(lengths):
                guess = "give tokens in the order in which they are packed"
            raise RecordingError(
                f"{name} {verb} {lengths[odd]} steps of sequence {odd}, and {said} {span.lengths[odd]}; {guess}"
            )
    elif rows.n_padded is not None and max(lengths) > rows.n_padded:
        raise _misfit(name, ran, rows)


def _over(ran: Ran) -> str:
    return f"{ran.n_sequences} sequence{'s' * (ran.n_sequences != 1)} x {ran.n_steps} step{'s' * (ran.n_steps != 1)}"


def _misfit(name: str, ran: Ran, rows: PassRows, beside: str = "") -> RecordingError:
    """Return the error for a module, or a log, and a batch that disagree."""
    if ran.is_logged:
        return RecordingError(_log_misfit(name, ran, rows.shown(), (rows.n_sequences, rows.n_padded)))
    is_transposed = ran.shape == (rows.n_padded, rows.n_sequences)
    return (LayoutError if is_transposed else RecordingError)(_module_misfit(name, ran, rows) + beside)


def _module_misfit(name: str, ran: Ran, rows: PassRows) -> str:
    """Say how a module and the batch disagree, and guess why."""
    calls = f" in {ran.n_calls} calls" if ran.n_calls > 1 else ""
    said = f"{name} ran over {_over(ran)}{calls} and {rows.shown()}"
    given = (rows.n_sequences, rows.n_padded)
    if ran.shape == given[::-1]:
        return f"{said}: did you pass (steps, batch)? give tokens=ids.T"
    if ran.n_calls > 1 and rows.n_padded is not None and ran.n_steps > rows.n_padded:
        return f"{said}: {_ONE_EACH}"
    if rows.tokens is not None and rows.tokens.kind == "characters":
        return f"{said}: a list of strings is read character by character; give lists of strings for words"
    if rows.n_sequences is not None and ran.n_sequences != rows.n_sequences:
        first = min(ran.n_sequences, rows.n_sequences)
        return (
            f"{said}: sequence {first} is the first that only one of them has; give the ids that it was run on, or "
            "leave it out with layers="
        )
    n_given = rows.n_padded if rows.n_padded is not None else int(rows.span.stops.max()) if rows.span is not None else 0
    lacking = "a state and no token" if ran.n_steps > n_given else "a token and no state"
    return (
        f"{said}: step {min(ran.n_steps, n_given)} of sequence 0 is the first with {lacking}; give the ids that the "
        "model was run on"
    )


def _log_misfit(name: str, ran: Ran, beside: str, needed: tuple[int | None, int | None]) -> str:
    """Say how what was logged disagrees with what stands beside it."""
    said = f"{name} was logged for {_over(ran)} and {beside}"
    if ran.shape == needed[::-1]:
        return f"{said}: did you pass (steps, batch)? log values.transpose(0, 1)"
    return f"{said}: log one row for every step of every sequence, (batch, steps, n)"


def _beside(others: Mapping[str, Ran]) -> str:
    """Name a module that did fit: the two may belong on two axes."""
    other = next((n for n, ran in others.items() if not ran.is_logged), None)
    if other is None:
        return ""
    said = f"{other} ran over {_over(others[other])}"
    return f" ({said}: modules that run over other steps need an axis of their own, axes={{...}})"
