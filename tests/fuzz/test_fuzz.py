"""Files that were changed at random, of every kind that may come from elsewhere: `make fuzz` tries more of them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from fuzz.run import FAILED, Batch, Nursery, batches, shares
from support.budget import is_long

N_INPUTS = 50_000 if is_long() else 2_000


@pytest.fixture(scope="module", autouse=True)
def _no_process_is_left():
    yield
    Nursery.close()


@pytest.mark.parametrize("target", shares(N_INPUTS))
def test_changed_files_give_an_answer_or_a_line(target):
    n_tried, said = 0, []
    for batch in batches(N_INPUTS):
        if batch.target == target:
            said += [f"{target} {fault.seed} ({fault.name}): {fault.words}" for fault in batch.faults()]
            n_tried += batch.n_tried
    assert not said, "\n".join(said)
    assert n_tried == shares(N_INPUTS)[target]


def failed() -> dict[str, list[tuple[Path, str]]]:
    """Return the inputs that failed once, by target: their files and what they take the place of."""
    found = defaultdict(list)
    for path in sorted(FAILED.iterdir()):
        target, name, _ = path.name.split("--")
        found[target].append((path, name.replace("+", "/")))
    return found


@pytest.mark.parametrize("target", failed())
def test_what_failed_once_does_not_fail_again(target):
    batch = Batch(target, 0, 0, failed()[target])
    assert [fault.words for fault in batch.faults()] == []
    assert batch.n_tried == len(failed()[target])
