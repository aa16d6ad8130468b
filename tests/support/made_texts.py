"""Made texts for tests of chance: activity and labels that have nothing, or a known amount, to do with each other."""

from __future__ import annotations

import math

import numpy as np

from lstmviz.dump.reader import Axis
from lstmviz.explain.evidence.labels import StepLabels


def axis_of(lengths):
    stops = np.cumsum(lengths)
    return Axis("text", 0, int(stops[-1]), " ", None, stops - lengths, stops, {}, {})


def labels_of(lengths, yes):
    return StepLabels(axis_of(lengths), ("no", "yes"), np.asarray(yes).astype(np.int32))


def around(rng, n_sequences, mean):
    """Lengths about a mean, with a quarter of it as their standard deviation."""
    return np.maximum(2, rng.normal(mean, mean / 4, n_sequences).round().astype(int))


def lognormal(rng, n_sequences):
    """Lengths from a few steps to hundreds."""
    return np.maximum(2, np.exp(rng.normal(3.5, 1.0, n_sequences)).round().astype(int))


def in_runs(rng, lengths, rate, run):
    """Steps that are on, in runs: at each step drawn anew with chance 1 / run, and then on with a rate of its own."""
    n_steps = int(np.sum(lengths))
    is_fresh = rng.random(n_steps) < 1 / run
    is_fresh[np.cumsum(lengths)[:-1]] = is_fresh[0] = True
    drawn = rng.random(n_steps) < rate
    return drawn[np.maximum.accumulate(np.where(is_fresh, np.arange(n_steps), 0))]


def own_rates(rng, lengths):
    """A rate for each sequence, at each of its steps."""
    return np.repeat(rng.beta(1, 3, len(lengths)), lengths)


def by_place(lengths):
    """A rate that falls from .7 at the beginning of a sequence to .1."""
    return np.concatenate([0.1 + 0.6 * np.exp(-np.arange(n) / 8) for n in lengths])


def unrelated(rng):
    """Yield (name, lengths, activity, labels) of seven kinds of text; activity and labels know nothing of the other."""
    lengths = around(rng, 250, 70)
    yield "runs of 5", lengths, in_runs(rng, lengths, 0.2, 5), in_runs(rng, lengths, 0.3, 20)
    yield "runs of 20", lengths, in_runs(rng, lengths, 0.2, 20), in_runs(rng, lengths, 0.3, 20)
    few = rng.choice(250, 20, replace=False)
    matched = np.repeat(np.isin(np.arange(250), few), lengths)
    yield "20 sequences with a match", lengths, in_runs(rng, lengths, 0.2, 5) & matched, in_runs(rng, lengths, 0.3, 20)
    matched = np.repeat(np.isin(np.arange(250), few[:6]), lengths)
    yield "6 sequences with a match", lengths, in_runs(rng, lengths, 0.2, 5) & matched, in_runs(rng, lengths, 0.3, 20)
    lengths = around(rng, 20, 875)
    rates = own_rates(rng, lengths), own_rates(rng, lengths)
    yield "each sequence with its own rate", lengths, *(in_runs(rng, lengths, rate, 20) for rate in rates)
    lengths = around(rng, 1_500, 13)
    yield "one label per sequence", lengths, in_runs(rng, lengths, 0.2, 5), np.repeat(rng.random(1_500) < 0.4, lengths)
    lengths = lognormal(rng, 200)
    rate = by_place(lengths)
    matches, labels = in_runs(rng, lengths, rate, 5), in_runs(rng, lengths, rate, 5)
    yield "matches and labels that depend on the place, lognormal lengths", lengths, matches, labels


RELATED = ("250 sequences of 70", "40 sequences of 200", "each sequence with its own rate", "one label per sequence")


def related(rng, kind):
    """Values that are higher by 1 at a yes, in one kind of text: lengths, values, yes, and the true figures.

    Each value is 1 at a yes, 0 at a no, and more or less by a normal number that its sequence has (.5) and one that
    keeps for about 5 steps (1). Truly on is a value of 1 or more.
    """
    if kind == "250 sequences of 70":
        lengths, rate = around(rng, 250, 70), 0.3
        yes = in_runs(rng, lengths, rate, 20)
    elif kind == "40 sequences of 200":
        lengths, rate = around(rng, 40, 200), 0.3
        yes = in_runs(rng, lengths, rate, 10)
    elif kind == "each sequence with its own rate":
        lengths, rate = around(rng, 60, 100), 1 / 3
        yes = in_runs(rng, lengths, np.repeat(rng.beta(2, 4, 60), lengths), 20)
    else:
        lengths, rate = around(rng, 200, 30), 0.4
        yes = np.repeat(rng.random(200) < rate, lengths)
    n_steps = int(lengths.sum())
    is_fresh = rng.random(n_steps) < 0.2
    is_fresh[np.cumsum(lengths)[:-1]] = is_fresh[0] = True
    last = np.maximum.accumulate(np.where(is_fresh, np.arange(n_steps), 0))
    values = yes + np.repeat(rng.normal(0, 0.5, len(lengths)), lengths) + rng.normal(size=n_steps)[last]
    hit, false_alarm = rate * 0.5, (1 - rate) * (1 - normal(1 / math.sqrt(1.25)))
    share = hit / (hit + false_alarm)
    return lengths, values, yes, {"share": share, "lift": share - rate, "auc": normal(1 / math.sqrt(2.5))}


def normal(z):
    """The share of a normal distribution below z standard deviations."""
    return (1 + math.erf(z / math.sqrt(2))) / 2
