"""The samples' dumps, with their models beside them."""

from __future__ import annotations

import pytest

from support.cards import Card


@pytest.fixture(scope="session")
def sample_dump(tmp_path_factory):
    """Returns the dump of a sample's variant, opened once."""
    opened = {}

    def get(name, variant):
        if (name, variant) not in opened:
            opened[name, variant] = Card(name).dump(tmp_path_factory.mktemp(name), variant)
        return opened[name, variant]

    return get
