"""Tell probabilities that were given for logits by the range of a head's scores, over as many batches as it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lstmviz.errors import InputError

_SPREAD = 0.5  # of probabilities of separate labels, if one is near 0
_OFF_ZERO = 0.25  # the logits of a small untrained model are all above it once in a hundred, of others never
_OFF_ZERO_ALONE = 0.4  # of one logit, which an untrained model has near a number of its own
_ENOUGH = 16  # scores, which lie between 0 and 1 by chance in less than one of 50,000 cases
_ENOUGH_ALONE = 8  # of one logit a prediction, of which there are few; by chance in one of 4,000
_MOST = 2**16  # scores that are looked at


@dataclass(slots=True)
class ScoreRange:
    """The range of the scores of a head so far."""

    n: int = 0
    low: float = math.inf
    high: float = -math.inf
    has_fractions: bool = False

    def add(self, scores: Tensor) -> None:
        """Take the scores of one more batch, unless the range says enough."""
        if self.low < 0 or self.high > 1 or not scores.numel():
            return
        some = scores.reshape(-1)[:_MOST].float()
        some = some[~some.isnan()]
        if not len(some):
            return
        low, high = torch.aminmax(some)
        self.n, self.low, self.high = self.n + len(some), min(self.low, float(low)), max(self.high, float(high))
        self.has_fractions |= bool((some % 1 != 0).any())

    def are_shares(self, *, is_one: bool = False) -> bool:
        """Tell whether scores are too many to lie between 0 and 1 by chance, not all at the ends, and not close to 0.

        The logits of an untrained model lie close to 0, and its probabilities close to 0.5. ``is_one``: a head of one
        score.
        """
        enough, off_zero = (_ENOUGH_ALONE, _OFF_ZERO_ALONE) if is_one else (_ENOUGH, _OFF_ZERO)
        is_within = self.low >= 0 and self.high <= 1 and self.n >= enough and self.has_fractions
        return is_within and (self.high - self.low > _SPREAD or self.low >= off_zero)

    def require_logits(self, *, is_one: bool, is_softmax: bool) -> None:
        """Raise InputError for probabilities: taken for logits they give numbers that look right and are not."""
        if not self.are_shares(is_one=is_one):
            return
        if is_one:
            raise InputError(
                f"logits look like probabilities of yes (all {self.n} lie between 0 and 1); give what comes before the "
                "sigmoid, or keep them with kind='values'"
            )
        if is_softmax:
            raise InputError(
                "logits look like probabilities of separate labels (all lie between 0 and 1, and rows do not sum to "
                "1); keep them with kind='values', or give their logits and kind='sigmoids'"
            )
        raise InputError("outputs look like probabilities already; give logits, or keep them with kind='values'")
