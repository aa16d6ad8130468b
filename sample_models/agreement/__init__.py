"""Subject and verb: LSTMs that hold a number past distracting nouns, one of them in a single unit."""

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
    about="sentences whose verb agrees with a subject far back",
    question="Who remembers singular or plural past the distractors, and does the model need that unit?",
    variants=(Variant("1x50", "1 layer x 50 LSTM"), Variant("1x100", "1 layer x 100 LSTM")),
    recipe=_recipe,
)
