"""A key held over a gap: an LSTM that keeps one of eight keys as three bits."""

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
    about="a key, a gap, a question: memory over time",
    question="How long can it hold a key, and how is the key written?",
    variants=(Variant("1x32", "1 layer x 32 LSTM"),),
    recipe=_recipe,
)
