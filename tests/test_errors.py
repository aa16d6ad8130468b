"""What other programs and libraries say goes wrong, as our messages quote it."""

from __future__ import annotations

import pytest

from lstmviz.errors import reason_of, reason_with_class


@pytest.mark.parametrize(
    ("err", "reason", "with_class"),
    [
        (ValueError("no\n  such\tthing"), "no such thing", "ValueError: no such thing"),
        (RecursionError(), "RecursionError", "RecursionError"),
        (OSError(28, "No space left"), "[Errno 28] No space left", "OSError: [Errno 28] No space left"),
        (KeyError("a" * 300), f"'{'a' * 199}", f"KeyError: '{'a' * 199}"),
    ],
)
def test_an_error_of_another_library_is_quoted_on_one_short_line(err, reason, with_class):
    assert reason_of(err) == reason
    assert reason_with_class(err) == with_class
