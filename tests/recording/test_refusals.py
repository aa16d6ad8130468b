"""What cannot be recorded is refused in one line that names it and says what to do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.dump.parts import parts_of
from lstmviz.errors import DumpExists, InputError, RecordingError
from support.recording import IDS, Model, holder, one_line


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        (lambda: nn.LSTM(2, 3, 2, dropout=0.5), ["lstm is in training mode", "dropout=0.5", "model.eval()"]),
        (lambda: torch.jit.script(nn.LSTM(2, 3)), ["TorchScript LSTM", "eager model"]),
        (lambda: torch.compile(nn.LSTM(2, 3)), ["torch.compile", "was made from"]),
        (lambda: nn.LSTM, ["a type is not a torch module", "nn.Module"]),
        (list, ["no model is given"]),
        (lambda: [nn.LSTM(2, 3), None], ["a NoneType is among the models"]),
        (lambda: {"a": nn.LSTM(2, 3), "b": "c"}, ["a str is among the models"]),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_models(tmp_path, model, parts):
    with one_line(RecordingError, *parts):
        lstmviz.record(model(), tmp_path / "a.h5")
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_a_quantised_model(tmp_path):
    model = torch.ao.nn.quantized.dynamic.LSTM(2, 3)
    with one_line(RecordingError, "quantised LSTM", "record the float model"):
        lstmviz.record(holder(rnn=model), tmp_path / "a.h5")


def test_inter_layer_dropout_is_fine_in_eval_mode_and_refused_when_training_begins(tmp_path):
    lstm = nn.LSTM(2, 3, 2, dropout=0.5, batch_first=True).eval()
    with lstmviz.record(lstm, tmp_path / "a.h5") as run:
        with run.batch(tokens=[[1, 2]]):
            lstm(torch.randn(1, 2, 2))
        lstm.train()
        with one_line(RecordingError, "training mode", "model.eval()"), run.batch(tokens=[[1, 2]]):
            lstm(torch.randn(1, 2, 2))
    assert run.n_steps == 2


@pytest.mark.parametrize(
    ("options", "kind", "parts"),
    [
        ({"states": ("h", "x")}, RecordingError, ["'x'", "'h', 'c'"]),
        ({"states": ("r", "z")}, RecordingError, ["'r', 'z'", "'h', 'c'"]),
        ({"layers": "rnn.l2"}, RecordingError, ["'rnn.l2'", "rnn.l0, rnn.l1"]),
        ({"layers": []}, RecordingError, ["rnn.l0, rnn.l1"]),
        ({"layers": [3]}, RecordingError, ["layers has 3", "not a string"]),
        ({"units": [1.5]}, InputError, ["units", "whole numbers"]),
        ({"units": {3: [1]}}, InputError, ["units has 3", "patterns"]),
        ({"every": 0}, InputError, ["every is 0", "whole number"]),
        ({"n_steps": 0}, InputError, ["n_steps is 0"]),
        ({"n_steps": {"code": 3}}, InputError, ["axis 'code'", "text"]),
        ({"features": ["a", "a"]}, InputError, ["features has 'a' twice"]),
        ({"axes": {}}, RecordingError, ["axes is {}", "encoder*"]),
        ({"axes": {"a": "rnn", "b": "*"}}, RecordingError, ["rnn is on both 'a' and 'b'"]),
        ({"axes": {"a": "enc*"}}, RecordingError, ["rnn is on none of the axes", "a: enc*"]),
        ({"axes": {"a": "rnn", "b": "dec*"}}, RecordingError, ["axes['b'] asks for 'dec*'", "rnn"]),
        ({"states": ()}, RecordingError, ["nothing", "'h', 'c'"]),
        ({"dtype": "int8"}, RecordingError, ["'int8'", "float16, float32, float64"]),
        ({"vocab": ["a", 1]}, RecordingError, ["vocab[1] is 1", "not a string"]),
        ({"vocab": []}, RecordingError, ["vocab is empty"]),
        ({"vocab": {"a": 0, "b": 0}}, RecordingError, ["id 0", "'a' and 'b'"]),
        ({"vocab": {"a": 0, "b": 2000}}, RecordingError, ["2 entries", "none for id 1"]),
        ({"join": 3}, RecordingError, ["join 3 is not a string"]),
        ({"axis": "a\tb"}, RecordingError, ["'a\\tb'", "no control characters"]),
        ({"axis": 3}, RecordingError, ["axis name 3 is not a string"]),
    ],
)
def test_options(tmp_path, options, kind, parts):
    with one_line(kind, *parts):
        lstmviz.record(Model(), tmp_path / "a.h5", **options)


def test_places_that_are_taken(tmp_path):
    (tmp_path / "a.h5").write_text("mine")
    with one_line(DumpExists, "a.h5 is already there", "overwrite=True"):
        lstmviz.record(Model(), tmp_path / "a.h5")
    with one_line(DumpExists, "is a folder", "run.h5"):
        lstmviz.record(Model(), tmp_path, overwrite=True)
    with one_line(RecordingError, "no folder", "make it"):
        lstmviz.record(Model(), tmp_path / "no" / "a.h5")
    parts_of(tmp_path / "b.h5").mkdir()
    with one_line(DumpExists, "unfinished recording", "`lstmviz recover ", "or record to another path"):
        lstmviz.record(Model(), tmp_path / "b.h5", overwrite=True)


def test_a_second_recording_to_one_path(tmp_path):
    model = Model().eval()
    second = lstmviz.record(model, tmp_path / "a.h5")
    with lstmviz.record(model, tmp_path / "a.h5") as run:
        with one_line(DumpExists, "a recording still writes to", "a.h5.parts"), second:
            pass
        with run.batch(tokens=[[1]]):
            model(torch.tensor([[1]]))


def test_a_recording_is_entered_once_and_used_inside(tmp_path):
    model = Model().eval()
    run = lstmviz.record(model, tmp_path / "a.h5")
    with one_line(RecordingError, "not open", "with lstmviz.record"):
        run.batch(tokens=[[1]])
    with run, run.batch(tokens=[[1]]):
        model(torch.tensor([[1]]))
    with one_line(RecordingError, "entered once"):
        run.__enter__()


def test_no_batch_leaves_no_file(tmp_path):
    with one_line(RecordingError, "no batch was recorded", "run.batch"), lstmviz.record(Model(), tmp_path / "a.h5"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"tokens": IDS[0]}, ["shape (4,)", "(batch, steps)"]),
        ({"tokens": IDS + 0.5}, ["token id 1.5 at step 0 of sequence 0 is not a whole number", "inputs="]),
        ({"tokens": [["a", 2]]}, ["tokens hold 2 at step 1 of sequence 0", "strings only"]),
        ({"tokens": [[], []]}, ["tokens have shape (2, 0)"]),
        ({"tokens": ["", ""]}, ["tokens have no token in any sequence", "leave this batch out"]),
        ({"tokens": [["a", None], ["b", "a"]]}, ["tokens hold None at step 1 of sequence 0", "'<unk>'"]),
        ({"tokens": [[1, 2], [3]], "lengths": [1, 1]}, ["lengths[0] is 1", "rows' own lengths", "2"]),
        ({"tokens": IDS, "mask": IDS}, ["mask holds 2 at step 1 of sequence 0", "True or False"]),
        ({"tokens": IDS, "mask": IDS.T > 0}, ["mask has (batch, steps) (4, 2)", "did you pass (steps, batch)?"]),
        ({"tokens": IDS, "mask": IDS != 6}, ["leaves out step 1 inside sequence 1", "where="]),
        ({"tokens": IDS, "mask": IDS > 1, "lengths": [4, 4]}, ["lengths[0] is 4", "by mask sequence 0 has 3"]),
        ({"tokens": IDS, "where": IDS[0] > 1}, ["where has shape (4,)", "(batch, steps)"]),
        ({"inputs": IDS}, ["inputs have shape (2, 4)", "n_features", "x[..., None]"]),
        ({"tokens": IDS, "continues": 2}, ["continues is int64", "True, False"]),
        ({"tokens": IDS, "sequence_tracks": {"d": IDS}}, ["track 'd' has shape (2, 4)", "(2,)"]),
        ({"tokens": IDS, "sequence_tracks": {"start": [1, 2]}}, ["'start'", "choose another name"]),
        ({"tokens": IDS, "tracks": {"d": IDS}, "sequence_tracks": {"d": [1, 2]}}, ["'d' is there twice"]),
        ({"tokens": IDS, "passes": [lstmviz.Pass()]}, ["tokens= and passes= are both given"]),
        ({"passes": [IDS]}, ["one or more lstmviz.Pass"]),
        ({"passes": [lstmviz.Pass(), lstmviz.Pass(tokens=IDS)]}, ["passes[0] says nothing about its sequences"]),
        ({"tokens": {"txt": IDS}}, ["tokens is given for axis 'txt'", "text"]),
        ({"tokens": np.zeros((2, 0), int)}, ["shape (2, 0)"]),
        ({"tokens": torch.tensor([[1, 2], [3, 11]])}, ["token id 11 at step 1 of sequence 1", "0 to 10"]),
        ({"tokens": torch.tensor([[1, -1], [3, 11]])}, ["token id -1 at step 1 of sequence 0", "0 to 10"]),
        ({"tokens": IDS, "lengths": [4]}, ["shape (1,)", "2 sequences"]),
        ({"tokens": IDS, "lengths": [4, 5]}, ["lengths[1] is 5", "0 to 4 steps"]),
        ({"tokens": IDS, "lengths": [-1, 4]}, ["lengths[0] is -1", "0 or more steps"]),
        ({"tokens": IDS, "lengths": 4}, ["lengths are int64 of shape ()", "2 sequences"]),
        ({"tokens": IDS, "lengths": [1.5, 4]}, ["lengths[0] is 1.5, not a whole number", "2 sequences"]),
        ({"tokens": IDS, "tracks": {"d": IDS.T}}, ["track 'd'", "did you pass (steps, batch)?"]),
        ({"tokens": IDS, "tracks": {"d": IDS[:, :3]}}, ["track 'd'", "(2, 3)", "step 3 is the first"]),
        ({"tokens": IDS, "tracks": {"d": IDS[:1]}}, ["track 'd'", "(1, 4)", "sequence 1 is the first"]),
        ({"tokens": IDS, "tracks": {"d": IDS[..., None]}}, ["track 'd'", "one value a step"]),
        ({"tokens": IDS, "tracks": {"d": IDS * 1j}}, ["track 'd'", "complex64"]),
        ({"tokens": IDS, "tracks": {"d": [["a", None, {}, "b"]] * 2}}, ["holds {} at step 2 of sequence 0"]),
        (
            {"tokens": IDS, "tracks": {"d": [list("abcd"), ["a", "b", "c", 1]]}},
            ["holds 1 among text at step 3 of sequence 1"],
        ),
        ({"tokens": IDS, "tracks": {"d": [[1, "x", 2, 3]] * 2}}, ["holds 'x' among numbers at step 1 of sequence 0"]),
        (
            {"tokens": IDS, "tracks": {"d": [[b"a", b"\xff", b"c", b"d"]] * 2}},
            ["xff' at step 1 of sequence 0", "UTF-8"],
        ),
        ({"tokens": IDS, "tracks": {"d": [[1, 2, 3, 4], [1]]}}, ["1 values for the 4 steps of sequence 1"]),
        ({"tokens": IDS, "tracks": {3: IDS}}, ["track name 3 is not a string"]),
        ({"tokens": IDS, "tracks": {"a\nb": IDS}}, ["track name 'a\\nb'", "no control characters"]),
        ({"tokens": IDS, "tracks": [IDS]}, ["tracks is a list", "give a dict"]),
    ],
)
def test_batches(tmp_path, given, parts):
    model = Model().eval()
    vocab = list("abcdefghijk")
    with one_line(RecordingError, *parts), lstmviz.record(model, tmp_path / "a.h5", vocab) as run:
        run.batch(**given)
    assert not list(tmp_path.iterdir())


def test_a_track_that_cannot_be_kept_is_refused_before_the_forward_pass(tmp_path):
    model, ran = Model().eval(), []
    with (
        one_line(RecordingError, "track name 3"),
        lstmviz.record(model, tmp_path / "a.h5") as run,
        run.batch(tokens=IDS, tracks={3: IDS}),
    ):
        ran.append(model(IDS))
    assert not ran


def test_padding_is_not_looked_at(tmp_path):
    model = Model().eval()
    ids = torch.tensor([[1, 2], [3, -100]])
    with lstmviz.record(model, tmp_path / "a.h5", list("abcdefghijk")) as run, run.batch(tokens=ids, lengths=[2, 1]):
        model(ids.clamp(min=0))


@pytest.mark.parametrize(
    ("tokens", "parts"),
    [
        (IDS.T, ["rnn ran over 2 sequences x 4 steps", "(4, 2)", "did you pass (steps, batch)?", "ids.T"]),
        (IDS[:, :3], ["tokens are (2, 3)", "step 3 of sequence 0", "a state and no token"]),
        (torch.ones(2, 6, dtype=int), ["tokens are (2, 6)", "step 4 of sequence 0", "a token and no state"]),
        (IDS[:1], ["tokens are (1, 4)", "sequence 1 is the first"]),
    ],
)
def test_tokens_that_are_not_what_ran(tmp_path, tokens, parts):
    model = Model().eval()
    with one_line(RecordingError, *parts), lstmviz.record(model, tmp_path / "a.h5") as run, run.batch(tokens=tokens):
        model(IDS)
    assert not list(tmp_path.iterdir())
    assert not model.rnn._forward_hooks


def test_a_batch_without_or_with_two_forward_passes(tmp_path):
    model = Model().eval()
    with lstmviz.record(model, tmp_path / "a.h5") as run:
        with one_line(RecordingError, "none of rnn ran", "model(ids)"), run.batch(tokens=IDS):
            pass
        with (
            one_line(RecordingError, "rnn ran over 2 sequences x 8 steps in 2 calls", "run.batch for each", "passes="),
            run.batch(tokens=IDS),
        ):
            model(IDS)
            model(IDS)
        with one_line(RecordingError, "already open"), run.batch(tokens=IDS), run.batch(tokens=IDS):
            pass
        with run.batch(tokens=IDS):
            model(IDS)
        assert run.n_steps == 8


def test_a_refusal_that_the_loop_swallows_is_not_acknowledged(tmp_path):
    model = Model().eval()
    with lstmviz.record(model, tmp_path / "a.h5") as run:
        with run.batch(tokens=IDS):
            model(IDS)
        with one_line(RecordingError, "did you pass"), run.batch(tokens=IDS.T):
            try:
                model(IDS)
            except RecordingError:
                model.eval()
    assert run.n_steps == 8


def test_batches_that_differ_from_the_first(tmp_path):
    model = Model().eval()
    with lstmviz.record(model, tmp_path / "a.h5") as run:
        with run.batch(tokens=IDS, tracks={"d": IDS, "part": [["a"] * 4] * 2}):
            model(IDS)
        for tracks, parts in (
            (None, ["track 'd' is in the first batch and not this one"]),
            ({"d": IDS, "part": [["a"] * 4] * 2, "e": IDS}, ["track 'e' is in this batch and not the first"]),
            ({"d": IDS.float(), "part": [["a"] * 4] * 2}, ["track 'd' was int64", "is float32 now"]),
            ({"d": IDS, "part": IDS}, ["track 'part' was text", "is int64 now"]),
        ):
            with one_line(RecordingError, *parts):
                run.batch(tokens=IDS, tracks=tracks)


def test_other_modules_than_in_the_first_batch(tmp_path):
    model = holder(a=nn.LSTM(2, 3, batch_first=True), b=nn.LSTM(2, 3, batch_first=True))
    x = torch.zeros(2, 4, 2)
    with lstmviz.record(model, tmp_path / "a.h5") as run:
        with run.batch(tokens=IDS):
            model["a"](x)
        with one_line(RecordingError, "b.l0.c", "run the same modules in each"), run.batch(tokens=IDS):
            model["a"](x)
            model["b"](x)


def test_a_cell_state_beyond_float16(tmp_path):
    lstm = nn.LSTM(1, 2, batch_first=True)
    hx = (torch.zeros(1, 1, 2), torch.tensor([[[0.0, 2e5]]]))
    with torch.no_grad():
        lstm.bias_ih_l0[2:4] = 20.0
    with lstmviz.record(lstm, tmp_path / "a.h5", dtype="float32") as run, run.batch(tokens=[[1, 1]]):
        lstm(torch.zeros(1, 2, 1), hx)
    with (
        one_line(RecordingError, "lstm.l0.c reaches 200000", "step 0 of sequence 0, unit 1", 'dtype="float32"'),
        lstmviz.record(lstm, tmp_path / "b.h5") as run,
        run.batch(tokens=[[1, 1]]),
    ):
        lstm(torch.zeros(1, 2, 1), hx)


def test_a_pass_inside_a_transform_of_torch_func(tmp_path):
    rnn = nn.LSTM(2, 3, batch_first=True).eval()
    for transform in (lambda f: torch.func.grad(lambda x: f(x).sum()), torch.func.vmap):
        with (
            one_line(RecordingError, "torch.func", "record a pass of the model itself"),
            lstmviz.record(rnn, tmp_path / "a.h5") as run,
            run.batch(),
        ):
            transform(lambda x: rnn(x)[0])(torch.zeros(1, 4, 2))
