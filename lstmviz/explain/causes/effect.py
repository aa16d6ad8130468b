"""What ablation changes: predictions and loss, at the matches, after them, elsewhere, and by the step's token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PLACES = ("here", "after", "elsewhere")
N_AFTER = 8  # steps after a match at which its effect may last
HIGH = 0.95  # quantile of the other sets that a token's effect is compared with
ROUNDING = 1e-6  # nats; a divergence in single precision is known no better


@dataclass(frozen=True, eq=False)
class Effect:
    """How the predictions change when the units of a pattern are ablated, and when other sets of equal size are.

    KL is the Kullback-Leibler divergence of the predictions with the units ablated from those without, in nats; the
    loss is that of the next token, in nats (NaN for a model that predicts no next token). Both are means over steps.

    Attributes:
        places: One row for each place: place (``"here"``: the matched steps; ``"after"``: up to 8 steps after a match;
            ``"elsewhere"``), n_steps, kl, loss (by how much it rises), kl_others (the median of the other sets),
            kl_others_most, p.
        tokens: One row for each token at the matched steps, the greatest effect first: token, n_steps, kl, loss,
            kl_others (the 95 % quantile of the other sets), p.
        others: One row for each other set: units (in words), kl_here, kl_after, kl_elsewhere, loss_here.
        kl: The divergence at every step of the axis, (n_steps,); NaN at a step that the model did not read.
        loss: By how much the loss rises at every step, (n_steps,); NaN where there is none.

    Example:
        >>> effect = dump.ablate(pattern, n_others=9)
        >>> effect.places["place"].tolist(), effect.p
        (['here', 'after', 'elsewhere'], 0.1)
    """

    places: pd.DataFrame
    tokens: pd.DataFrame
    others: pd.DataFrame
    kl: Floats
    loss: Floats

    @property
    def p(self) -> float:
        """The share of sets, this one among them, with as great an effect at the matched steps."""
        return float(self.places["p"].iloc[0])


class EffectSums:
    """Adds up the effects of several sets of units, the pattern's first, batch by batch."""

    def __init__(self, n_sets: int, place: NDArray[np.int8], token: NDArray[np.int64]) -> None:
        """``place`` is each step's index into PLACES, -1 where nothing is read; ``token`` its token from 0 on."""
        n_tokens = int(token.max(initial=0)) + 1
        self._place, self._token = place, token
        self.kl, self.loss = np.zeros(len(place)), np.zeros(len(place))
        self.kl[place < 0] = self.loss[place < 0] = np.nan
        self._has_loss = np.zeros(len(place), np.bool_)
        self._by_place = {name: np.zeros((n_sets, len(PLACES))) for name in ("kl", "loss")}
        self._by_token = {name: np.zeros((n_sets, n_tokens)) for name in ("kl", "loss")}

    def note_loss_steps(self, steps: NDArray[np.int64]) -> None:
        """Count steps at which there is a next token."""
        self._has_loss[steps] = True

    def add(self, which: int, steps: NDArray[np.int64], kl: Floats, loss: Floats) -> None:
        """Add one set: its effect at some steps of the axis; ``loss`` is 0 where there is none."""
        place, here = self._place[steps], self._place[steps] == 0
        for name, values in (("kl", kl), ("loss", loss)):
            self._by_place[name][which] += np.bincount(place, weights=values, minlength=len(PLACES))
            by_token = self._by_token[name][which]
            by_token += np.bincount(self._token[steps[here]], weights=values[here], minlength=len(by_token))
        if which == 0:
            self.kl[steps], self.loss[steps] = kl, loss

    def effect(self, vocab: list[str], others: list[str]) -> Effect:
        """Return the effect; ``vocab`` names the tokens, ``others`` the other sets."""
        is_read, here = self._place >= 0, self._place == 0
        n_tokens = self._by_token["kl"].shape[1]
        places = self._means(self._by_place, self._place, is_read, len(PLACES))
        tokens = self._means(self._by_token, self._token, here, n_tokens)
        n_token = np.bincount(self._token[here], minlength=n_tokens)
        sets = {f"kl_{place}": places["kl"][1:, k] for k, place in enumerate(PLACES)}
        self.loss[~self._has_loss] = np.nan
        return Effect(
            _places_frame(places, np.bincount(self._place[is_read], minlength=len(PLACES))),
            _tokens_frame(tokens, n_token, vocab),
            pd.DataFrame({"units": pd.Series(others, dtype="str"), **sets, "loss_here": places["loss"][1:, 0]}),
            self.kl,
            self.loss,
        )

    def _means(
        self, sums: dict[str, Floats], index: NDArray[Any], steps: NDArray[np.bool_], n: int
    ) -> dict[str, Floats]:
        """Return the mean KL and loss of each set, (n_sets, n), over the steps that have each index."""
        counts = np.bincount(index[steps], minlength=n), np.bincount(index[steps & self._has_loss], minlength=n)
        return {name: _ratio(sums[name], count) for name, count in zip(("kl", "loss"), counts, strict=True)}


def _places_frame(means: dict[str, Floats], n_steps: NDArray[np.int64]) -> pd.DataFrame:
    kl = means["kl"]
    none = np.full(kl.shape[1], np.nan)
    return pd.DataFrame(
        {
            "place": PLACES,
            "n_steps": n_steps,
            "kl": kl[0],
            "loss": means["loss"][0],
            "kl_others": np.median(kl[1:], axis=0) if len(kl) > 1 else none,
            "kl_others_most": kl[1:].max(axis=0) if len(kl) > 1 else none,
            "p": _p_values(kl),
        }
    )


def _tokens_frame(means: dict[str, Floats], n_steps: NDArray[np.int64], vocab: list[str]) -> pd.DataFrame:
    shown = np.flatnonzero(n_steps)
    shown = shown[np.argsort(-means["kl"][0, shown], kind="stable")]
    kl = means["kl"][:, shown]
    return pd.DataFrame(
        {
            "token": pd.Series([vocab[token] for token in shown.tolist()], dtype="str"),
            "n_steps": n_steps[shown],
            "kl": kl[0],
            "loss": means["loss"][0, shown],
            "kl_others": np.quantile(kl[1:], HIGH, axis=0) if len(kl) > 1 else np.nan,
            "p": _p_values(kl),
        }
    )


def places_of(matched: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return for each step whether it is matched (0), at most 8 steps after a match of its sequence (1), or not (2)."""
    steps = np.arange(len(matched))
    last = np.maximum.accumulate(np.where(matched, steps, -N_AFTER - 1))
    is_after = (steps - last <= N_AFTER) & (last >= np.repeat(starts, np.diff([*starts, len(matched)])))
    return np.where(matched, 0, np.where(is_after, 1, 2)).astype(np.int8)


def _ratio(sums: Floats, n: NDArray[np.int64]) -> Floats:
    means: Floats = np.divide(sums, n, out=np.full(sums.shape, np.nan), where=n > 0)
    return means


def _p_values(effects: Floats) -> Floats:
    """Return the share of the sets, the first among them, whose effect is at least that of the first, by column.

    Effects that differ by less than single precision can tell count as equal.
    """
    p: Floats = (effects >= effects[0] - ROUNDING).mean(axis=0)
    return np.where(np.isnan(effects[0]), np.nan, p)
