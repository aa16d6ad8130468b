"""A mistake that people make is guessed: the one line says what to write instead."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, RecordingError
from support.recording import IDS, WORDS, Model, holder, one_line


def lstm() -> nn.LSTM:
    return nn.LSTM(1, 2, batch_first=True)


def x(*shape: int) -> torch.Tensor:
    return torch.zeros(*shape, 1)


def test_a_module_that_begins_anew_needs_passes(tmp_path):
    rnn = lstm()
    with lstmviz.record(rnn, tmp_path / "a.h5") as run:
        with (
            one_line(RecordingError, "lstm starts without a state", "call 2", "passes=[lstmviz.Pass(tokens=...)"),
            run.batch(),
        ):
            rnn(x(2, 3))
            rnn(x(2, 4))
        with run.batch():
            _, state = rnn(x(2, 3))
            rnn(x(2, 4), state)
    assert DumpReader(tmp_path / "a.h5").sequences["stop"].tolist() == [7, 14]


@pytest.mark.parametrize(
    ("shape", "guess"), [((3, 2, 4), "log values.transpose(0, 1)"), ((2, 5, 4), "log one row for every step")]
)
@pytest.mark.parametrize("given", [{}, {"tokens": [[1, 2, 3], [4, 5, 6]]}])
@pytest.mark.parametrize("is_first", [True, False])
def test_what_is_logged_in_another_shape(tmp_path, given, shape, guess, is_first):
    rnn = lstm()
    with lstmviz.record(rnn, tmp_path / "a.h5") as run:
        with one_line(RecordingError, "mine was logged for", guess) as caught, run.batch(**given):
            if is_first:
                run.log("mine", torch.zeros(shape))
            rnn(x(2, 3))
            if not is_first:
                run.log("mine", torch.zeros(shape))
        assert "axes" not in str(caught.value)
        with run.batch(tokens=[[1]]):
            rnn(x(1, 1))


def test_a_where_that_keeps_nothing(tmp_path):
    rnn = lstm()
    with one_line(RecordingError, "where= left out every step", "True at the steps to keep"):  # noqa: SIM117
        with lstmviz.record(rnn, tmp_path / "a.h5") as run, run.batch(tokens=[[1, 2]], where=[[False, False]]):
            rnn(x(1, 2))


def test_a_module_that_runs_in_some_batches_only(tmp_path):
    model = holder(a=lstm(), b=lstm())
    with lstmviz.record(model, tmp_path / "a.h5", states="h") as run:
        for names in ("ab", "a"):
            if names == "a":
                caught = one_line(RecordingError, "b (b.l0.h) ran in the first batch and not in this", "layers=['a']")
                with caught, run.batch(tokens=[[1]]):
                    model["a"](x(1, 1))
                continue
            with run.batch(tokens=[[1]]):
                for name in names:
                    model[name](x(1, 1))
        with one_line(RecordingError, "mine (mine) ran in this batch and not in the first"), run.batch(tokens=[[1]]):
            for name in "ab":
                model[name](x(1, 1))
            run.log("mine", torch.zeros(1, 1))


def test_a_source_that_changes_its_size(tmp_path):
    rnn = lstm()
    with lstmviz.record(rnn, tmp_path / "a.h5", states="h") as run:
        with run.batch(tokens=[[1]]):
            rnn(x(1, 1))
            run.log("mine", torch.zeros(1, 1, 3))
        with (
            one_line(RecordingError, "mine was logged with units of shape (3,) and then (4,); log one shape"),
            run.batch(tokens=[[1]]),
        ):
            rnn(x(1, 1))
            run.log("mine", torch.zeros(1, 1, 4))


def test_logits_without_a_batch(tmp_path):
    rnn = lstm()
    with lstmviz.record(rnn, tmp_path / "a.h5") as run:
        with one_line(InputError, "logits have shape (3, 7)", "give logits[None]"), run.batch(tokens=[[1, 2, 3]]):
            rnn(x(1, 3))
            run.predictions(torch.randn(3, 7))
        with run.batch(tokens=[[1]]):
            rnn(x(1, 1))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"input_ids": IDS, "attention_mask": torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]])}, [2, 6]),
        ({"input_ids": IDS}, [4, 8]),
        ({"input_ids": [[1, 2], [3]], "attention_mask": [[1, 1], [1]]}, [2, 3]),
    ],
)
def test_what_a_transformers_tokenizer_returns(tmp_path, given, found):
    rnn = lstm()
    with lstmviz.record(rnn, tmp_path / "a.h5", WORDS) as run, run.batch(tokens=given):
        rnn(x(2, 2 if isinstance(given["input_ids"], list) else 4))
    assert DumpReader(tmp_path / "a.h5").sequences["stop"].tolist() == found


@pytest.mark.parametrize("options", [{"features": {"txt": ["a"]}}, {"join": {"txt": ""}}])
def test_an_axis_that_is_not_there(tmp_path, options):
    with one_line(InputError, f"{next(iter(options))} is given for axis 'txt'", "the recording has text"):
        lstmviz.record(lstm(), tmp_path / "a.h5", **options)


@pytest.mark.parametrize("dtype", [torch.float32, np.float32, np.dtype("float32")])
def test_dtypes_of_torch_and_numpy(tmp_path, dtype):
    rnn = lstm()
    with lstmviz.record(rnn, tmp_path / "a.h5", dtype=dtype) as run, run.batch(tokens=[[1]]):
        rnn(x(1, 1))
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.sources["lstm.l0.h"].dtype == dump.provenance["dtype"] == "float32"


def test_whole_numbers_that_become_floats(tmp_path):
    rnn = lstm()
    with lstmviz.record(rnn, tmp_path / "a.h5") as run:
        with run.batch(tokens=[[1]], tracks={"t": [[1]]}):
            rnn(x(1, 1))
        with one_line(RecordingError, "'t' was int64", "float64 now", "give floats from the first batch on"):
            run.batch(tokens=[[1]], tracks={"t": [[1.5]]})


def generate(model: nn.Module, run, n_tokens: int, before: torch.Tensor) -> torch.Tensor:
    """Read a prompt, then the likeliest token again and again; return all that was read."""
    read, fed, state = [before], before, None
    for _ in range(n_tokens):
        y, state = model.rnn(model.embed(fed), state)
        fed = model.out(y[:, -1:]).argmax(2)
        read.append(fed)
    return torch.cat(read[:-1], 1)


def test_tokens_that_are_known_when_they_were_generated(tmp_path):
    model, prompt = Model().eval(), IDS[:, :2] % 11
    with torch.no_grad(), lstmviz.record(model, tmp_path / "a.h5", vocab=WORDS, dtype="float32") as run:
        for _ in range(2):
            with run.batch():
                ids = generate(model, run, 4, prompt)
                run.tokens(ids, sequence_tracks={"n": [1, 2]})
    with torch.no_grad(), lstmviz.record(model, tmp_path / "b.h5", vocab=WORDS, dtype="float32") as run:  # noqa: SIM117
        with run.batch(tokens=ids):
            model(ids)
    found, again = DumpReader(tmp_path / "a.h5"), DumpReader(tmp_path / "b.h5")
    assert found.tokens[:] == again.tokens[:] * 2
    assert found.sequences["n"].tolist() == [1, 2] * 2
    for name in again.sources:
        np.testing.assert_allclose(found.states(name)[:10], again.states(name)[:], atol=1e-6)


def test_tokens_that_do_not_fit_what_was_generated(tmp_path):
    model = Model().eval()
    prompt = IDS[:, :2] % 11
    with torch.no_grad(), lstmviz.record(model, tmp_path / "a.h5", vocab=WORDS) as run:
        for tokens, said in (([[1, 2]] * 2, "step 2"), ([[1, 2, 3, 4, 5, 6]] * 2, "step 5"), ([[1] * 5], "sequence 1")):
            with one_line(RecordingError, "rnn ran over 2 sequences x 5 steps", said), run.batch():
                generate(model, run, 4, prompt)
                run.tokens(tokens)
        with one_line(RecordingError, "given nothing"), run.batch(tokens=prompt):
            run.tokens(prompt)
        with run.batch():
            run.tokens(generate(model, run, 1, prompt))
        with one_line(RecordingError, "run.tokens is for a batch that runs"):
            run.tokens(prompt)
    assert DumpReader(tmp_path / "a.h5").n_steps == 4
