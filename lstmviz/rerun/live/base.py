"""What every live model of a dump has in common: its module, watched and run alone, held against what was recorded."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor, nn

from lstmviz.dump.block import Block
from lstmviz.dump.moments import moment_of
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, ModelError
from lstmviz.rerun.live.model import LiveModel
from lstmviz.rerun.live.network import LiveNetwork
from lstmviz.rerun.live.user_code import called
from lstmviz.rerun.runner import Network
from lstmviz.rerun.stepwise.modules import sources_of
from lstmviz.rerun.text_runner import TextRunner, check_states

if TYPE_CHECKING:
    from lstmviz.rerun.stepwise.cells import Setter
    from lstmviz.rerun.stepwise.watch import Watch

Predicts = Literal["next", "step", "text", "nothing"]
CHECKED_STEPS = 500  # of the corpus's first sequence, unless the model reads from the end too
_OF_A_MODULE = re.compile(r".+\.l\d+(\.reverse)?\.[a-z]")
RECORDED = "give the model that was recorded, or record again"
OF_A_MOMENT = "keep the weights of each moment with lstmviz.Snapshots(weights=True)"


class LiveBase(TextRunner):
    """A live model as the model of a dump. ``predicts`` tells what its logits are of.

    Raises ModelError if it is not the one recorded.
    """

    predicts: Predicts
    level: str  # how a text is cut, as ``Reader`` has it
    has_examples = False  # whether tokens of ``vocab`` are worth showing

    def __init__(self, live: LiveModel, dump: DumpReader) -> None:
        super().__init__(dump, fitting_sources(live.model, dump))
        self.live, self.network = live, LiveNetwork(live)
        self.name = type(live.model).__name__
        self._why_not_held: str | None = None

    @property
    def module(self) -> nn.Module:
        """The user's module."""
        return self.network.model

    def alone(self) -> AbstractContextManager[None]:
        """Keep other threads off the module, in evaluation mode and without gradients, while the block lasts."""
        return self.network.alone()

    @contextmanager
    def watching(
        self,
        held: Mapping[str, Setter],
        keep: Collection[str] | Mapping[str, Tensor | None] = (),
        is_alike: bool = False,
    ) -> Iterator[Watch]:
        """Hold states by source, and keep others; ModelError where the model does not run step by step."""
        if self._why_not_held is not None:
            raise ModelError(self._why_not_held)
        with self.network.watching(held, keep, is_alike) as watch:
            yield watch

    def logits(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits (n_rows, n_steps, n_outputs) of ids (n_rows, n_steps), inside ``alone``, on the CPU."""
        return self.network.logits(ids, lengths)

    def fresh(self, seed: int) -> Network:
        """Return a new network of the same shape, as the user's own function makes it."""
        if self.live.untrained is None:
            raise ModelError(
                "how to make an untrained model of the same shape is not known; give LiveModel(untrained=...), a "
                "function that returns one"
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = called("untrained", ModelError, self.live.untrained, remedy="fix untrained=")
        if not isinstance(model, nn.Module) or sources_of(model) != sources_of(self.module):
            raise ModelError(f"untrained returned no {self.name} of the same shape; return a new one")
        network = LiveNetwork(self.live, model)
        network.takes_batches = self.network.takes_batches
        return network

    def check_recorded(self, dump: DumpReader, block: Block) -> None:
        """Raise ModelError where states of the first steps are not those that were recorded."""
        remedy = RECORDED if moment_of(dump.provenance) is None else OF_A_MOMENT
        check_states(dump, block, f"this {self.name}", remedy)

    def n_checked(self, dump: DumpReader) -> int:
        """Return how many steps of the corpus's first sequence are held against the recorded ones."""
        end = int(dump.first.stops[0])
        return end if any(".reverse." in name for name in self._source_names) else min(end, CHECKED_STEPS)

    def try_holding(self, dump: DumpReader, row: Tensor) -> None:
        """See whether the model's states can be watched step by step, and so held: they are then those of the dump."""
        try:
            with self.alone(), self.network.watching({}, self._source_names) as watch:
                self.network.logits(row, torch.tensor([row.shape[1]]))
            for name, values in watch.kept.items():
                units = dump.source(name).units
                ours = values[:, 0].numpy()[:, slice(None) if units is None else list(units)]
                theirs = dump.states(name)[: row.shape[1]].astype(np.float32)
                if ours.shape != theirs.shape or not np.allclose(ours, theirs, atol=0.02, rtol=0.02, equal_nan=True):
                    raise ModelError(f"its {name} is not computed step by step as a module of torch does")
        except (ModelError, InputError) as err:
            self._why_not_held = f"units of this {self.name} cannot be held: {err}"


def fitting_sources(model: nn.Module, dump: DumpReader) -> list[str]:
    """Return the sources of a dump that a model gives; ModelError where a layer is missing, or has other units.

    A source that the user logged beside the modules is left out.
    """
    if len(dump.axes) != 1:
        raise ModelError(
            f"{dump.path.name} has several texts at once ({', '.join(dump.axes)}), and a model is run on one typed "
            "text; record what it is to read and write with lstmviz.record, and open that beside it"
        )
    sizes = sources_of(model)
    there = ", ".join(f"{name} of {n}" for name, n in sizes.items() if name.endswith((".h", ".c"))) or "no such module"
    fitting = []
    for name, source in dump.sources.items():
        size = sizes.get(name)
        least = source.n_units if source.units is None else max(source.units) + 1
        if size is None and _OF_A_MODULE.fullmatch(name) is None:
            continue
        if size is None or size < least or (source.units is None and size != least):
            raise ModelError(
                f"this {type(model).__name__} does not give {name} of {source.n_units} units, which {dump.path.name} "
                f"holds, but {there}; {RECORDED}"
            )
        fitting.append(name)
    if not fitting:
        asked = ", ".join(dump.sources)
        raise ModelError(f"this {type(model).__name__} gives none of {asked}, but {there}; {RECORDED}")
    return fitting
