"""The standard library of the local Python, character by character: which unit knows that it is inside a string?"""

from __future__ import annotations

import sys
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
    about="the local Python's standard library, as characters",
    question="Is there a unit that knows it is inside a string?",
    variants=(Variant("1x128", "1 layer x 128 LSTM"),),
    recipe=_recipe,
    is_shipped=False,
    depends_on=lambda: sys.version,
)
