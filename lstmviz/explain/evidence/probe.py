"""How few units predict a track's value? Least squares with few units, beside what needs no knowledge of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.checks import check_whole
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.explain.evidence.codes import blocks
from lstmviz.explain.evidence.halves import in_test_half
from lstmviz.explain.evidence.labels import UNKNOWN, Mask, StepLabels, labels_of
from lstmviz.explain.evidence.least_squares import Products, greedy_path, weights
from lstmviz.explain.evidence.sources import asked_sources, axis_asked, values_in_view
from lstmviz.explain.evidence.swaps import Floats, Ints, swapped
from lstmviz.types import Filter

MOST_UNITS = 64

Labels = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Probe:
    """How well the first few units predict a track's value, on the half of the sequences that nothing was fitted on.

    Attributes:
        steps: One row for each number of units: n_units, source and unit (of the one that is added), accuracy, control
            (accuracy for labels that are drawn once for each token, which a probe can only learn by heart; NaN without
            tokens), swapped (accuracy for the labels of other sequences).
        token: Accuracy of the value most frequent with the step's token; NaN without tokens.
        majority: Accuracy of the most frequent value.

    Example:
        >>> found = dump.probe("depth", most=4)
        >>> round(found.token, 2), round(found.majority, 2)
        (0.75, 0.23)
    """

    steps: pd.DataFrame
    token: float
    majority: float


def probe(
    dump: DumpReader, track: str | Filter, sources: Sequence[str] | None = None, most: int = 8, seed: int = 0
) -> Probe:
    """Return how well few units predict a track's value, or whether a filter allows a step, by least squares.

    Raises UnknownName or PatternError where the track, the filter or a source does not fit the dump, or ``most`` is out
    of range.
    """
    most = check_whole("most", most)
    if not 1 <= most <= MOST_UNITS:
        raise PatternError(f"most={most} is out of range; use 1 to {MOST_UNITS} units")
    labels = labels_of(dump, track, axis_asked(dump, sources))
    is_test, names = in_test_half(labels.axis), asked_sources(dump, labels.axis, sources)
    if not (labels.known & is_test).any() or not (labels.known & ~is_test).any():
        raise PatternError(
            f"{track!r} has no value in one half of the sequences; a probe is fitted on one and judged on the other"
        )
    rng = np.random.default_rng(seed)
    units = _Units(dump, names, labels.axis.n_steps)
    fitted = _Fitted(units, labels.codes, len(labels.names), is_test, most)
    other = swapped(labels.codes, labels.axis.starts, labels.axis.stops, rng)
    accuracy = {"accuracy": fitted.accuracy(), "control": [np.nan], "token": [np.nan]}
    accuracy["swapped"] = _Fitted(units, other, len(labels.names), is_test, most).accuracy()
    if labels.axis.tokens is not None:
        ids = np.unique(labels.axis.tokens.ids[:], return_inverse=True)[1]
        control = _control(labels, ids, rng)
        accuracy["control"] = _Fitted(units, control, len(labels.names), is_test, most).accuracy()
        accuracy["token"] = [_accuracy_by(ids, labels, is_test)]
    steps = pd.DataFrame(
        [(n, *units.names[unit]) for n, unit in enumerate(fitted.path, 1)], columns=["n_units", "source", "unit"]
    )
    for name in ("accuracy", "control", "swapped"):
        steps[name] = [accuracy[name][min(n, len(accuracy[name]) - 1)] for n in range(len(steps))]
    return Probe(steps, accuracy["token"][0], _accuracy_by(np.zeros_like(labels.codes), labels, is_test))


class _Units:
    """The units of some sources side by side, read in blocks; what is not finite counts as 0."""

    def __init__(self, dump: DumpReader, sources: Sequence[str], n_steps: int) -> None:
        self._dump, self._sources, self.n_steps = dump, sources, n_steps
        self.names = [(name, unit) for name in sources for unit in range(dump.source(name).n_units)]

    def read(self, start: int, stop: int) -> Floats:
        """Return the values in their view at steps [start, stop), shape (n_steps, n_units)."""
        values = np.concatenate([values_in_view(self._dump, name, start, stop) for name in self._sources], axis=1)
        values[~np.isfinite(values)] = 0.0
        return values


class _Fitted:
    """Least squares from the first half of the sequences, for one way to label the steps."""

    def __init__(self, units: _Units, labels: Labels, n_labels: int, is_test: Mask, most: int) -> None:
        self._units, self._labels, self._n_labels, self._is_test = units, labels, n_labels, is_test
        self._products = Products(len(units.names), n_labels)
        for values, here in self._blocks(~is_test):
            self._products.add(values, np.eye(n_labels)[here])
        self.path = greedy_path(self._products, most)

    def accuracy(self) -> list[float]:
        """Return the share of right labels on the other half, with the first unit, the first two, and so on."""
        fitted = [weights(self._products, self.path[: n + 1]) for n in range(len(self.path))]
        n_right, n_steps = np.zeros(len(fitted)), 0
        for values, here in self._blocks(self._is_test):
            n_steps += len(here)
            for n, (weight, constant) in enumerate(fitted):
                predicted = (values[:, self.path[: n + 1]] @ weight + constant).argmax(axis=1)
                n_right[n] += (predicted == here).sum()
        return (n_right / n_steps).tolist() if n_steps else [np.nan] * len(fitted)

    def _blocks(self, steps: Mask) -> Iterator[tuple[Floats, Labels]]:
        """Yield (values, labels) at those of some steps whose label is known."""
        for start, stop in blocks(self._units.n_steps, max(len(self._units.names), self._n_labels)):
            here = steps[start:stop] & (self._labels[start:stop] != UNKNOWN)
            if here.any():
                yield self._units.read(start, stop)[here], self._labels[start:stop][here]


def _control(labels: StepLabels, ids: Ints, rng: np.random.Generator) -> Labels:
    """Return labels drawn once for each token, as often as the true ones are; known where these are (Hewitt, Liang)."""
    frequency = np.bincount(labels.codes[labels.known], minlength=len(labels.names))
    drawn = rng.choice(len(frequency), size=int(ids.max()) + 1, p=frequency / frequency.sum())
    return np.where(labels.known, drawn[ids], UNKNOWN).astype(np.int32)


def _accuracy_by(key: Ints, labels: StepLabels, is_test: Mask) -> float:
    """Return the accuracy, on the second half, of the label most frequent with each key in the first half.

    A key that the first half does not have gets the label most frequent in all.
    """
    n_labels = len(labels.names)
    fit, rest = labels.known & ~is_test, labels.known & is_test
    best = np.full(int(key.max()) + 1, np.bincount(labels.codes[fit]).argmax())
    pairs, n_times = np.unique(key[fit].astype(np.int64) * n_labels + labels.codes[fit], return_counts=True)
    order = np.lexsort((-pairs, n_times))  # the most frequent label comes last, and stays; of several the first
    best[pairs[order] // n_labels] = pairs[order] % n_labels
    return float((best[key[rest]] == labels.codes[rest]).mean())
