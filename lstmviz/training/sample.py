"""What the folder of a sample says of itself: its variants, and how each is trained and recorded. No torch here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lstmviz.errors import UnknownName

if TYPE_CHECKING:
    from lstmviz.training.recipe import Recipe
    from lstmviz.types import CountProgress


@dataclass(frozen=True, slots=True)
class Variant:
    """One model of a sample: its name and, in a few words, what it is; for a checkpoint, of which one and when."""

    name: str
    words: str
    checkpoint_of: str | None = None
    update: int = 0


@dataclass(frozen=True)
class Sample:
    """A sample: its folder, a line about it, a question for a class, and its variants, the first by default.

    ``recipe`` gives the training of a variant by its name (it may load torch, this record does not).
    ``is_shipped``: the weights lie in the folder; else they are trained on the machine where they are used.
    ``depends_on`` says what else a dump depends on, besides code and weights.
    """

    folder: Path
    about: str
    question: str
    variants: tuple[Variant, ...]
    recipe: Callable[[str], Recipe]
    is_shipped: bool = True
    depends_on: Callable[[], str] = str

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name

    def variant(self, name: str | None = None) -> Variant:
        """Return a variant by its name, the first one for None; UnknownName with those there are."""
        if name is None:
            return self.variants[0]
        for variant in self.variants:
            if variant.name == name:
                return variant
        known = ", ".join(v.name for v in self.variants)
        raise UnknownName(f"sample {self.name} has no variant {name!r}; it has {known}")

    def title(self, variant: Variant) -> str:
        """Return the name of a variant's files, such as parens-2x50."""
        return f"{self.name}-{variant.name}"

    def weights(self, variant: Variant) -> Path:
        """Return where the shipped weights of a variant lie."""
        return self.folder / f"{self.title(variant)}.safetensors"

    def checkpoints(self, variant: Variant) -> tuple[Variant, ...]:
        """Return the checkpoints of a variant's training, in order."""
        return tuple(v for v in self.variants if v.checkpoint_of == variant.name)

    def build(
        self,
        variant: Variant,
        path: str | os.PathLike[str],
        weights: str | os.PathLike[str],
        progress: CountProgress | None = None,
        overwrite: bool = False,
    ) -> None:
        """Record a variant's weights over the sample's corpus; DumpExists if a dump is there, unless ``overwrite``."""
        from lstmviz.training.record_model import leave

        recipe = self.recipe(variant.checkpoint_of or variant.name)
        leave(weights, recipe.corpus(), path, overwrite=overwrite, progress=progress)
