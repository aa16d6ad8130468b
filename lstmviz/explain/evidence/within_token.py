"""How well a unit tells yes from no among steps with the same token.

A random network echoes what it has just read, so a unit may only reflect the token itself. Among steps with
the same token, the echo tells nothing.
"""

from __future__ import annotations

import numpy as np

from lstmviz.errors import PatternError
from lstmviz.explain.evidence.codes import UnitCodes
from lstmviz.explain.evidence.labels import Mask, StepLabels
from lstmviz.explain.evidence.swaps import Floats, Ints

COLUMN_VALUES = 2**23  # of whole columns looked at together


def auc_given_token(codes: UnitCodes, labels: StepLabels) -> Floats:
    """Return each unit's AUC within the tokens, weighted by the pairs of yes and no that each has (van Elteren 1960).

    NaN where no token has both. Raises PatternError where the axis has no tokens.
    """
    tokens = labels.axis.tokens
    if tokens is None:
        raise PatternError(f"axis {labels.axis.name!r} has no tokens; leave given_token out")
    step, stratum, yes = _strata(np.asarray(tokens.ids[:]), labels)
    n_units, at_once = codes.info.n_units, max(1, COLUMN_VALUES // labels.axis.n_steps)
    auc = np.full(n_units, np.nan)
    for first in range(0, n_units if len(step) else 0, at_once):
        columns = codes.columns(0, labels.axis.n_steps, slice(first, min(first + at_once, n_units)))
        for unit, column in enumerate(columns, first):
            auc[unit] = within(column[step], stratum, yes)
    return auc


def within(ranks: Ints, stratum: Ints, yes: Mask) -> float:
    """Return the AUC of ranks (0: none) within strata, weighted by their pairs of yes and no."""
    is_ranked = ranks > 0
    ranks, stratum, yes = ranks[is_ranked], stratum[is_ranked], yes[is_ranked]
    order = np.lexsort((ranks, stratum))
    ranks, stratum, yes = ranks[order], stratum[order], yes[order]
    if not len(ranks):
        return np.nan
    is_new_stratum = np.append(True, stratum[1:] != stratum[:-1])
    ties = np.flatnonzero(is_new_stratum | np.append(True, ranks[1:] != ranks[:-1]))
    n_yes, n_no = np.add.reduceat(yes.astype(np.int64), ties), np.add.reduceat((~yes).astype(np.int64), ties)
    below = np.cumsum(n_no) - n_no
    first_tie = np.maximum.accumulate(np.where(is_new_stratum[ties], np.arange(len(ties)), 0))
    wins = n_yes * (below - below[first_tie] + n_no / 2)
    strata = np.flatnonzero(is_new_stratum)
    pairs = np.add.reduceat(yes.astype(np.int64), strata) * np.add.reduceat((~yes).astype(np.int64), strata)
    return float(wins.sum() / pairs.sum()) if pairs.any() else np.nan


def _strata(ids: Ints, labels: StepLabels) -> tuple[Ints, Ints, Mask]:
    """Return the known steps whose token stands at a yes and at a no, each with its token, and whether it is a yes."""
    steps = np.flatnonzero(labels.known)
    _, token = np.unique(ids[steps], return_inverse=True)
    yes = labels.codes[steps] == 1
    n_yes, n_all = np.bincount(token, weights=yes), np.bincount(token)
    has_both = ((n_yes > 0) & (n_yes < n_all))[token]
    stratum = token[has_both]
    return steps[has_both], stratum.astype(np.uint16 if len(n_all) < 2**16 else np.int64), yes[has_both]
