"""A dump that changes while it is served: one line, never a crash, nor an answer that mixes the old and the new."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

import lstmviz
from lstmviz.dump.fast_column import direct_values
from lstmviz.errors import DumpReplaced
from lstmviz.ui.serve import make_app

N = 20_000


def make(path, value, words, lengths=(N,)):
    states = {"rnn.l0.h": np.full((N, 50), value, "f2")}
    return lstmviz.write_dump(
        path, states=states, tokens=np.arange(N) % 2, vocab=words, lengths=list(lengths), overwrite=True
    )


@pytest.fixture
def served(tmp_path):
    dump = lstmviz.open_dump(make(tmp_path / "run.h5", 0.25, ["old0", "old1"]))
    client = make_app([dump]).server.test_client()
    assert client.get(f"/d/{dump.uuid}/steps/0/0/2").json["tokens"] == ["old0", "old1"]
    return dump, client


def copied_over(path, other):
    shutil.copyfile(other, path)


def copied_over_with_its_time(path, other):
    """As ``rsync --inplace --times`` and ``cp -p`` may leave it."""
    found = path.stat()
    shutil.copyfile(other, path)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert path.stat().st_size == found.st_size


def cut(path, other):
    os.truncate(path, 100_000)


def removed(path, other):
    path.unlink()


def renamed_over(path, other):
    other.rename(path)


def written_in_place(path, other):
    with path.open("r+b") as file:
        file.seek(300_000)
        file.write(bytes(10_000))


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (copied_over, 410),
        (copied_over_with_its_time, 410),
        (renamed_over, 410),
        (cut, 400),
        (removed, 404),
        (written_in_place, None),
    ],
)
def test_what_changes_while_it_is_served_is_a_line(served, tmp_path, caplog, change, status):
    dump, client = served
    change(dump.path, make(tmp_path / "new.h5", 0.75, ["new0", "new1"]))
    for a in (0, 15_000):
        for path in (f"states/0/{a}/{a + 2}", f"steps/0/{a}/{a + 2}", "search/0?q=old0", "about.json"):
            answer = client.get(f"/d/{dump.uuid}/{path}")
            if status is not None:
                assert answer.status_code == status, (path, answer.data[:200])
            assert answer.status_code in (200, 400, 410) if status is None else answer.json["error"]
            assert b"new" not in answer.data or "error" in answer.json
    assert not [r for r in caplog.records if r.exc_info]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_whose_dump_is_replaced_meanwhile_breaks_off_and_is_a_line_in_the_log(
    tmp_path, caplog, monkeypatch, form
):
    monkeypatch.setattr("lstmviz.ui.routes.export.ROWS_AT_ONCE", 100)
    monkeypatch.setattr("lstmviz.ui.routes.export.MOST_EXPORTS", 1)
    dump = lstmviz.open_dump(make(tmp_path / "run.h5", 0.25, ["a", "b"], [5] * (N // 5)))
    client = make_app([dump]).server.test_client()
    asked = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 0, "stop": 5, "threshold": 0.1, "before": 0}
    sent = client.post(f"/d/{dump.uuid}/export/matches.{form}", json=asked, buffered=False).iter_encoded()
    next(sent)
    shutil.copyfile(make(tmp_path / "new.h5", 0.75, ["c", "d"]), dump.path)
    dump.close()  # as for a dump that is not read for a minute
    with pytest.raises(ConnectionResetError):
        b"".join(sent)
    [record] = caplog.records
    assert "ended early" in record.message
    assert "was recorded again" in record.message
    assert record.exc_info is None
    assert client.post(f"/d/{dump.uuid}/export/matches.{form}", json=asked).status_code == 410


def test_the_newer_recording_is_served_at_its_own_address(served, tmp_path):
    dump, client = served
    newer = make(tmp_path / "run.h5", 0.75, ["new0", "new1"])
    assert "recorded again since this page was opened; reload" in client.get(f"/d/{dump.uuid}/about.json").json["error"]
    uuid = lstmviz.open_dump(newer).uuid
    client.get("/_dash-layout")
    assert client.get(f"/d/{uuid}/steps/0/0/2").json["tokens"] == ["new0", "new1"]
    assert client.get(f"/d/{dump.uuid}/about.json").status_code == 410


def test_a_dump_that_was_copied_again_as_it_is_goes_on(served, tmp_path):
    dump, client = served
    shutil.copyfile(dump.path, tmp_path / "copy.h5")
    shutil.copyfile(tmp_path / "copy.h5", dump.path)
    os.utime(dump.path, ns=(1, 1))
    assert client.get(f"/d/{dump.uuid}/steps/0/0/2").json["tokens"] == ["old0", "old1"]


def test_a_dump_that_is_linked_made_read_only_or_removed_is_read_on(tmp_path):
    dump = lstmviz.open_dump(make(tmp_path / "run.h5", 0.25, ["a", "b"]))
    states = dump.states("rnn.l0.h")
    dump.path.chmod(0o444)
    assert states[0, 3] == 0.25
    os.link(dump.path, tmp_path / "other.h5")
    assert states[15_000, 3] == 0.25
    dump.path.unlink()
    assert states[19_000, 3] == 0.25


def test_no_array_of_a_dump_that_was_written_over_under_its_old_time_is_read_on(tmp_path):
    dump = lstmviz.open_dump(make(tmp_path / "run.h5", 0.25, ["a", "b"]))
    states = dump.states("rnn.l0.h")
    direct = direct_values(states)
    assert states[0, 0] == direct.column(3)[0] == 0.25
    copied_over_with_its_time(dump.path, make(tmp_path / "new.h5", 0.75, ["c", "d"]))
    assert direct.column(3) is None
    for _ in range(2):
        with pytest.raises(DumpReplaced, match="was recorded again or changed since it was opened"):
            states[15_000:15_002]


def test_no_array_of_a_dump_that_was_written_over_is_read_on(tmp_path):
    path = make(tmp_path / "run.h5", 0.25, ["a", "b"])
    dump = lstmviz.open_dump(path)
    states = dump.states("rnn.l0.h")
    assert states[0, 0] == 0.25
    direct = direct_values(states)
    assert (direct.column(3) == 0.25).all()
    shutil.copyfile(make(tmp_path / "new.h5", 0.75, ["c", "d"]), path)
    assert direct.column(3) is None
    assert direct.at(np.arange(5), 3) is None
    with pytest.raises(DumpReplaced, match=r"run\.h5 was written to or cut since it was opened; open it again"):
        states[15_000:15_002]
    dump.close()
    with pytest.raises(DumpReplaced, match="was recorded again or changed since it was opened"):
        states[0]
    assert lstmviz.open_dump(path).states("rnn.l0.h")[0, 0] == 0.75
