"""Nested parentheses: LSTMs that count depth, trained in seconds and measured against the exact truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lstmviz.samples.definition import Sample, Variant

if TYPE_CHECKING:
    from lstmviz.training.recipe import Recipe

CHECKPOINTS = (0, 5, 10, 20, 40, 80, 160)  # updates: the network learns to count within the first hundred


def _recipe(variant: str) -> Recipe:
    from .recipe import recipe

    return recipe(variant)


SAMPLE = Sample(
    folder=Path(__file__).parent,
    about="nested parentheses, up to four deep: does the network count?",
    question="Does it count how deep it is, or does it only look at the last bracket?",
    variants=(
        Variant("2x50", "2 layers x 50 LSTM"),
        Variant("1x50", "1 layer x 50 LSTM"),
        *(Variant(f"1x50-update-{n:03}", f"1x50 after {n} updates of 600", "1x50", n) for n in CHECKPOINTS),
    ),
    recipe=_recipe,
)
