"""Brute-force twins of select and match, written from the text of docs/matching.md; slow and plain on purpose."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NaiveSource:
    values: np.ndarray  # (n_steps, n_units)
    view: str  # "raw" or "tanh"

    def cut(self, threshold):
        if self.view == "raw":
            return threshold
        return math.copysign(math.inf, threshold) if abs(threshold) >= 1 else math.atanh(threshold)

    def value(self, step, unit):
        return float(self.values[step, unit])  # a Python float is a float64

    def is_on(self, step, unit, side, threshold):
        value, cut = self.value(step, unit), self.cut(threshold)
        return value >= cut if side == "high" else value <= cut

    def is_off(self, step, unit, side, threshold):
        return not math.isnan(self.value(step, unit)) and not self.is_on(step, unit, side, threshold)


def shared(sources, sequence, pattern, start, stop):
    """S: the pattern units on at every step of [start, stop), and off beside it; outside the sequence counts as off."""
    found = set()
    for unit in pattern.units:
        source, rest = sources[unit.source], (unit.unit, unit.side, unit.threshold)
        before = [t for t in range(start - pattern.off_before, start) if t >= sequence[0]]
        after = [t for t in range(stop, stop + pattern.off_after) if t < sequence[1]]
        if all(source.is_on(t, *rest) for t in range(start, stop)) and all(
            source.is_off(t, *rest) for t in before + after
        ):
            found.add(unit)
    return found


def n_union(sources, pattern, start, stop):
    """Pattern units, and the others of the same sources that are on (high, base threshold) at every step."""
    bases = dict(pattern.bases)
    total = len(pattern.units)
    for name in {u.source for u in pattern.units}:
        source, mine = sources[name], {u.unit for u in pattern.units if u.source == name}
        for unit in range(source.values.shape[1]):
            on = all(source.is_on(t, unit, "high", bases[name]) for t in range(start, stop))
            total += unit not in mine and on
    return total


def is_kept(pattern, allowed, start, stop):
    """Inside the length bounds, and every step allowed by the filters."""
    longest = stop - start if pattern.max_length is None else pattern.max_length
    return pattern.min_length <= stop - start <= longest and all(allowed[t] for t in range(start, stop))


def match(sources, sequences, pattern, allowed):
    """Every match in rank order: (start, stop, sequence, n_shared, n_union)."""
    rows = []
    for index, (first, last) in enumerate(sequences):
        for start in range(first, last):
            for stop in range(start + 1, last + 1):
                here = shared(sources, (first, last), pattern, start, stop)
                grown = [(start - 1, stop)] * (start > first) + [(start, stop + 1)] * (stop < last)
                is_grown = any(here <= shared(sources, (first, last), pattern, *g) for g in grown)
                if here and not is_grown and is_kept(pattern, allowed, start, stop):
                    rows.append((start, stop, index, len(here), n_union(sources, pattern, start, stop)))
    return sorted(rows, key=lambda r: (-r[3], r[4], abs(r[1] - r[0] - pattern.length), r[0], r[1]))


def select(source, sequence, start, stop, threshold, off_before, off_after, side="high"):
    """The units on through exactly [start, stop)."""
    own = threshold if side == "high" else -threshold
    chosen = []
    for unit in range(source.values.shape[1]):
        beside = [*range(max(start - off_before, sequence[0]), start), *range(stop, min(stop + off_after, sequence[1]))]
        if all(source.is_on(t, unit, side, own) for t in range(start, stop)) and all(
            source.is_off(t, unit, side, own) for t in beside
        ):
            chosen.append(unit)
    return chosen


def brushed(sources, sequences, brush):
    """(source, unit, side, own threshold) of a brush: picked part by part, less the excluded, with the pinned."""
    found = []
    if brush.start is not None:
        sequence = next(s for s in sequences if s[0] <= brush.start < s[1])
        for part in brush.parts:
            for side in ("high", "low"):
                if part.side not in (side, "both"):
                    continue
                own = part.threshold if side == "high" else -part.threshold
                asked = (brush.start, brush.stop, part.threshold, brush.off_before, brush.off_after, side)
                found += [(part.source, unit, side, own) for unit in select(sources[part.source], sequence, *asked)]
    for pin in brush.pinned:
        places = [i for i, unit in enumerate(found) if unit[:3] == (pin.source, pin.unit, pin.side)]
        whole = (pin.source, pin.unit, pin.side, pin.threshold)
        if places:
            found[places[0]] = whole
        else:
            found.append(whole)
    pinned = {(pin.source, pin.unit, pin.side) for pin in brush.pinned}
    gone = {(out.source, out.unit, out.side) for out in brush.excluded} - pinned
    return [unit for unit in found if unit[:3] not in gone]
