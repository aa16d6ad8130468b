"""What several tests of the server share."""

from __future__ import annotations

import pytest

from lstmviz.ui.serve import make_app


@pytest.fixture(scope="module")
def dump(parens):
    """The dump that is served, where a file of tests does not write one of its own."""
    return parens


@pytest.fixture(scope="module")
def client(dump):
    """A client of a server of one dump."""
    return make_app([dump]).server.test_client()
