"""Where to start: the three units of a source that are most worth a look, and why."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.visible import visible_text

N_NAMED = 3
LEAST_GAIN = 0.2  # in F1 over always yes, of what is left to gain
LEAST_TOKEN = 2.0  # standard deviations
LEAST_LASTING = 2.0  # times the median half-life


def reasons(frame: pd.DataFrame, heat: NDArray[np.float32], columns: tuple[tuple[str, str], ...]) -> list[str]:
    """Return for each unit why it is worth a look, in words; "" for all but three.

    The three are the unit that detects a label best, the one whose value lasts longest, and the one that stands out
    most at a token; where one of these says nothing, the next best detectors.
    """
    why = [""] * len(frame)
    kinds = [
        _detectors(frame),
        _longest_lasting(frame),
        _of_a_token(heat, columns),
        _detectors(frame, 0.0),
        _most_varying(frame),
    ]
    n_named = 0
    for k, ranked in enumerate(kinds):
        most = 1 if k < N_NAMED else N_NAMED
        for unit, words in ranked:
            if n_named == N_NAMED or most == 0:
                break
            if not why[unit]:
                why[unit], n_named, most = words, n_named + 1, most - 1
    return why


def _detectors(frame: pd.DataFrame, least: float = LEAST_GAIN) -> Iterator[tuple[int, str]]:
    known = frame[frame["f1"].notna()]
    gain = (known["f1"] - known["f1_always"]) / (1 - known["f1_always"])
    for unit in gain[gain > least].sort_values(ascending=False, kind="stable").index.tolist():
        row = frame.loc[unit]
        of = visible_text(row["track"]) if row["track"] else "the token"
        label = f"{of} {visible_text(str(row['label']))}"
        yield unit, f"detects {label}: F1 {row['f1']:.2f}, always yes {row['f1_always']:.2f}"


def _longest_lasting(frame: pd.DataFrame) -> Iterator[tuple[int, str]]:
    known = frame["half_life"].dropna()
    least = LEAST_LASTING * float(known.median()) if len(known) else np.inf
    for unit in known[known > least].sort_values(ascending=False, kind="stable").index.tolist():
        life = frame.loc[unit, "half_life"]
        after = f"after {life:.0f} steps" if np.isfinite(life) else "as far as its sequences go"
        yield unit, f"holds its value long: half of it or more is left {after}"


def _of_a_token(heat: NDArray[np.float32], columns: tuple[tuple[str, str], ...]) -> Iterator[tuple[int, str]]:
    tokens = [k for k, (track, _) in enumerate(columns) if not track]
    if not tokens or not len(heat):
        return
    size = np.abs(np.nan_to_num(heat[:, tokens]))
    best = size.argmax(axis=1)
    strength = size[np.arange(len(size)), best]
    for unit in np.argsort(-strength, kind="stable").tolist():
        if strength[unit] < LEAST_TOKEN:
            return
        column = tokens[int(best[unit])]
        side = "high" if heat[unit, column] > 0 else "low"
        token = visible_text(columns[column][1])
        yield unit, f"goes {side} at the token {token}: {strength[unit]:.1f} standard deviations from its mean"


def _most_varying(frame: pd.DataFrame) -> Iterator[tuple[int, str]]:
    spread = frame["sd"].sort_values(ascending=False, kind="stable")
    for unit in spread[spread > 0].index.tolist():
        yield unit, f"moves most: standard deviation {spread[unit]:.2f}"
