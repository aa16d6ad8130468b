"""A file or folder is replaced whole or stays as it was, and no temporary one remains."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lstmviz.system.atomic import beside, new_folder, replacing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def half_a_file(temporary, error):
    temporary.write_text("half")
    raise error


def half_a_folder(temporary):
    temporary.mkdir()
    half_a_file(temporary / "part", ValueError("stop"))


def test_a_file_is_replaced_when_the_block_ends(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        assert temporary.parent == tmp_path
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_block_that_raises_leaves_what_was_there_and_nothing_else(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(error), replacing(target) as temporary:
        half_a_file(temporary, error)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_is_put_in_place_whole_or_removed_whole(tmp_path):
    with pytest.raises(ValueError, match="stop"), replacing(tmp_path / "project") as temporary:
        half_a_folder(temporary)
    assert names(tmp_path) == []
    with replacing(tmp_path / "project") as temporary:
        temporary.mkdir()
        (temporary / "part").write_text("all")
    assert names(tmp_path) == ["project"]
    assert names(tmp_path / "project") == ["part"]


def test_a_target_that_cannot_be_replaced_raises_and_leaves_no_temporary_file(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"), replacing(tmp_path / "taken") as temporary:
        temporary.write_text("new")
    assert names(tmp_path) == ["taken"]


def test_with_sync_the_file_is_on_the_disk_before_it_is_renamed_and_the_folder_after(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append((os.fstat(handle).st_ino, names(tmp_path))))
    with replacing(tmp_path / "a", tmp_path / "a.tmp", sync=True) as temporary:
        temporary.write_text("new")
        inode = temporary.stat().st_ino
    assert synced == [(inode, ["a.tmp"]), (tmp_path.stat().st_ino, ["a"])]


def test_a_path_beside_is_removed_unless_the_block_renamed_it(tmp_path):
    target = tmp_path / "a"
    with beside(target) as temporary:
        temporary.write_text("half")
    assert names(tmp_path) == []
    with beside(target) as temporary:
        temporary.write_text("whole")
        temporary.replace(target)
    assert target.read_text() == "whole"


def test_two_threads_write_under_different_names(tmp_path):
    def path():
        with beside(tmp_path / "a") as temporary:
            both_are_open.wait()
            return temporary

    both_are_open = threading.Barrier(2, timeout=60)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(path), pool.submit(path)
        assert first.result() != second.result()


def test_a_new_folder_takes_the_place_of_anything_and_leaves_what_a_link_leads_to(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "precious").touch()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    (tmp_path / "full" / "part").mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "full", "pipe", "missing"):
        new_folder(tmp_path / name)
        assert names(tmp_path / name) == []
        assert not (tmp_path / name).is_symlink()
    assert names(tmp_path / "theirs") == ["precious"]
