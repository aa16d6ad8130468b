"""``lstmviz.record`` around a user's loop: what the dump holds, and that the model notices nothing."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import lstmviz
from lstmviz.dump.journal import in_subprocess as child
from lstmviz.dump.journal.assemble import assemble
from lstmviz.dump.journal.recover import recover
from lstmviz.dump.journal.writer import read_plan
from lstmviz.dump.parts import parts_of
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import StorageError
from lstmviz.match.index import store
from lstmviz.recording import sink
from support.budget import examples
from support.journal import read_blocks
from support.naive_recurrent import as_array, fused_twin, h_by_stack
from support.paths import TESTS
from support.recording import WORDS, Model, valid_rows


def said_at_the_end(capsys) -> list[str]:
    """What was said on standard error after the one line that tells the size."""
    size, *lines = capsys.readouterr().err.splitlines()
    assert size.startswith("recording ")
    assert "free" in size
    return lines


def expected_sources(model: Model, ids: torch.Tensor, lengths: list[int], hx=None) -> dict[str, np.ndarray]:
    x = model.embed(ids).detach()
    cells = cells_of(model.rnn, x, lengths, hx)
    hidden = h_by_stack(model.rnn, x, hx)
    rows = {}
    for layer in range(model.rnn.num_layers):
        rows[f"rnn.l{layer}.h"] = valid_rows(hidden[layer], lengths)
        rows[f"rnn.l{layer}.c"] = cells[layer]
    return rows


def cells_of(rnn: nn.LSTM, x: torch.Tensor, lengths: list[int], hx=None) -> list[np.ndarray]:
    """The c of every layer at the valid steps, by the twin, from x of (batch, steps, n_in)."""
    start = [torch.zeros(rnn.num_layers, len(x), rnn.hidden_size)] * 2 if hx is None else hx
    twin = fused_twin(rnn, as_array(x.transpose(0, 1)), [as_array(s) for s in start], lengths)
    cells = (torch.from_numpy(twin[f"rnn.l{layer}.c"]) for layer in range(rnn.num_layers))
    return [valid_rows(c.transpose(0, 1), lengths) for c in cells]


def close_in(dtype: str, found: np.ndarray, expected: np.ndarray) -> None:
    """Equal to the rounding of the expected value, where 1e-5 may fall on either side of a rounding border."""
    low, high = ((expected.astype("float64") + d).astype(dtype) for d in (-1e-5, 1e-5))
    assert ((found >= low) & (found <= high)).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("has_hx", [True, False])
def test_a_dump_holds_every_state_of_every_batch(tmp_path, dtype, batch_first, has_hx):
    torch.manual_seed(0)
    model = Model(batch_first=batch_first).eval()
    batches = [(torch.randint(0, 11, (3, 9)), [9, 4, 1]), (torch.randint(0, 11, (2, 5)), [5, 5])]
    starts = [(torch.randn(2, len(n), 7), torch.randn(2, len(n), 7)) if has_hx else None for _, n in batches]
    path = tmp_path / "run.h5"
    with lstmviz.record(model, path, vocab=WORDS, dtype=dtype) as run:
        for (ids, lengths), hx in zip(batches, starts, strict=True):
            with run.batch(tokens=ids, lengths=torch.tensor(lengths)):
                model(ids, hx)
        assert run.n_steps == 24
    dump = DumpReader(path)
    wanted = [expected_sources(model, ids, n, hx) for (ids, n), hx in zip(batches, starts, strict=True)]
    assert list(dump.sources) == ["rnn.l0.h", "rnn.l0.c", "rnn.l1.h", "rnn.l1.c"]
    for name, source in dump.sources.items():
        expected = np.concatenate([w[name] for w in wanted])
        found = dump.states(name)[:]
        assert (source.dtype, source.view) == (dtype, "tanh" if name.endswith("c") else "raw")
        if name.endswith(".h"):
            assert np.array_equal(found, expected.astype(dtype))
        else:
            close_in(dtype, found, expected)
    assert dump.tokens[:] == [WORDS[i] for ids, n in batches for row, k in zip(ids, n, strict=True) for i in row[:k]]
    assert dump.sequences["stop"].tolist() == [9, 13, 14, 19, 24]
    assert not parts_of(path).exists()


@examples(12)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    n_units=st.integers(1, 9),
    n_layers=st.integers(1, 3),
    bias=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_ragged_batches_in_any_size(tmp_path_factory, lengths, n_units, n_layers, bias, seed):
    torch.manual_seed(seed)
    path = tmp_path_factory.mktemp("ragged") / "run.h5"
    model = Model(n_units, n_layers, bias=bias).eval()
    ids = torch.randint(0, 11, (len(lengths), max(lengths)))
    with lstmviz.record(model, path, dtype="float32") as run, run.batch(tokens=ids.tolist(), lengths=lengths):
        model(ids)
    dump = DumpReader(path)
    for name, expected in expected_sources(model, ids, lengths).items():
        found = dump.states(name)[:]
        assert np.array_equal(found, expected) if name.endswith(".h") else np.abs(found - expected).max() <= 1e-5


def trained(is_recorded: bool, path: Path) -> tuple[list[torch.Tensor], Model, torch.Tensor]:
    """Train for two steps, with or without a recording: the outputs, the model, and the next random number."""
    torch.manual_seed(3)
    model = Model().train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    outputs = []

    def step(ids):
        loss_in = model(ids)
        outputs.append(loss_in.detach().clone())
        return nn.functional.cross_entropy(loss_in.flatten(0, 1), ids.flatten())

    with lstmviz.record(model, path) if is_recorded else open(os.devnull) as run:  # noqa: PTH123
        for _ in range(2):
            ids = torch.randint(0, 11, (3, 6))
            if is_recorded:
                with run.batch(tokens=ids):
                    loss = step(ids)
            else:
                loss = step(ids)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return outputs, model, torch.rand(3)


def test_training_goes_on_as_if_nothing_was_recorded(tmp_path):
    plain_outputs, plain, plain_random = trained(False, tmp_path / "no.h5")
    outputs, model, random = trained(True, tmp_path / "run.h5")
    assert all(torch.equal(a, b) for a, b in zip(outputs, plain_outputs, strict=True))
    assert torch.equal(random, plain_random)
    for (name, a), (_, b) in zip(model.named_parameters(), plain.named_parameters(), strict=True):
        assert torch.equal(a, b), name
        assert torch.equal(a.grad, b.grad), name


def test_the_model_is_left_as_it_was(tmp_path):
    model = Model().eval()
    before = copy.deepcopy(model.state_dict())
    ids = torch.randint(0, 11, (2, 4))
    with lstmviz.record(model, tmp_path / "run.h5") as run:
        with run.batch(tokens=ids):
            assert "forward" in vars(model.rnn)
            model(ids)
        assert not model.rnn._forward_hooks
    assert all(torch.equal(a, before[name]) for name, a in model.state_dict().items())
    assert [list(m._forward_hooks) for m in model.modules()] == [[]] * 4
    assert not model.training


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_any_grad_mode(tmp_path, mode):
    model = Model().eval()
    ids = torch.randint(0, 11, (2, 4))
    with lstmviz.record(model, tmp_path / "run.h5", dtype="float32") as run, mode(), run.batch(tokens=ids):
        model(ids)
        assert torch.is_grad_enabled() == (mode is torch.enable_grad)
    with mode():
        top = h_by_stack(model.rnn, model.embed(ids))[1]
    assert np.array_equal(DumpReader(tmp_path / "run.h5").states("rnn.l1.h")[:], valid_rows(top, [4, 4]))


def test_a_model_under_autocast_is_recorded_as_it_ran(tmp_path):
    torch.manual_seed(0)
    model = Model().eval()
    ids = torch.randint(0, 11, (2, 6))
    with (
        lstmviz.record(model, tmp_path / "run.h5", dtype="float32") as run,
        run.batch(tokens=ids),
        torch.no_grad(),
        torch.autocast("cpu", dtype=torch.bfloat16),
    ):
        x = model.embed(ids)
        own = model.rnn(x)[0]
    assert own.dtype == torch.bfloat16
    dump = DumpReader(tmp_path / "run.h5")
    assert np.array_equal(dump.states("rnn.l1.h")[:], valid_rows(own.float(), [6, 6]))
    twin = copy.deepcopy(model).bfloat16().double()
    cells = cells_of(twin.rnn, x.detach().bfloat16(), [6, 6])
    for layer in range(2):
        assert np.abs(dump.states(f"rnn.l{layer}.c")[:] - cells[layer]).max() < 1e-2


def test_other_hooks_and_a_default_device_do_not_matter(tmp_path):
    model = Model(n_layers=1).eval()
    ids = torch.randint(0, 11, (2, 6))
    other = model.rnn.register_forward_hook(lambda module, args, output: (output[0] * 2, output[1]))
    with (
        lstmviz.record(model, tmp_path / "run.h5", dtype="float32") as run,
        torch.device("meta"),
        run.batch(tokens=ids, lengths=[6, 2]),
    ):
        model(ids)
    other.remove()
    own = model.rnn(model.embed(ids))[0]
    assert np.array_equal(DumpReader(tmp_path / "run.h5").states("rnn.l0.h")[:], valid_rows(own, [6, 2]))


def test_a_batch_left_open_leaves_no_hook(tmp_path):
    model = Model().eval()
    with lstmviz.record(model, tmp_path / "run.h5") as run:
        with run.batch(tokens=[[1]]):
            model(torch.tensor([[1]]))
        run.batch(tokens=[[1]]).__enter__()
    assert not model.rnn._forward_hooks


@pytest.mark.usefixtures("real_children")
def test_ctrl_c_while_the_dump_is_assembled_keeps_the_blocks(tmp_path, monkeypatch, capsys):
    model, path = Model().eval(), tmp_path / "a.h5"

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught, lstmviz.record(model, path) as run:  # noqa: PT012
        with run.batch(tokens=[[1, 2]]):
            model(torch.tensor([[1, 2]]))
        monkeypatch.setattr(child.subprocess, "run", interrupted)
    (line,) = said_at_the_end(capsys)
    assert f"all 2 steps in 1 batch are kept in {parts_of(path)}: finish with `lstmviz recover {path}`" in line
    assert caught.value.__notes__ == [line]
    assert len(list(read_blocks(parts_of(path)))) == 1


def test_a_bare_lstm_is_named_by_its_class(tmp_path):
    lstm = nn.LSTM(2, 3, batch_first=True)
    with lstmviz.record(lstm, tmp_path / "a.h5", states=("c",)) as run, run.batch(tokens=[[1, 2]]):
        lstm(torch.randn(1, 2, 2))
    assert list(DumpReader(tmp_path / "a.h5").sources) == ["lstm.l0.c"]


class Pair(nn.Module):
    """Two LSTMs over the same steps, run in the other order than declared."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.LSTM(2, 3, batch_first=True)
        self.inner = nn.ModuleDict({"right": nn.LSTM(2, 4)})

    def forward(self, x):
        return self.inner["right"](x.transpose(0, 1))[0].transpose(0, 1), self.left(input=x)[0]


def test_several_lstms_lie_on_one_axis_in_the_model_s_order(tmp_path):
    model, x = Pair(), torch.randn(2, 5, 2)
    with lstmviz.record(model, tmp_path / "a.h5", dtype="float32") as run, run.batch(tokens=[[0] * 5] * 2):
        right, left = model(x)
    dump = DumpReader(tmp_path / "a.h5")
    assert list(dump.sources) == ["left.l0.h", "left.l0.c", "inner.right.l0.h", "inner.right.l0.c"]
    assert np.array_equal(dump.states("left.l0.h")[:], valid_rows(left, [5, 5]))
    assert np.array_equal(dump.states("inner.right.l0.h")[:], valid_rows(right, [5, 5]))


def test_tracks_of_numbers_and_labels(tmp_path):
    model = Model().eval()
    ids = torch.randint(0, 11, (2, 3))
    with lstmviz.record(model, tmp_path / "a.h5") as run:
        for labels in ([["b", "a", None], ["b", "pad", "pad"]], [["c", "a", "b"], [None, "pad", "pad"]]):
            tracks = {
                "depth": ids * 2,
                "part": labels,
                "ok": np.array([[True, False, True]] * 2),
                "loss": torch.tensor([[0.5, float("nan"), 1.5]] * 2, dtype=torch.bfloat16),
            }
            with run.batch(tokens=ids, lengths=[3, 1], tracks=tracks):
                model(ids)
    tracks = DumpReader(tmp_path / "a.h5").tracks
    assert [(t.info.name, t.info.kind) for t in tracks.values()] == [
        ("depth", "number"),
        ("part", "category"),
        ("ok", "number"),
        ("loss", "number"),
    ]
    assert tracks["part"].labels == ("b", "a", "c")
    assert tracks["part"][:].tolist() == [0, 1, -1, 0, 2, 1, 0, -1]
    assert tracks["depth"][:4].tolist() == [*(ids[0] * 2).tolist(), int(ids[1, 0] * 2)]
    assert tracks["ok"][:4].tolist() == [1, 0, 1, 1]
    assert np.array_equal(tracks["loss"][:4], np.array([0.5, np.nan, 1.5, 0.5], "float32"), equal_nan=True)


@pytest.mark.parametrize(
    ("vocab", "join", "text"),
    [
        (["a", "b"], None, "ba"),
        (["a", "bc"], None, "bc a"),
        ({"b": 1, "a": 0}, "-", "b-a"),
        (None, None, "1 0"),
        (["", "\n"], None, "\n"),
    ],
)
def test_vocabularies(tmp_path, vocab, join, text):
    lstm = nn.LSTM(1, 2, batch_first=True)
    with lstmviz.record(lstm, tmp_path / "a.h5", vocab, join=join) as run, run.batch(tokens=np.array([[1, 0]])):
        lstm(torch.zeros(1, 2, 1))
    assert DumpReader(tmp_path / "a.h5").tokens.text(0, 2) == text


def test_provenance_says_what_ran(tmp_path):
    model = Model().eval()
    with lstmviz.record(model, tmp_path / "a.h5", axis="code") as run, run.batch(tokens=[[1]]):
        model(torch.tensor([[1]]))
    dump = DumpReader(tmp_path / "a.h5")
    said = dump.provenance
    assert (said["model"], said["torch"], said["lstmviz"]) == ("Model", torch.__version__, lstmviz.__version__)
    assert said["n_parameters"] == sum(p.numel() for p in model.parameters())
    assert (said["dtype"], said["complete"]) == ("float16", True)
    assert list(dump.axes) == ["code"]


class Boom(Exception):
    """Raised by a user's loop."""


@pytest.mark.parametrize("error", [Boom, KeyboardInterrupt])
def test_what_was_acknowledged_before_an_exception_becomes_a_dump(tmp_path, capsys, error):
    model = Model().eval()
    ids = torch.randint(0, 11, (2, 3))
    with pytest.raises(error), lstmviz.record(model, tmp_path / "a.h5") as run:  # noqa: PT012
        with run.batch(tokens=ids):
            model(ids)
        with run.batch(tokens=ids):
            model(ids)
            raise error
    said = f"recording stopped: 6 steps in 1 batch are kept in {tmp_path / 'a.h5'} (complete: false)"
    assert said_at_the_end(capsys) == [said]
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.n_steps == 6
    assert dump.provenance["complete"] is False
    assert not model.rnn._forward_hooks
    assert not parts_of(tmp_path / "a.h5").exists()


def test_the_loop_may_go_on_after_a_batch_that_failed(tmp_path):
    model = Model().eval()
    ids = torch.randint(0, 11, (2, 3))
    with lstmviz.record(model, tmp_path / "a.h5") as run:
        for is_bad in (True, False, True, False):
            try:
                with run.batch(tokens=ids):
                    if is_bad:
                        raise Boom
                    model(ids)
            except Boom:
                continue
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.n_steps == 12
    assert (dump.provenance["complete"], dump.provenance["batches_lost"]) == (False, 2)


@pytest.mark.parametrize("error", [Boom, KeyboardInterrupt])
def test_what_was_cut_short_does_not_replace_a_whole_dump(tmp_path, capsys, error):
    model, path = Model().eval(), tmp_path / "a.h5"
    path.write_text("old")
    with pytest.raises(error), lstmviz.record(model, path, overwrite=True) as run:  # noqa: PT012
        with run.batch(tokens=[[1]]):
            model(torch.tensor([[1]]))
        raise error
    (line,) = said_at_the_end(capsys)
    assert f"1 step in 1 batch are kept in {parts_of(path)}, and {path} is unchanged" in line
    assert path.read_text() == "old"
    assert f"`lstmviz recover {path} --overwrite`" in line
    assert recover(path, overwrite=True, assemble=assemble).state == "cut short"
    assert DumpReader(path).n_steps == 1


def test_a_path_stays_where_it_was_when_the_working_folder_changes(tmp_path, monkeypatch):
    model = Model().eval()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("a.h5", "~/b.h5"):
        monkeypatch.chdir(tmp_path)
        with lstmviz.record(model, path) as run:
            monkeypatch.chdir(tmp_path / "elsewhere")
            with run.batch(tokens=[[1]]):
                model(torch.tensor([[1]]))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.h5", "b.h5", "elsewhere"]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_an_old_dump_stays_until_the_new_one_is_whole(tmp_path):
    model, path = Model().eval(), tmp_path / "a.h5"
    path.write_text("old")
    with lstmviz.record(model, path, overwrite=True) as run:
        with run.batch(tokens=[[1]]):
            model(torch.tensor([[1]]))
        assert path.read_text() == "old"
    assert DumpReader(path).n_steps == 1


@pytest.mark.parametrize("is_asked", [True, False])
def test_the_index_is_built_as_the_recording_closes_if_it_is_asked_for(tmp_path, monkeypatch, is_asked):
    monkeypatch.setattr(store, "SMALL", 0)
    model, path = Model().eval(), tmp_path / "a.h5"
    with lstmviz.record(model, path, vocab=WORDS, index=is_asked) as run, run.batch(tokens=[[1, 2]]):
        model(torch.tensor([[1, 2]]))
    dump = DumpReader(path)
    assert {store.is_indexed(dump, name) for name in dump.sources} == {is_asked}
    assert store.index_folder(dump).exists() is is_asked


def test_where_no_index_can_be_kept_the_recording_is_whole_and_a_line_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(store, "SMALL", 0)
    monkeypatch.setattr(store, "_folders", lambda dump: iter([path]))  # a file
    model, path = Model().eval(), tmp_path / "a.h5"
    with lstmviz.record(model, path, vocab=WORDS, index=True) as run, run.batch(tokens=[[1, 2]]):
        model(torch.tensor([[1, 2]]))
    (line,) = said_at_the_end(capsys)
    assert f"{path} is complete and has no index, which the first question builds: the index of rnn.l0.h" in line
    assert run.stopped is None
    assert DumpReader(path).provenance["complete"] is True


def test_blocks_are_readable_while_the_recording_runs(tmp_path):
    model, path = Model().eval(), tmp_path / "a.h5"
    with lstmviz.record(model, path, vocab=WORDS) as run:
        assert not path.exists()
        with run.batch(tokens=[[1, 2]], tracks={"part": [["x", "y"]]}):
            model(torch.tensor([[1, 2]]))
        run.flush()
        assert read_plan(parts_of(path)).provenance["complete"] is False
        (block,) = read_blocks(parts_of(path))
        assert block.labels == {"part": ("x", "y")}
        assert not path.exists()


def test_states_stay_where_they_are_if_the_dump_cannot_be_assembled(tmp_path, capsys):
    model, path = Model().eval(), tmp_path / "a.h5"
    with lstmviz.record(model, path) as run:
        with run.batch(tokens=[[1, 2]]):
            model(torch.tensor([[1, 2]]))
        path.write_text("somebody else's")
    (said,) = said_at_the_end(capsys)
    assert run.stopped == said
    assert "is already there" in said
    assert f"all 2 steps in 1 batch are kept in {parts_of(path)}" in said
    assert path.read_text() == "somebody else's"
    path.unlink()
    assemble(parts_of(path), path)
    assert DumpReader(path).n_steps == 2


@pytest.mark.usefixtures("real_children")
def test_a_child_that_dies_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    model, path = Model().eval(), tmp_path / "a.h5"
    real_run = subprocess.run

    def dying(command, **options):
        return real_run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], **options)

    with lstmviz.record(model, path) as run:
        with run.batch(tokens=[[1, 2]]):
            model(torch.tensor([[1, 2]]))
        monkeypatch.setattr(child.subprocess, "run", dying)
    (said,) = said_at_the_end(capsys)
    assert "ended by SIGKILL" in said
    assert len(list(read_blocks(parts_of(path)))) == 1


def test_a_failing_dump_does_not_hide_the_user_s_exception(tmp_path, capsys):
    model, path = Model().eval(), tmp_path / "a.h5"
    with pytest.raises(Boom) as caught, lstmviz.record(model, path) as run:  # noqa: PT012
        with run.batch(tokens=[[1, 2]]):
            model(torch.tensor([[1, 2]]))
        path.write_text("somebody else's")
        raise Boom
    (line,) = said_at_the_end(capsys)
    assert "is already there" in line
    assert f"all 2 steps in 1 batch are kept in {parts_of(path)}" in line
    assert caught.value.__notes__ == [line]


def test_a_recording_stopped_before_its_first_batch_says_so(tmp_path, capsys):
    model, path = Model().eval(), tmp_path / "a.h5"
    with pytest.raises(Boom), lstmviz.record(model, path):
        raise Boom
    assert capsys.readouterr().err == f"recording stopped: no batch was complete, so {path} was not written\n"
    assert not list(tmp_path.iterdir())


def test_the_command_that_finishes_a_recording_replaces_what_was_to_be_replaced(tmp_path, monkeypatch, capsys):
    model, path = Model().eval(), tmp_path / "a.h5"
    path.write_text("old")
    with lstmviz.record(model, path, overwrite=True) as run:
        with run.batch(tokens=[[1, 2]]):
            model(torch.tensor([[1, 2]]))
        monkeypatch.setattr(sink, "assemble_in_subprocess", Mock(side_effect=StorageError("the disk is full")))
    command = capsys.readouterr().err.split("`")[1]
    assert command == f"lstmviz recover {path} --overwrite"
    subprocess.run([sys.executable, "-m", "lstmviz.cli", *command.split()[1:]], check=False, capture_output=True)
    assert DumpReader(path).n_steps == 2
    assert not parts_of(path).exists()


CHILD = """
import sys
import torch
sys.path.insert(0, sys.argv[2])
from support.recording import Model
import lstmviz
model = Model().eval()
with lstmviz.record(model, sys.argv[1]) as run:
    while True:
        ids = torch.randint(0, 11, (2, 3))
        with run.batch(tokens=ids):
            model(ids)
        print(run.n_steps, flush=True)
"""


def test_a_killed_recording_keeps_every_acknowledged_step(tmp_path):
    path = tmp_path / "a.h5"
    command = [sys.executable, "-c", CHILD, str(path), str(TESTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for _ in range(20):
            child.stdout.readline()
        child.kill()
        said = [int(line) for line in child.stdout if line.endswith("\n")]
    assert not path.exists()
    assert sum(b.n_steps for b in read_blocks(parts_of(path))) >= (said[-1] if said else 120)


def test_the_process_that_writes_the_dump_loads_neither_torch_nor_pandas():
    loads = "import sys, json, lstmviz.dump.journal.writer, lstmviz.dump.journal.assemble"
    code = f"{loads}; print(json.dumps([m for m in ('torch', 'pandas') if m in sys.modules]))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == []
