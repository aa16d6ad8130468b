"""Whether an answer to a lesson's question is right; the page says the same, in assets/page/lib/lesson.mjs."""

from __future__ import annotations

import math
import re

_CLOSE = 1e-9
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)


def is_right(answer: str | float, within: float, given: str) -> bool:
    """Tell whether an answer was given.

    Args:
        answer: The right one: a number, or words whose case does not matter.
        within: How far a number may be off.
        given: What was chosen or typed; a number may have a comma, and a percent sign behind it.
    """
    text = given.strip()
    if isinstance(answer, str):
        return text.lower() == answer.strip().lower()
    text = re.sub(r"\s*%\Z", "", text.replace(",", ".", 1))
    return bool(_NUMBER.match(text)) and math.fabs(float(text) - answer) <= within + _CLOSE
