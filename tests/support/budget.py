"""How much is tried: in every run a share, in the long form (``make test-all``) everything."""

from __future__ import annotations

from hypothesis import settings

SHARE = 10
FEWEST_EXAMPLES = 12


def is_long():
    """Say whether this is the long form."""
    return settings.get_current_profile_name() == "long"


def examples(n, share=SHARE):
    """Settings for a property that is worth n examples: a share of them, but 12 or more, unless it is worth less."""
    return settings(max_examples=n if is_long() else max(n // share, min(n, FEWEST_EXAMPLES)))


def some_of(cases, share=SHARE):
    """Every tenth of the cases and the last one."""
    cases = list(cases)
    return cases if is_long() else [*cases[:-1:share], cases[-1]]
