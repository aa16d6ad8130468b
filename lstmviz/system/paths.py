"""The folders of files that are not code: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from lstmviz.errors import LstmvizError

_IN_WHEEL = {"assets": "_assets", "sample_models": "_samples", "docs": "_docs"}


def find(name: Literal["assets", "sample_models", "docs"], package: Path | None = None) -> Path:
    """Return the folder ``name``: ``lstmviz/_assets``, ``_samples`` or ``_docs`` in a wheel, else that of the checkout.

    The wheel's place is tried first: another package's ``assets`` may lie beside an installed package. ``package`` is
    the folder of the package, by default this one. Raises LstmvizError where neither is there.
    """
    package = package or Path(__file__).resolve().parents[1]
    places = (package / _IN_WHEEL[name], package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise LstmvizError(
        f"no folder {name!r} at {places[0]} or {places[1]}; install lstmviz again, or run it from a whole checkout"
    )


def assets_dir() -> Path:
    """Return the folder of the page's scripts, styles and fonts."""
    return find("assets")


def samples_dir() -> Path:
    """Return the folder that holds one folder a sample."""
    return find("sample_models")


def docs_dir() -> Path:
    """Return the folder of the pages of the documentation that the help leads to."""
    return find("docs")
