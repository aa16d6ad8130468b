"""States that were handed on or not, what is known only afterwards, and code that the recorder stands apart from."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import lstmviz
from lstmviz.errors import InputError

X = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(0))
ZERO = (torch.zeros(1, 2, 8),) * 2


def lstm() -> nn.LSTM:
    torch.manual_seed(0)
    return nn.LSTM(4, 8, batch_first=True).eval()


def handed(path, capsys, loop) -> tuple[lstmviz.Dump, list[str]]:
    """Record what ``loop(run, rnn)`` does; return the dump, and the lines that were told after the first."""
    rnn = lstm()
    with torch.no_grad(), lstmviz.record(rnn, path) as run:
        loop(run, rnn)
    return lstmviz.open_dump(path), capsys.readouterr().err.splitlines()[1:]


def anew(run, rnn):
    for k in (0, 3):
        with run.batch(continues=k > 0):
            rnn(X[:, k : k + 3])


def forgotten(run, rnn):
    state = None
    for k in (0, 3):
        with run.batch():
            _, state = rnn(X[:, k : k + 3], state)


def glued(run, rnn):
    with run.batch():
        rnn(X[:, :3], ZERO)
        rnn(X[:, 3:], ZERO)


def beams(run, rnn):
    with run.batch():
        state = ZERO
        for k in range(6):
            _, state = rnn(X[:, k : k + 1], state)
            state = tuple(s.flip(1) for s in state)


def in_order(run, rnn):
    state = None
    for k in (0, 3):
        with run.batch(continues=k > 0):
            for step in range(k, k + 3):
                _, state = rnn(X[:, step : step + 1], state)


@pytest.mark.parametrize(
    ("loop", "line"),
    [
        (anew, "began from zero in a batch that continues"),
        (forgotten, "give continues=True"),
        (glued, "was reset at step 3"),
        (beams, "another order from step 1"),
        (in_order, None),
    ],
)
def test_a_state_that_contradicts_what_is_recorded_is_told_in_one_line(tmp_path, capsys, loop, line):
    dump, lines = handed(tmp_path / "a.h5", capsys, loop)
    assert len(lines) == (line is not None)
    if line is not None:
        assert line in lines[0]
        assert dump.provenance["state"] == lines[0]


def test_sequences_keep_an_id(tmp_path, capsys):
    def loop(run, rnn):
        with run.batch(ids=["doc 7", "doc 3"]):
            rnn(X)

    dump, _ = handed(tmp_path / "a.h5", capsys, loop)
    assert dump.sequences["id"].tolist() == ["doc 7", "doc 3"]


def test_too_many_ids_are_refused_as_such(tmp_path, capsys):
    def loop(run, rnn):
        with run.batch(tokens=[[1] * 6] * 2, ids=["doc 7", "doc 3", "doc 1"]):
            rnn(X)

    with pytest.raises(InputError, match=r"'id' has shape \(3,\).* give one value for each sequence"):
        handed(tmp_path / "a.h5", capsys, loop)


def test_what_is_known_only_afterwards(tmp_path, capsys):
    def loop(run, rnn):
        with run.batch(tokens=[[1] * 6] * 2):
            output, _ = rnn(X)
            run.inputs(X)
            run.track("norm", output.norm(dim=2))
            run.track("last", ["up", "down"])

    dump, _ = handed(tmp_path / "a.h5", capsys, loop)
    assert np.allclose(dump.tracks["input 3"][:], X[..., 3].flatten())
    assert np.allclose(dump.tracks["norm"][:], np.linalg.norm(dump.states("lstm.l0.h")[:], axis=1), atol=1e-2)
    assert dump.sequences["last"].tolist() == ["up", "down"]


def test_many_features_are_one_source(tmp_path):
    rnn, x = nn.LSTM(80, 3, batch_first=True), torch.randn(2, 5, 80)
    names = [f"sensor {k}" for k in range(80)]
    recording = lstmviz.record(rnn, tmp_path / "a.h5", dtype="float32", features=names)
    with torch.no_grad(), recording as run, run.batch(inputs=x, lengths=[5, 3]):
        rnn(x)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert np.array_equal(dump.states("inputs")[:], torch.cat([x[0], x[1, :3]]))
    assert not dump.tracks
    assert dump.sources["inputs"].names == tuple(names)
    assert dump.sources["lstm.l0.h"].names is None


def test_names_that_do_not_fit_are_no_names(tmp_path):
    for wrong in ({"a.l0.h": ["x"]}, {"a.l0.h": [1, 2]}, ["x", "y"], "xy", {"a.l0.h": {"0": "x", "1": "y"}}):
        path = lstmviz.write_dump(
            tmp_path / "a.h5", states={"a.l0.h": np.zeros((3, 2))}, provenance={"features": wrong}, overwrite=True
        )
        assert lstmviz.open_dump(path).sources["a.l0.h"].names is None


def test_several_models_are_recorded_as_one(tmp_path):
    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(4, 3, batch_first=True)

    class Decoder(Encoder):
        pass

    encoder, decoder = Encoder(), Decoder()
    with torch.no_grad(), lstmviz.record([encoder, decoder], tmp_path / "a.h5") as run, run.batch():
        decoder.rnn(X, encoder.rnn(X)[1])
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert list(dump.sources) == ["encoder.rnn.l0.h", "decoder.rnn.l0.h"]
    assert dump.provenance["model"] == "Encoder + Decoder"


def test_a_loop_from_the_end_is_stored_in_the_order_of_the_text(tmp_path):
    lengths = [6, 4, 3]
    values = torch.randn(3, 6, 2)
    with lstmviz.record(nn.Linear(1, 1), tmp_path / "a.h5", dtype="float32") as run, run.batch(lengths=lengths):
        for t in reversed(range(6)):
            run.log_step("cell.h", values[: sum(t < n for n in lengths), t], from_end=True)
    rows = np.concatenate([values[i, :n] for i, n in enumerate(lengths)])
    assert np.array_equal(lstmviz.open_dump(tmp_path / "a.h5").states("cell.h")[:], rows)


class Checkpointed(nn.Module):
    def __init__(self, *, use_reentrant: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.rnn, self.use_reentrant = nn.LSTM(4, 8, num_layers=2, batch_first=True), use_reentrant

    def forward(self, x):
        return checkpoint(lambda x: self.rnn(x)[0], x, use_reentrant=self.use_reentrant)


@pytest.mark.parametrize("use_reentrant", [False, True])
@pytest.mark.parametrize("is_inside", [False, True])
def test_activation_checkpointing_works_and_has_the_same_gradients(tmp_path, use_reentrant, is_inside):
    model = Checkpointed(use_reentrant=use_reentrant)
    x = X.clone().requires_grad_()
    model(x).sum().backward()
    expected = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    with lstmviz.record(model, tmp_path / "a.h5") as run:
        with run.batch(inputs=x):
            loss = model(x).sum()
            if is_inside:
                loss.backward()
        if not is_inside:
            loss.backward()
    assert all(torch.equal(p.grad, e) for p, e in zip(model.parameters(), expected, strict=True))
    assert lstmviz.open_dump(tmp_path / "a.h5").n_steps == 12


def test_a_model_is_saved_and_copied_inside_a_batch(tmp_path):
    model = nn.Sequential(nn.Embedding(5, 4), nn.LSTM(4, 3, batch_first=True)).eval()
    ids = torch.tensor([[1, 2, 3]])
    with torch.no_grad(), lstmviz.record(model, tmp_path / "a.h5") as run, run.batch(tokens=ids):
        file = io.BytesIO()
        torch.save(model, file)
        output = model(ids)[0]
        twin = copy.deepcopy(model)
        twin(ids)
    file.seek(0)
    with torch.no_grad():
        assert torch.equal(torch.load(file, weights_only=False)(ids)[0], output)
        assert torch.equal(twin(ids)[0], output)
    assert lstmviz.open_dump(tmp_path / "a.h5").n_steps == 3


def failing(path, rnn):
    with lstmviz.record(rnn, path) as run, run.batch():
        assert "forward" in vars(rnn)
        raise KeyError


def test_a_batch_that_raises_leaves_nothing_on_the_model(tmp_path):
    rnn = lstm()
    with pytest.raises(KeyError):
        failing(tmp_path / "a.h5", rnn)
    assert "forward" not in vars(rnn)
    assert not torch._C._len_torch_function_stack()


def test_autocast_and_lazy_layers(tmp_path):
    model = nn.Sequential(nn.LazyLinear(4), nn.LSTM(4, 3, batch_first=True)).eval()
    x = torch.ones(2, 5, 6)
    recording = lstmviz.record(model, tmp_path / "a.h5")
    with torch.no_grad(), recording as run, run.batch(inputs=x), torch.autocast("cpu", torch.bfloat16):
        model(x)
    assert lstmviz.open_dump(tmp_path / "a.h5").n_steps == 10
