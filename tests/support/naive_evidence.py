"""Brute-force twins of the evidence, written from docs/explain.md; loops in plain Python on purpose."""

from __future__ import annotations

import itertools
import math

import numpy as np


def groups(lengths):
    """Sequences in groups of about ten of like length: sorted by length, earlier ones first, cut evenly."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], i))
    n_groups = max(1, round(len(lengths) / 10))
    size, larger = divmod(len(lengths), n_groups)
    cuts = [k * size + min(k, larger) for k in range(n_groups + 1)]
    return [sorted(order[a:b]) for a, b in itertools.pairwise(cuts)]


def to_and_fro(step, length):
    """The place of a step in a sequence that is read to its end, back to its beginning, and so on."""
    step %= 2 * length
    return step if step < length else 2 * length - 1 - step


def table(activity, labels, members):
    """T_ij of one group; ``activity`` and ``labels`` are lists of one list a sequence."""
    return [
        [sum(a * labels[j][to_and_fro(t, len(labels[j]))] for t, a in enumerate(activity[i])) for j in members]
        for i in members
    ]


def all_swaps(cells):
    """What each of all n! ways to swap a group adds up to, the one observed first."""
    n = len(cells)
    return [sum(cells[i][order[i]] for i in range(n)) for order in itertools.permutations(range(n))]


def z(tables):
    """How many standard deviations the traces lie above their mean over all swaps, by the mean and variance."""
    apart = variance = 0.0
    for cells in tables:
        n = len(cells)
        rows = [sum(row) / n for row in cells]
        columns = [sum(row[j] for row in cells) / n for j in range(n)]
        mean = sum(rows) / n
        apart += sum(cells[i][i] for i in range(n)) - n * mean
        if n > 1:
            squares = [(cells[i][j] - rows[i] - columns[j] + mean) ** 2 for i in range(n) for j in range(n)]
            variance += sum(squares) / (n - 1)
    return apart / math.sqrt(variance) if variance > 1e-12 else 0.0


def p_of_shifts(activity, labels):
    """The share of all circular shifts whose agreement is as far from 0, or further, as that of none."""
    n = len(activity)
    agreement = [abs(sum(activity[t] * labels[(t + k) % n] for t in range(n))) for k in range(n)]
    return sum(value >= agreement[0] - 1e-9 for value in agreement) / n


def centred(yes, known):
    """1 less the base rate at yes, less the base rate at no, 0 where unknown."""
    rate = sum(y and k for y, k in zip(yes, known, strict=True)) / max(1, sum(known))
    return [(bool(y) - rate) * bool(k) for y, k in zip(yes, known, strict=True)]


def cut(values, lengths):
    """A list of one list a sequence."""
    stops = np.cumsum(lengths).tolist()
    return [list(values[b - n : b]) for n, b in zip(lengths, stops, strict=True)]


def p_of_swaps(activity, labels, lengths):
    """The two-sided p value by the closed form, over all groups."""
    activity, labels = cut(activity, lengths), cut(labels, lengths)
    return math.erfc(abs(z([table(activity, labels, members) for members in groups(lengths)])) / math.sqrt(2))


def share_variance(on, yes, known, lengths, is_lift):
    """The share of yes among the known steps that are on, and its variance over sequences, or that of its lift."""
    on = [bool(a and k) for a, k in zip(on, known, strict=True)]
    yes = [bool(y and k) for y, k in zip(yes, known, strict=True)]
    n_on, n_known = sum(on), sum(known)
    share, rate = sum(a and y for a, y in zip(on, yes, strict=True)) / n_on, sum(yes) / n_known
    e = [
        (sum(x and y for x, y in zip(a, b, strict=True)) - share * sum(a)) / n_on
        - is_lift * (sum(b) - rate * sum(k)) / n_known
        for a, b, k in zip(cut(on, lengths), cut(yes, lengths), cut(known, lengths), strict=True)
    ]
    return share, len(lengths) / (len(lengths) - 1) * sum(x * x for x in e)


def auc(values, yes):
    """The chance that a value at yes is higher than one at no, half where equal; NaN values are left out."""
    above = [v for v, y in zip(values, yes, strict=True) if y and not math.isnan(v)]
    below = [v for v, y in zip(values, yes, strict=True) if not y and not math.isnan(v)]
    if not above or not below:
        return math.nan
    return sum((a > b) + (a == b) / 2 for a in above for b in below) / (len(above) * len(below))


def f1(yes, on):
    """2 precision recall / (precision + recall) of two masks; 0 where both are empty."""
    n = yes.sum() + on.sum()
    return 2.0 * (yes & on).sum() / n if n else 0.0
