"""``record``: check what is asked, and begin a recording."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import lstmviz
from lstmviz.dump.inputs import read_vocab
from lstmviz.dump.schema import STATE_DTYPES, AxisPlan, StateDtype, default_join
from lstmviz.errors import RecordingError
from lstmviz.recording.sink import Sink

if TYPE_CHECKING:
    from torch import nn

    from lstmviz.recording.modules import Recorded
    from lstmviz.recording.session import Recording


def record(
    model: nn.Module,
    path: str | os.PathLike[str],
    vocab: Sequence[str] | Mapping[str, int] | None = None,
    *,
    states: Sequence[str] = ("h", "c"),
    dtype: StateDtype = "float16",
    join: str | None = None,
    axis: str = "text",
    overwrite: bool = False,
) -> Recording:
    """Record the hidden and cell states of every layer of a model's ``nn.LSTM`` modules at every step, into a dump.

    Used around the caller's own loop::

        with lstmviz.record(model, "run.h5", vocab=words) as run:
            for ids, lengths in batches:
                with run.batch(tokens=ids, lengths=lengths):
                    model(ids)

    The model runs untouched and its outputs stay bit for bit the same; hooks are on it only inside ``run.batch``. h is
    exactly what the module computed, c is recomputed from it (see ``lstmviz.recording.lstm``) and checked.

    ``vocab`` lists the tokens by id, or maps a token to its id (None: ids are shown). ``states`` picks from h and c.
    ``dtype`` is what values are rounded to: float16, float32 or float64. ``join`` stands between two tokens in text
    (default: nothing if every token is at most one character, else a space). ``axis`` names the time axis. Sources are
    named ``<module path>.l<layer>.<h|c>``, each (n_steps, n_units).

    While it runs, batches are kept in ``PATH.parts/``; the dump appears at ``path`` when the ``with`` ends. With
    ``overwrite`` an old dump stays until the new one takes its place.

    Raises RecordingError for a model that cannot be recorded and InputError, which is one, for what was handed in
    (named, with what to do); DumpExists where ``path`` or an unfinished recording is in the way.
    """
    import torch

    from lstmviz.recording.modules import find_recorded
    from lstmviz.recording.session import Recording

    recorded = find_recorded(model)
    wanted = _states(states, recorded)
    if dtype not in STATE_DTYPES:
        raise RecordingError(f"dtype {dtype!r} is not one that states are kept in; use {', '.join(STATE_DTYPES)}")
    words = read_vocab(vocab)
    plan = AxisPlan(axis, default_join(words) if join is None else join, True, words)
    provenance = {
        "model": type(model).__name__,
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "torch": str(torch.__version__),
        "lstmviz": lstmviz.__version__,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "dtype": dtype,
        "complete": False,
    }
    return Recording(recorded, Sink(Path(path), overwrite=overwrite), plan, wanted, dtype, provenance)


def _states(given: Sequence[str], recorded: Sequence[Recorded]) -> tuple[str, ...]:
    wanted = (given,) if isinstance(given, str) else tuple(given)
    known = list(dict.fromkeys(s for r in recorded for s in r.kind.states))
    odd = [s for s in wanted if s not in known]
    if odd or not wanted:
        asked = repr(odd[0]) if odd else "nothing"
        raise RecordingError(f"states asks for {asked}; pick from {', '.join(map(repr, known))}")
    return wanted
