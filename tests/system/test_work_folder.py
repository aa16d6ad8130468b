"""A folder that a process works in is left alone while that process is there, and removed once it is gone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lstmviz.system.cache import cache_folder
from lstmviz.system.work_folder import PREFIX, WorkFolder

OWNER = """
from lstmviz.system.work_folder import WorkFolder
work = WorkFolder("work")
(work.path / "inside").mkdir()
print(work.path.name, flush=True)
input()
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return cache_folder("work")


def folders(home):
    return sorted(each.name for each in home.iterdir() if each.is_dir())


def test_a_folder_is_there_until_it_is_closed(home):
    first, second = WorkFolder("work"), WorkFolder("work")
    (first.path / "a").write_text("a")
    assert folders(home) == sorted([first.path.name, second.path.name])
    first.close()
    assert folders(home) == [second.path.name]
    second.close()
    assert not list(home.iterdir())


def test_what_a_killed_process_left_is_removed_and_a_running_one_is_left_alone(home):
    with subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        theirs = owner.stdout.readline().decode().strip()
        mine = WorkFolder("work")
        assert folders(home) == sorted([mine.path.name, theirs])
        owner.kill()
    mine.close()
    assert folders(home) == [theirs]
    mine = WorkFolder("work")
    assert folders(home) == [mine.path.name]
    mine.close()
    assert not list(home.iterdir())


def test_what_a_link_of_that_name_leads_to_stays(home, tmp_path):
    (tmp_path / "theirs").mkdir()
    (home / f"{PREFIX}a").symlink_to(tmp_path / "theirs")
    WorkFolder("work").close()
    assert (tmp_path / "theirs").is_dir()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_that_ends_leaves_it(home):
    work = WorkFolder("work")
    if (child := os.fork()) == 0:
        work.close()
        os._exit(0)
    os.waitpid(child, 0)
    WorkFolder("work").close()
    assert folders(home) == [work.path.name]
    work.close()
