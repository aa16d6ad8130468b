"""Artificial film reviews and their verdicts: one model reads forward, one in both directions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lstmviz.samples.definition import Sample, Variant

if TYPE_CHECKING:
    from lstmviz.training.recipe import Recipe


def _recipe(variant: str) -> Recipe:
    from .recipe import recipe

    return recipe(variant)


SAMPLE = Sample(
    folder=Path(__file__).parent,
    about="artificial film reviews, each with its verdict",
    question="Which direction knows the verdict first?",
    variants=(
        Variant("forward-1x50", "1 layer x 50 LSTM, reading forward"),
        Variant("bidirectional-1x32", "1 layer x 32 LSTM in each direction"),
    ),
    recipe=_recipe,
)
