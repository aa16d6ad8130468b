"""What lstmviz keeps beside a dump or in the cache is never written or read through a link."""

from __future__ import annotations

import os

import pytest

from lstmviz.system.own_files import lock_file, new_file, open_own, own_folder, read_text


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / "victim.txt"
    path.write_text("precious")
    return path


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_new_file_takes_the_place_of_a_link_and_leaves_what_it_leads_to(tmp_path, victim, make):
    make(victim, tmp_path / "a")
    with new_file(tmp_path / "a") as file:
        file.write(b"new")
    assert (tmp_path / "a").read_text() == "new"
    assert victim.read_text() == "precious"


def test_a_link_that_leads_nowhere_makes_no_file_there(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "nowhere")
    new_file(tmp_path / "a").close()
    assert not (tmp_path / "nowhere").exists()


def test_a_link_and_a_pipe_are_not_read(tmp_path, victim):
    (tmp_path / "a").symlink_to(victim)
    os.mkfifo(tmp_path / "pipe")
    for name in ("a", "pipe", "missing"):
        with pytest.raises(OSError, match=name):
            open_own(tmp_path / name)
    assert read_text(victim) == "precious"


def test_a_text_that_is_too_large_is_not_read(victim):
    os.truncate(victim, 2**40)
    with pytest.raises(OSError, match="too large"):
        read_text(victim)


def test_a_lock_is_never_a_link(tmp_path, victim):
    (tmp_path / ".lock").symlink_to(victim)
    with lock_file(tmp_path / ".lock"):
        assert not (tmp_path / ".lock").is_symlink()
    assert victim.read_text() == "precious"


def test_a_folder_that_is_a_link_or_a_strangers_is_not_ours(tmp_path, monkeypatch):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    assert own_folder(tmp_path / "made").is_dir()
    with pytest.raises(OSError, match="a link or no folder"):
        own_folder(tmp_path / "link")
    owner = (tmp_path / "theirs").stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    if owner:  # the superuser's are everybody's
        with pytest.raises(OSError, match="another user"):
            own_folder(tmp_path / "theirs")
    else:
        os.chown(tmp_path / "theirs", 12_345, -1)
        with pytest.raises(OSError, match="another user"):
            own_folder(tmp_path / "theirs")
        (tmp_path / "dump").touch()
        os.chown(tmp_path / "dump", 12_345, -1)
        assert own_folder(tmp_path / "theirs", like=tmp_path / "dump").is_dir()
