"""Who carries it? Units of one text's run are put into another's, and the predictions go one way or the other.

This is an interchange intervention, or activation patching (Geiger et al. 2021; Zhang and Nanda 2024).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, PatternError, WindowError
from lstmviz.explain.causes.texts import check_predicts
from lstmviz.explain.causes.unit_sets import UnitSet, units_of
from lstmviz.rerun.interventions import model_units
from lstmviz.rerun.runner import ReadText, Runner
from lstmviz.rerun.stepwise.setters import HeldCells
from lstmviz.types import Pattern, Window

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Patched:
    """The predictions for a text, for its donor, and for the text with some of the donor's states put in.

    Attributes:
        steps: One row for each step of the text: token, donor_token (empty after the donor's end), is_patched,
            kl_from_text and kl_from_donor (the Kullback-Leibler divergence of the patched predictions from those of
            either text, in nats), loss, loss_donor and loss_patched (of the next token of the text, in nats; of the
            donor's own in loss_donor).
        outputs: What the predictions choose from: tokens or labels.
        text: Probability of each output at each step of the text, (n_steps, n_outputs).
        donor: The same for the donor.
        patched: The same for the text with the donor's states.

    Example:
        >>> patched = dump.patch("0(11", "0((2", {"rnn.l0.c": range(50), "rnn.l1.c": range(50)}, lstmviz.Window(2, 4))
        >>> patched.chance(["2"]).round(2).iloc[-1].tolist()
        [0.0, 0.61, 0.61]
    """

    steps: pd.DataFrame
    outputs: tuple[str, ...]
    text: Floats
    donor: Floats
    patched: Floats

    def chance(self, outputs: Iterable[str]) -> pd.DataFrame:
        """Return the probability of some outputs together, step by step.

        Args:
            outputs: Tokens, or labels.

        Returns:
            One row for each step: text, donor (NaN after its end), patched.

        Raises:
            PatternError: The model does not choose from one of the outputs.
        """
        names = [outputs] if isinstance(outputs, str) else list(outputs)
        for one in names:
            if one not in self.outputs:
                raise PatternError(f"the model does not choose from {one!r}; see outputs for what there is")
        columns = [self.outputs.index(one) for one in names]
        sums = {
            name: getattr(self, name)[:, columns].sum(axis=1, dtype=np.float64) for name in ("text", "donor", "patched")
        }
        donor = np.full(len(self.text), np.nan)
        n_both = min(len(donor), len(sums["donor"]))
        donor[:n_both] = sums["donor"][:n_both]
        return pd.DataFrame({**sums, "donor": donor})


class PatchLogits(NamedTuple):
    """Logits (n_rows, n_steps, n_outputs) of texts, of their donors, and of the texts with the donors' states."""

    text: Tensor
    donor: Tensor
    patched: Tensor


def patch(
    dump: DumpReader,
    runner: Runner,
    text: str,
    donor: str,
    units: Pattern | Mapping[str, Sequence[int]],
    window: Window,
) -> Patched:
    """Return how a text's predictions change when units take the donor's values in a window of steps.

    Raises UnknownName or PatternError for units, InputError for a text, WindowError for a window after either's end.
    """
    check_predicts(runner)
    text_read, donor_read = (_read_whole(runner, one) for one in (text, donor))
    chosen = units_of(dump, units) if isinstance(units, Pattern) else checked_units(dump, units)
    if window.stop > min(len(text_read.ids), len(donor_read.ids)):
        raise WindowError(
            f"the window [{window.start}, {window.stop}) ends after the text of {len(text_read.ids)} tokens, or the "
            f"donor of {len(donor_read.ids)}; give steps that both have"
        )
    with runner.alone():
        logits = patch_logits(
            dump, runner, torch.from_numpy(text_read.ids)[None], torch.from_numpy(donor_read.ids)[None], chosen, window
        )
    log_p = PatchLogits(
        logits.text[0].log_softmax(-1), logits.donor[0].log_softmax(-1), logits.patched[0].log_softmax(-1)
    )
    text_p, donor_p, patched_p = (one.exp().numpy() for one in log_p)
    steps = _steps(runner, text_read, donor_read, window, log_p)
    return Patched(steps, tuple(runner.outputs), text_p, donor_p, patched_p)


def patch_logits(
    dump: DumpReader, runner: Runner, ids: Tensor, donor_ids: Tensor, units: UnitSet, window: Window
) -> PatchLogits:
    """Return logits of texts (n_rows, n_steps) into which units of their donors (n_rows, any) are put, step by step."""
    lengths, donor_lengths = (torch.full((len(some),), some.shape[1]) for some in (ids, donor_ids))
    with runner.watching({}, list(units)) as watch:
        donor = runner.logits(donor_ids, donor_lengths)
    step, row = (cells.ravel() for cells in np.mgrid[window.start : window.stop, : len(ids)])
    held = {}
    for source, of in units.items():
        numbers = model_units(dump, source)[list(of)]
        values = watch.kept[source].numpy()[step, row][:, numbers]
        held[source] = HeldCells(
            np.repeat(step, len(of)), np.repeat(row, len(of)), np.tile(numbers, len(step)), values.ravel()
        )
    text = runner.logits(ids, lengths)
    with runner.watching(held):
        return PatchLogits(text, donor, runner.logits(ids, lengths))


def checked_units(dump: DumpReader, units: Mapping[str, Sequence[int]]) -> UnitSet:
    """Return units by source; UnknownName or PatternError where the dump lacks one, or there is none."""
    if not isinstance(units, Mapping) or not units:
        raise PatternError("units is empty; give a pattern, or units by source, such as {'rnn.l0.c': [23]}")
    chosen = {}
    for source, of in units.items():
        if not source.endswith((".h", ".c")):
            raise PatternError(f"{source} is a gate, which is computed anew at each step; give units of h or c")
        info = dump.source(source)
        chosen[source] = tuple(dict.fromkeys(info.check_unit(unit) for unit in of))
    return chosen


def _read_whole(runner: Runner, text: str) -> ReadText:
    read_text = runner.read(text)
    if not read_text.is_read.all():
        unread = read_text.tokens[int((~read_text.is_read).argmax())]
        raise InputError(f"the model has no entry for {unread!r} and would not read it; leave it out")
    return read_text


def _steps(
    runner: Runner, text_read: ReadText, donor_read: ReadText, window: Window, log_p: PatchLogits
) -> pd.DataFrame:
    n, n_both = len(text_read.ids), min(len(text_read.ids), len(donor_read.ids))
    from_donor = np.full(n, np.nan)
    from_donor[:n_both] = _divergence(log_p.donor[:n_both], log_p.patched[:n_both])
    steps = np.arange(n)
    loss_donor = np.full(n, np.nan)
    loss_donor[:n_both] = _losses(runner, log_p.donor, donor_read)[:n_both]
    return pd.DataFrame(
        {
            "token": pd.Series(text_read.tokens, dtype="str"),
            "donor_token": pd.Series([*donor_read.tokens[:n_both], *[""] * (n - n_both)], dtype="str"),
            "is_patched": (steps >= window.start) & (steps < window.stop),
            "kl_from_text": _divergence(log_p.text, log_p.patched),
            "kl_from_donor": from_donor,
            "loss": _losses(runner, log_p.text, text_read),
            "loss_donor": loss_donor,
            "loss_patched": _losses(runner, log_p.patched, text_read),
        }
    )


def _divergence(log_p: Tensor, other: Tensor) -> NDArray[np.float64]:
    """Return the divergence of ``other`` from ``log_p``, (n_steps,)."""
    return np.asarray((log_p.exp() * (log_p - other)).sum(-1).clamp(min=0.0).double().numpy())


def _losses(runner: Runner, log_p: Tensor, read_text: ReadText) -> NDArray[np.float64]:
    """Return the loss of the next token at each step; NaN at the last, and for a model that predicts none."""
    losses = np.full(len(read_text.ids), np.nan)
    if runner.predicts_next and len(losses) > 1:
        targets = torch.from_numpy(read_text.ids[1:])[:, None]
        losses[:-1] = -log_p[:-1].gather(1, targets)[:, 0].double().numpy()
    return losses
