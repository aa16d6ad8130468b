"""The commands of the causes give what the API gives, as a table, csv and json; what cannot be asked is one line."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

import lstmviz
from lstmviz.commands.base import finite, out
from lstmviz.match.pattern.file import PatternFile
from lstmviz.types import Filter
from support.commands import run
from support.made_models import made_dump

pytestmark = pytest.mark.usefixtures("one_thread")

WINDOW = ["--source", "rnn.l0.c", "--start", "1", "--stop", "3", "--threshold", "0", "--off-before", "0"]

FLOORS = ("cka", "cka_chance", "cka_untrained")


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal as wide as the widest table, whatever the tests are run in."""
    monkeypatch.setattr(out, "_width", 250)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return made_dump(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def dump(path):
    return lstmviz.open_dump(path)


def printed(*arguments):
    answer = run(*map(str, arguments))
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def csv(*arguments):
    return pd.read_csv(io.StringIO(printed(*arguments, "--format", "csv")), keep_default_na=True)


def test_ablate_is_that_of_the_api(path, dump, tmp_path):
    pattern = dump.select("rnn.l0.c", 1, 3, 0.0, 0, 0)
    effect = dump.ablate(pattern, n_others=4, seed=3)
    asked = ["ablate", path, *WINDOW, "--n-others", 4, "--seed", 3]
    pd.testing.assert_frame_equal(csv(*asked), effect.places, check_dtype=False)
    told = json.loads(printed(*asked, "--format", "json"))
    assert told == {"places": finite(effect.places), "tokens": finite(effect.tokens), "others": finite(effect.others)}
    for part in ("places", "tokens", "others"):
        rows = json.loads(printed(*asked, "--part", part, "--format", "json"))
        assert rows == finite(getattr(effect, part))
    table = printed(*asked)
    assert all(word in table for word in ("here", "elsewhere", "kl_others_most", "token"))
    assert f"p = {effect.p:.3g} beside {len(effect.others)} other sets" in table
    PatternFile(pattern).write(tmp_path / "two.json")
    asked = ["ablate", path, "--pattern", tmp_path / "two.json", "--to", 0.25, "--at", "all", "--text", "ab é"]
    expected = dump.ablate(pattern, 0.25, "all", text="ab é")
    pd.testing.assert_frame_equal(csv(*asked), expected.places, check_dtype=False)


def test_influence_is_that_of_the_api(path, dump):
    frame = dump.influence("ab é", "rnn.l0.c", [1, 2], 5, 2).at(2, [1, 2])
    asked = ["influence", path, "ab é", "--source", "rnn.l0.c", "--unit", 1, "--unit", 2, "--n-draws", 5, "--seed", 2]
    rows = json.loads(printed(*asked, "--step", 2, "--format", "json"))
    assert rows == finite(frame)
    assert "states" in printed(*asked)


def test_align_is_that_of_the_api(path, dump, tmp_path):
    second = made_dump(tmp_path, seed=3, n_units=5)
    found = dump.align_units("rnn.l0.c", lstmviz.open_dump(second), "rnn.l0.h", seed=1)
    asked = ["align", path, second, "--source", "rnn.l0.c", "--other", "rnn.l0.h", "--seed", 1]
    pd.testing.assert_frame_equal(csv(*asked), found.units, check_dtype=False)
    told = json.loads(printed(*asked, "--format", "json"))
    assert (told["cka"], told["cka_chance"], told["cka_untrained"]) == (
        found.cka,
        found.cka_chance,
        found.cka_untrained,
    )
    assert f"CKA {found.cka:.3f}; {found.cka_chance:.3f} with sequences swapped" in printed(*asked)


def test_an_untrained_network_is_one_more_line(path, dump):
    yes = Filter.tokens(("a",))
    frame = dump.rank_units(yes, untrained=True)
    rows = json.loads(printed("rank", path, "--token", "a", "--untrained", "--limit", 2, "--format", "json"))
    assert rows == finite(pd.concat([frame.head(2), frame.tail(1)]))
    found = dump.detector(yes, untrained=True)
    assert f"in an untrained network {found.f1_untrained:.3f}" in printed("detect", path, "--token", "a", "--untrained")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ablate", *WINDOW, "--to", "least"], "--to 'least' is not known"),
        (["ablate", "--source", "rnn.l0.c"], "give a window"),
        (["influence", "", "--source", "rnn.l0.c"], "no token"),
        (["influence", "ab", "--source", "rnn.l4.c"], "no source 'rnn.l4.c'"),
        (["influence", "ab", "--source", "rnn.l0.c", "--step", "2"], "step 2 is not one of the text's 0 to 1"),
    ],
)
def test_what_cannot_be_asked_is_one_line(path, arguments, words):
    answer = run(arguments[0], str(path), *arguments[1:])
    assert answer.exit_code == 1
    assert words in answer.stderr
    assert answer.stderr.count("\n") == 1
