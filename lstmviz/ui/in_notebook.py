"""Whether this process is the kernel of a notebook, and what it shows of a unit's card. Nothing heavy is loaded."""

from __future__ import annotations

import sys
from typing import Any

from lstmviz.match.card.unit_card import UnitCard


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def show_cards() -> None:
    """Have a notebook show a unit's card as its figure; elsewhere nothing is done."""
    if not in_notebook():
        return
    shell = sys.modules["IPython"].get_ipython()
    shell.display_formatter.mimebundle_formatter.for_type(UnitCard, _card_bundle)


def _card_bundle(card: UnitCard, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Return what a notebook shows of a card: its figure, and its text where figures are not shown."""
    from lstmviz.figures.card import unit

    bundle: dict[str, Any] = unit(card)._repr_mimebundle_(include, exclude)
    return {"text/plain": repr(card), **bundle}
