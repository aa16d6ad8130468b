"""The definition of a sample: its variants, and how each is trained and recorded. No torch here."""

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
    """One model of a sample.

    Attributes:
        name: Name of the variant.
        words: What it is, in a few words.
        checkpoint_of: For a checkpoint, the name of the variant that was trained; else None.
        update: For a checkpoint, the number of updates so far.

    Example:
        >>> samples.sample("parens").variant("1x50-update-020").update
        20
    """

    name: str
    words: str
    checkpoint_of: str | None = None
    update: int = 0


@dataclass(frozen=True)
class Sample:
    """A sample: its folder, what it is about, and its variants, the first by default.

    Attributes:
        folder: Where its code and weights lie.
        about: What it is, in a line.
        question: A question for a class.
        variants: Its models.
        recipe: Gives the training of a variant by its name; it may load PyTorch.
        is_shipped: Whether the weights lie in the folder; else they are trained on the machine that uses them.
        depends_on: Says what else a dump depends on, besides code and weights.

    Example:
        >>> samples.sample("recall").about
        'a key, a gap, a question: memory over time'
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
        """Find a variant.

        Args:
            name: Name of the variant; None for the first.

        Returns:
            The variant.

        Raises:
            UnknownName: The sample has no such variant.
        """
        if name is None:
            return self.variants[0]
        for variant in self.variants:
            if variant.name == name:
                return variant
        known = ", ".join(v.name for v in self.variants)
        raise UnknownName(f"sample {self.name} has no variant {name!r}; it has {known}")

    def title(self, variant: Variant) -> str:
        """Name the files of a variant.

        Args:
            variant: The variant.

        Returns:
            The name, such as ``"parens-2x50"``.
        """
        return f"{self.name}-{variant.name}"

    def weights(self, variant: Variant) -> Path:
        """Say where the shipped weights of a variant lie.

        Args:
            variant: The variant.

        Returns:
            The path.
        """
        return self.folder / f"{self.title(variant)}.safetensors"

    def checkpoints(self, variant: Variant) -> tuple[Variant, ...]:
        """List the checkpoints of a variant's training.

        Args:
            variant: The variant.

        Returns:
            The checkpoints, in order.
        """
        return tuple(v for v in self.variants if v.checkpoint_of == variant.name)

    def build(
        self,
        variant: Variant,
        path: str | os.PathLike[str],
        weights: str | os.PathLike[str],
        progress: CountProgress | None = None,
        overwrite: bool = False,
    ) -> None:
        """Record a variant's weights over the sample's corpus.

        Args:
            variant: The variant.
            path: Where to write the dump.
            weights: The weights.
            progress: Called with the number of steps done and the number in all.
            overwrite: Whether to replace a file at ``path``.

        Raises:
            DumpExists: Something is at ``path``.
        """
        from lstmviz.training.record_model import record_model

        recipe = self.recipe(variant.checkpoint_of or variant.name)
        record_model(weights, recipe.corpus(), path, overwrite=overwrite, progress=progress)
