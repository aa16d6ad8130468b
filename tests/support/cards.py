"""A sample's card, its parts and its dumps: what the tests of the samples share."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np

import lstmviz
from lstmviz import samples
from lstmviz.system import paths as places
from lstmviz.training.model import TextModel, load
from lstmviz.types import Filter, Pattern, PatternUnit


class Card:
    """The README of a sample and the figures in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = (places.samples_dir() / name / "README.md").read_text(encoding="utf-8")

    def table(self, heading: str) -> list[list[str]]:
        """Rows of the table whose heading starts so, as cells."""
        lines = self.text[self.text.index(f"| {heading} |") :].split("\n\n")[0].splitlines()
        return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]

    def part(self, name: str) -> ModuleType:
        """A module of the sample."""
        return importlib.import_module(f"{samples.load(self.name).__name__}.{name}")

    def model(self, variant: str | None = None) -> TextModel:
        """A shipped model."""
        said = samples.sample(self.name)
        return load(said.weights(said.variant(variant)))

    def dump(self, folder: Path, variant: str | None = None) -> lstmviz.Dump:
        """The dump of a variant, recorded into a folder."""
        return lstmviz.open_dump(built(self.name, variant, folder / f"{self.name}-{variant}.h5"))


def built(name: str, variant: str | None, path: Path) -> Path:
    """Put the dump of a sample's variant at a path, its model beside it; it is recorded once for all tests."""
    kept = samples.build(name, variant)
    for suffix in (".h5", ".safetensors"):
        shutil.copyfile(kept.with_suffix(suffix), path.with_suffix(suffix))
    return path


def close(measured: float, printed: str) -> bool:
    """Say whether a figure agrees with a printed one to the last digit printed (and a hair, for other processors)."""
    digits = len(printed.partition(".")[2])
    return abs(measured - float(printed.replace(",", ""))) <= 0.5 * 10**-digits * 1.02


def shown_states(dump: lstmviz.Dump, source: str) -> np.ndarray:
    """States as they are drawn: cells through tanh."""
    states = dump.states(source)[:].astype(np.float64)
    return np.tanh(states) if source.endswith(".c") else states


def r_of_units(dump: lstmviz.Dump, source: str, truth: np.ndarray) -> np.ndarray:
    """Pearson's r of each unit of a source with the truth, over the steps where there is one."""
    has = np.isfinite(truth)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.corrcoef(np.column_stack([shown_states(dump, source)[has], truth[has]]), rowvar=False)[-1, :-1]


def labels(dump: lstmviz.Dump, track: str) -> np.ndarray:
    """A category track as strings, "" where there is no label."""
    found = dump.tracks[track]
    return np.array([*found.labels, ""], dtype=object)[found[:]]


def matched(
    dump: lstmviz.Dump, units: list[tuple[str, int, str, float]], filters: tuple[Filter, ...] = ()
) -> np.ndarray:
    """Mark the steps of the matches in which all of some units (source, unit, side, threshold) are on."""
    bases = tuple(sorted({(source, 0.3) for source, *_ in units}))
    pattern = Pattern(
        axis="text", units=tuple(PatternUnit(*unit) for unit in units), bases=bases, length=1, filters=filters
    )
    found = dump.match(pattern, limit=dump.n_steps)
    on = np.zeros(dump.n_steps, dtype=bool)
    for start, stop, n in zip(found["start"], found["stop"], found["n_shared"], strict=True):
        on[start:stop] |= n == len(units)
    return on


def precision_and_recall(on: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Of the steps that are on the share that is true, and of the true steps the share that is on."""
    hits = (on & truth).sum()
    return float(hits / on.sum()), float(hits / truth.sum())
