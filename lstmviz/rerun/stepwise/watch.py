"""What is held and what is kept while a model runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from lstmviz.rerun.stepwise.cells import Setter


@dataclass
class Watch:
    """What is held and kept while modules run step by step.

    ``held`` has a setter for each state that is held, by source. ``kept`` gets the states of the sources in ``keep`` at
    every step of the last call, (n_steps, n_rows, n_units) each, rows in the order of the caller's batch. ``keep`` has
    the units of each source, or None for all. ``is_alike`` says that each row equals the first one up to some step,
    later for rows further down: those steps are run once, with the same result.
    """

    held: Mapping[str, Setter]
    keep: Mapping[str, Tensor | None]
    is_alike: bool = False
    kept: dict[str, Tensor] = field(default_factory=dict)

    def put(self, source: str, values: Tensor) -> None:
        """Keep the states of a source, (n_steps, n_rows, n_units)."""
        units = self.keep[source]
        self.store(source, values if units is None else values[..., units])

    def store(self, source: str, values: Tensor) -> None:
        """Keep the states of the units of a source that are kept."""
        self.kept[source] = values

    def has_run(self, layer: str, n_steps: int) -> None:
        """Note that a layer ran over ``n_steps`` steps."""

    def letters(self, layer: str) -> dict[str, Setter]:
        """Return the setters of a layer by the letter of their state."""
        return {name.rpartition(".")[2]: s for name, s in self.held.items() if name.rpartition(".")[0] == layer}
