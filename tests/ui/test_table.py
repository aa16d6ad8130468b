"""The dumps of a server: opened when they are asked for, renewed when they are recorded again."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from lstmviz.dump.corpus.glance import glance
from lstmviz.dump.open_files import open_files
from lstmviz.errors import UnknownName
from lstmviz.ui.serve import make_app
from lstmviz.ui.table import DumpTable


def write(path, **more):
    states = {"rnn.l0.h": np.zeros((4, 2), "float32")}
    return lstmviz.write_dump(path, states=states, tokens=[0, 1, 0, 1], vocab=["a", "b"], **more)


def test_a_dump_is_opened_when_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("lstmviz.ui.table.MOST_READY", 3)
    listed = [glance(write(tmp_path / f"{i}.h5")) for i in range(9)]
    table, before = DumpTable(listed), len(open_files)
    assert len(table.glances()) == 9
    assert len(open_files) == before
    for each in listed:
        assert table[each.uuid].uuid == each.uuid
    assert len(table._ready) == 3
    assert table[listed[-1].uuid] is table[listed[-1].uuid]
    assert len(list(table.of_length(4))) == 3
    assert not list(table.of_length(5))


@pytest.mark.parametrize("is_open", [True, False])
def test_a_dump_that_was_recorded_again_is_shown_as_it_is_now(tmp_path, is_open):
    path = write(tmp_path / "run.h5")
    first = lstmviz.open_dump(path)
    client = make_app([first if is_open else glance(path)]).server.test_client()
    assert first.uuid in client.get("/_dash-layout").get_data(as_text=True)
    second = lstmviz.open_dump(write(path, overwrite=True))
    page = client.get("/_dash-layout").get_data(as_text=True)
    assert second.uuid in page
    assert first.uuid not in page
    assert client.get(f"/d/{second.uuid}/about.json").status_code == 200


def test_a_file_that_is_gone_stays_listed_until_it_is_asked_for(tmp_path):
    seen = glance(write(tmp_path / "run.h5"))
    table = DumpTable([seen])
    seen.path.unlink()
    assert [each.uuid for each in table.glances()] == [seen.uuid]
    with pytest.raises(lstmviz.errors.DumpMissing):
        table[seen.uuid]
    with pytest.raises(UnknownName, match="no recording 'ff' is served here; there is run"):
        table["ff"]
