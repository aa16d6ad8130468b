"""A live model behind the page: attached when the server starts, by name or from Python, and one question at a time."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz import Filter, errors
from lstmviz.commands.base import finite
from lstmviz.dump.corpus.glance import glance
from lstmviz.rerun.alone import alone_with
from lstmviz.rerun.live.named import named_model
from lstmviz.ui import serve
from lstmviz.ui.extras import Extras
from lstmviz.ui.live import live_by_name
from support.commands import run as run_command
from support.made_models import made_dump

LOCAL = {"Host": "127.0.0.1:8050"}
CODE = """
import lstmviz
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.rnn = nn.Embedding(3, 4), nn.LSTM(4, 6, batch_first=True)
        self.out = nn.Linear(6, 3)

    def forward(self, ids):
        return self.out(self.rnn(self.embed(ids))[0])

net = Net()
live = lstmviz.LiveModel(net, encode=list, untrained=Net)
number = 3

def make():
    return Net()

def fails():
    raise SystemExit("usage: train.py --data DATA")
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A module of the user's in the present folder, and a recording of its network."""
    (tmp_path / "my_net.py").write_text(CODE)
    (tmp_path / "broken.py").write_text("import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield recorded(named_model("my_net:net").model, tmp_path / "run.h5")
    for name in ("my_net", "broken"):
        sys.modules.pop(name, None)


def recorded(net, path):
    return lstmviz.record_corpus(net, ["abba", "cab"], encode=list, vocab=["a", "b", "c"], path=path, top_k=2)


def post(client, dump, path, body):
    return client.post(f"/d/{dump.uuid}/{path}", json=body, headers=LOCAL)


@pytest.mark.parametrize("name", ["my_net:net", "my_net:make", "my_net:Net"])
def test_a_named_model_types_on_the_page(written, name):
    client = serve.make_app([glance(written)], extras=Extras(live=live_by_name(name))).server.test_client()
    dump = lstmviz.open_dump(written)
    told = client.get(f"/d/{dump.uuid}/typing.json", headers=LOCAL).json
    assert (told["problem"], told["words"], told["level"], told["some"]) == (
        None,
        "Net (1 x 6 LSTM)",
        "char",
        ["a", "b", "c"],
    )
    (given,) = post(client, dump, "typed", {"texts": ["abc"], "sources": ["rnn.l0.h"]}).json["texts"]
    assert given["tokens"] == ["a", "b", "c"]
    net = named_model("my_net:net").model
    with torch.no_grad():
        losses = -net(torch.tensor([[0, 1, 2]])).log_softmax(-1)[0, [0, 1], [1, 2]]
    loss = next(track["values"] for track in given["tracks"] if track["name"] == "loss")
    np.testing.assert_allclose(loss[:2], losses, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("my_net", r"'my_net' does not name a model; give package\.module:name, such as train:model"),
        ("no_net:net", r"no_net cannot be imported: ModuleNotFoundError: No module named 'no_net'"),
        ("broken:net", r"broken cannot be imported: ModuleNotFoundError: .* \(broken\.py, line 1\)"),
        ("my_net:nothing", "my_net has no 'nothing'; its models are net, live$"),
        ("json:nothing", "json has no 'nothing'; it has no model by name; name a torch module"),
        ("my_net:number", "my_net:number is a int; name a torch module"),
        ("my_net:fails", r"my_net:fails cannot be called: SystemExit: usage: train\.py --data DATA"),
    ],
)
def test_a_name_that_gives_no_model_ends_the_command_in_one_line(written, name, line):
    with pytest.raises(errors.ModelError, match=line) as caught:
        live_by_name(name)
    assert "\n" not in str(caught.value)
    ended = run_command("serve", written, "--no-browser", "--model", name)
    assert ended.exit_code == 1
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr


def test_commands_take_it_in_the_place_of_a_model_beside(written):
    def rows(*arguments):
        answer = run_command(arguments[0], written, *arguments[1:], "--format", "json")
        assert answer.exit_code == 0, answer.stderr
        return json.loads(answer.stdout)

    dump = lstmviz.open_dump(written)
    dump.attach(named_model("my_net:live"))
    window = ["--source", "rnn.l0.h", "--start", 1, "--stop", 2, "--threshold", 0.01, "--off-before", 0]
    model = ["--model", "my_net:live"]
    effect = dump.ablate(dump.select("rnn.l0.h", 1, 2, 0.01, 0, 0), n_others=2)
    assert rows("ablate", *window, "--n-others", 2, *model)["places"] == finite(effect.places)
    changed = dump.influence("abc", "rnn.l0.h").at(1)
    assert rows("influence", "abc", "--source", "rnn.l0.h", "--step", 1, *model) == finite(changed)
    ranked = dump.rank_units(Filter.tokens(("a",)), untrained=True)
    assert rows("rank", "--token", "a", "--untrained", *model) == finite(ranked)
    alike = dump.align_units("rnn.l0.h", dump).cka_untrained
    assert rows("align", written, "--source", "rnn.l0.h", *model)["cka_untrained"] == alike
    assert "an untrained network" not in run_command("align", written, written, "--source", "rnn.l0.h").stdout
    detected = run_command("detect", written, "--token", "a", "--untrained", *model).stdout
    assert "in an untrained network" in detected
    lone = run_command("ablate", written, *window)
    assert (lone.exit_code, lone.stderr.count("\n")) == (1, 1)
    assert "attach yours (dump.attach, or --model NAME)" in lone.stderr


def test_gunicorn_names_it_in_the_environment(written):
    environ = {"LSTMVIZ_DUMPS": str(written), "LSTMVIZ_MODEL": "my_net:net"}
    client = serve.server_from_environment(environ).test_client()
    dump = lstmviz.open_dump(written)
    assert client.get(f"/d/{dump.uuid}/typing.json", headers=LOCAL).json["problem"] is None
    with pytest.raises(errors.ModelError, match="cannot be imported"):
        serve.server_from_environment(environ | {"LSTMVIZ_MODEL": "no_net:net"})


def test_a_visitor_cannot_name_one(written):
    client = serve.make_app([glance(written)]).server.test_client()
    dump = lstmviz.open_dump(written)
    sys.modules.pop("my_net", None)
    for path in (f"/d/{dump.uuid}/typing.json?model=my_net:net", "/?model=my_net:net"):
        client.get(path, headers=LOCAL)
    answer = post(client, dump, "typed", {"texts": ["ab"], "model": "my_net:net"})
    assert "no model lies beside" in answer.json["error"]
    assert "my_net" not in sys.modules


def test_a_model_that_fits_no_dump_is_refused_and_one_that_fits_some_serves_those(written, tmp_path, capsys):
    torch.manual_seed(5)
    other = nn.Sequential(nn.Embedding(3, 4), nn.LSTM(4, 6, batch_first=True))
    second = recorded_plain(other, tmp_path / "other.h5")
    with pytest.raises(errors.ModelError, match=r"this Net does not give 1\.l0\.h"):
        serve.make_app([glance(second)], extras=Extras(live=live_by_name("my_net:net")))
    extras = Extras(live=live_by_name("my_net:net"))
    client = serve.make_app([glance(written), glance(second)], extras=extras).server.test_client()
    assert capsys.readouterr().err.splitlines()[-1].startswith("note: this Net does not give 1.l0.h")
    told = client.get(f"/d/{lstmviz.open_dump(second).uuid}/typing.json", headers=LOCAL).json
    assert told["problem"].startswith("this Net does not give 1.l0.h")
    assert told["is_absent"] is False
    many = [glance(second), *(glance(recorded_plain(other, tmp_path / f"other{k}.h5")) for k in range(4))]
    serve.make_app([glance(written), *many], extras=Extras(live=live_by_name("my_net:net")))
    lines = capsys.readouterr().err.splitlines()[-4:]
    assert [line[:21] for line in lines] == ["note: this Net does n"] * 3 + ["note: nor does the mo"]
    assert lines[3] == "note: nor does the model fit 2 other dumps"
    assert client.get(f"/d/{lstmviz.open_dump(written).uuid}/typing.json", headers=LOCAL).json["problem"] is None


def recorded_plain(net, path):
    return lstmviz.record_corpus(net, ["abba", "cab"], encode=list, vocab=["a", "b", "c"], path=path)


def test_a_model_beside_a_dump_stays_where_the_named_one_does_not_fit(written, tmp_path):
    (tmp_path / "made").mkdir()
    beside = made_dump(tmp_path / "made")
    app = serve.make_app([glance(written), glance(beside)], extras=Extras(live=live_by_name("my_net:net")))
    told = app.server.test_client().get(f"/d/{lstmviz.open_dump(beside).uuid}/typing.json", headers=LOCAL).json
    assert (told["problem"], told["words"]) == (None, "1 x 6 LSTM")


def test_a_page_is_told_that_the_model_runs_for_somebody_else(written):
    net = named_model("my_net:net")
    client = serve.make_app([glance(written)], extras=Extras(live=net)).server.test_client()
    dump = lstmviz.open_dump(written)
    with alone_with(net.model):
        answer = post(client, dump, "typed", {"texts": ["abc"]})
    assert answer.status_code == 200
    assert answer.json == {"waiting": "the model runs for somebody else; this waits for its turn"}
    assert "texts" in post(client, dump, "typed", {"texts": ["abc"]}).json


def test_an_error_of_the_users_code_reaches_the_page_in_one_line(written):
    net = named_model("my_net:net").model

    def forward(model, ids):
        if ids.shape[1] == 3:
            raise ValueError("not three,\nplease")
        return model(ids)

    dump = lstmviz.open_dump(written)
    dump.attach(lstmviz.LiveModel(net, forward=forward))
    client = serve.make_app([dump]).server.test_client()
    answer = post(client, dump, "typed", {"texts": ["abc"]})
    assert answer.status_code == 400
    assert answer.json["error"].startswith("forward failed: ValueError: not three, please (test_live.py, line ")
    assert "texts" in post(client, dump, "typed", {"texts": ["ab"]}).json


def test_serve_takes_a_model(written, monkeypatch):
    dump, served = lstmviz.open_dump(written), []
    monkeypatch.setattr(serve, "serve", lambda dumps, **options: served.append(dumps))
    dump.serve(model=named_model("my_net:net").model, encode=list)
    assert served == [[dump]]
    assert dump.rerun("ab").n_steps == 2
    with pytest.raises(errors.InputError, match="encode is given without a model"):
        dump.serve(encode=list)
    with pytest.raises(errors.InputError, match="encode is given beside a LiveModel"):
        dump.serve(model=lstmviz.LiveModel(nn.Linear(1, 1)), encode=list)
