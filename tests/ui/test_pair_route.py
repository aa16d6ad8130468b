"""A pair of texts by address: both texts, the weights between them, long ones in part; and in the rows of matches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz.ui.pairs import FINE, MOST_STEPS
from lstmviz.ui.rows import match_rows
from lstmviz.ui.selection import parse
from lstmviz.ui.serve import make_app
from support.models.reverser import LETTERS, Reverser, pairs
from support.reversed_texts import AXES, TEXTS, record_reversed, true_attention

LONG = "abcdef" * 100


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    path = record_reversed(tmp_path_factory.mktemp("pairs") / "a.h5", [TEXTS, [LONG]])
    return lstmviz.open_dump(path)


def asked(client, dump, path):
    answer = client.get(f"/d/{dump.uuid}/{path}", headers={"Host": "127.0.0.1"})
    return answer.status_code, answer.get_json()


def test_which_axes_are_paired_is_said_of_each(client, dump):
    _, about = asked(client, dump, "about.json")
    assert [axis["pairs"] for axis in about["axes"]] == [
        [{"axis": 1, "attention": ["attention"]}],
        [{"axis": 0, "attention": ["attention"]}],
    ]


def test_a_pair_from_either_text(client, dump):
    status, pair = asked(client, dump, "pair/1/7/0.json?attention=attention")  # a step of the third pair
    assert status == 200
    assert (pair["sequence"], pair["before"], pair["after"], pair["attends"]) == (2, 3, 12, True)
    assert "".join(pair["here"]["tokens"]) == "-fedcb"
    assert "".join(pair["there"]["tokens"]) == "abcdef"
    assert np.allclose(np.array(pair["weights"]) / FINE * pair["most"], true_attention(6), atol=2e-3)
    _, other = asked(client, dump, "pair/0/7/1.json?attention=attention")
    assert (other["attends"], other["here"], other["there"]) == (False, pair["there"], pair["here"])
    assert other["weights"] == pair["weights"]  # rows are of the text that attends
    _, bare = asked(client, dump, "pair/0/7/1.json")
    assert bare["weights"] == []


def test_words_that_a_model_does_not_know_are_marked_in_either_text(tmp_path):
    vocab = ["<unk>" if letter == "d" else letter for letter in LETTERS]
    torch.manual_seed(0)
    with lstmviz.record(model := Reverser().eval(), tmp_path / "a.h5", vocab, axes=AXES, join="") as run:
        source, target, lengths = pairs(TEXTS)
        ids = {"source": source, "target": target}
        written = {name: [["d" if LETTERS[i] == "d" else None for i in row] for row in ids[name]] for name in ids}
        with run.batch(tokens=ids, lengths=dict.fromkeys(ids, lengths), as_written=written), torch.no_grad():
            run.log("attention", model(source, target, lengths)[1], axis="target", over="source")
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    _, pair = asked(make_app([dump]).server.test_client(), dump, "pair/1/7/0.json?attention=attention")
    for side, text in (("here", "-fedcb"), ("there", "abcdef")):
        assert ("".join(pair[side]["tokens"]), pair[side]["unknown"]) == (text, [text.index("d")])
    answer = match_rows(dump, parse({"dump": dump.uuid, "source": "decoder.l0.h", "start": 6, "stop": 8}))
    others = [row["pair"] for row in answer["rows"]]
    assert any("d" in other["tokens"] for other in others)
    assert all(other["unknown"] == [k for k, one in enumerate(other["tokens"]) if one == "d"] for other in others)


def test_of_long_texts_what_is_looked_at_is_sent(client, dump):
    begin = sum(map(len, TEXTS))
    step = begin + 10  # the tenth letter that is written looks near the end of what is read
    _, pair = asked(client, dump, f"pair/1/{step}/0.json?attention=attention")
    assert len(pair["here"]["tokens"]) == len(pair["there"]["tokens"]) == MOST_STEPS
    assert (pair["here"]["first"], pair["there"]["first"]) == (begin, begin + len(LONG) - MOST_STEPS)
    row = np.array(pair["weights"])[10]
    assert pair["there"]["first"] + row.argmax() == begin + len(LONG) - 11


@pytest.mark.parametrize("path", ["pair/1/99999/0.json", "pair/1/0/7.json", "pair/0/0/0.json", "pair/7/0/0.json"])
def test_what_is_no_pair_is_said_in_one_line(client, dump, path):
    status, answer = asked(client, dump, path)
    assert status == 404
    assert "\n" not in answer["error"]


def test_the_rows_of_matches_have_the_other_text(dump):
    question = {"dump": dump.uuid, "source": "decoder.l0.h", "start": 6, "stop": 7, "threshold": 0.0, "before": 0}
    answer = match_rows(dump, parse(question))
    for row in [*answer["rows"], answer["brushed"]]:
        text = [*TEXTS, LONG][row["sequence"]]
        at = row["pair"]["first"] - int(dump.axis("source").starts[row["sequence"]])
        assert "".join(row["pair"]["tokens"]) == text[at : at + 48]
    assert answer["brushed"]["pair"]["weights"][-1] == 100  # the first letter that is written is the last one read


def test_a_figure_of_the_pair(client, dump):
    body = {"dump": dump.uuid, "source": "decoder.l0.h", "start": 6, "stop": 8, "threshold": 0.0, "before": 0}
    answer = client.post(f"/d/{dump.uuid}/export/figure.svg?view=pair", json=body, headers={"Host": "127.0.0.1"})
    assert answer.status_code == 200
    assert b"attention of pair 2" in answer.data
