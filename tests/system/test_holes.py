"""Holes of a sparse file are not read, and count as what they read as: zeros."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmviz.system import holes
from lstmviz.system.holes import blocks_with_values, stored_bytes
from support.budget import examples

TERABYTE = 10**12


@pytest.fixture
def sparse(tmp_path):
    """A file of a terabyte of which three bytes were written."""
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        for at in (0, 5_000_000, TERABYTE // 2):
            file.seek(at)
            file.write(b"x")
        file.truncate(TERABYTE)
    if stored_bytes(path, enough=2**30) >= 2**30:
        pytest.skip("this file system does not tell holes")
    return path


def test_of_a_terabyte_of_holes_three_blocks_are_read(sparse):
    with sparse.open("rb") as file:
        blocks = list(blocks_with_values(file))
    assert [(at, block.count(b"x")) for at, block in blocks] == [
        (0, 1),
        (5_000_000 // holes.BLOCK_BYTES * holes.BLOCK_BYTES, 1),
        (TERABYTE // 2 // holes.BLOCK_BYTES * holes.BLOCK_BYTES, 1),
    ]
    assert all(len(block) == holes.BLOCK_BYTES for _, block in blocks)


def test_no_more_is_counted_than_is_enough(sparse):
    n_stored = stored_bytes(sparse)
    assert 3 <= n_stored < 2**20
    assert 1 <= stored_bytes(sparse, enough=1) < n_stored


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=12), st.integers(0, 5))
@examples(40)
def test_holes_and_zeros_that_are_stored_are_passed_over_alike(tmp_path_factory, stretches, more):
    path, block = tmp_path_factory.mktemp("holes") / "file", 4_096
    contents = b"".join(bytes([value]) * block for value, _ in stretches) + b"\0" * more
    with path.open("wb") as file:
        for i, (value, is_written) in enumerate(stretches):
            if value or is_written:
                file.seek(i * block)
                file.write(bytes([value]) * block)
        file.truncate(len(contents))
    slow = [(at, contents[at : at + block]) for at in range(0, len(contents), block)]
    patch = pytest.MonkeyPatch()
    patch.setattr(holes, "BLOCK_BYTES", block)
    try:
        with path.open("rb") as file:
            assert list(blocks_with_values(file)) == [(at, part) for at, part in slow if any(part)]
    finally:
        patch.undo()


def test_where_the_system_tells_no_holes_all_of_a_file_is_read(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"x" + bytes(3 * 2**20))
    for patch in (("sys.platform", "darwin"), ("os.lseek", _refuse)):
        with monkeypatch.context() as context:
            context.setattr(*patch)
            assert stored_bytes(path) == path.stat().st_size
            with path.open("rb") as file:
                assert [at for at, _ in blocks_with_values(file)] == [0]


def _refuse(*_):
    raise OSError(errno.EINVAL, "Invalid argument")
