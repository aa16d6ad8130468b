"""Several time axes, several passes, what is logged and predicted, and models of cells of their own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.axes import matches
from support.models.layer_norm_lstm import LayerNormModel
from support.models.siamese import Siamese
from support.recording import IDS, Model, one_line, valid_rows


class EncoderDecoder(nn.Module):
    """The decoder is called once for each target token."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict({"rnn": nn.LSTM(2, 3, batch_first=True)})
        self.decoder = nn.LSTM(2, 3, 2, batch_first=True)

    def forward(self, source, target):
        encoded, (h, c) = self.encoder["rnn"](source)
        state = (h.repeat(2, 1, 1), c.repeat(2, 1, 1))
        outputs = []
        for step in range(target.shape[1]):
            out, state = self.decoder(target[:, step : step + 1], state)
            outputs.append(out)
        return encoded, torch.cat(outputs, 1)


AXES = {"source": "encoder", "target": ["dec*"]}


def test_an_encoder_and_a_decoder_on_two_axes(tmp_path):
    torch.manual_seed(0)
    model = EncoderDecoder().eval()
    source, target = torch.randn(2, 5, 2), torch.randn(2, 3, 2)
    options = {"axes": AXES, "vocab": {"source": list("abcdef"), "target": ["x", "yy", "z"]}, "dtype": "float32"}
    with lstmviz.record(model, tmp_path / "a.h5", **options) as run:
        with run.batch(
            tokens={"source": torch.arange(10).view(2, 5) % 6, "target": [["x", "yy", "z"], ["z", "z"]]},
            lengths={"source": [5, 4]},
            tracks={"target": {"depth": [[1, 2, 3], [4, 5]]}},
            sequence_tracks={"source": {"who": ["ann", "bob"]}},
        ):
            encoded, decoded = model(source, target)
        assert run.n_steps == 14
    dump = DumpReader(tmp_path / "a.h5")
    assert list(dump.axes) == ["source", "target"]
    assert {n: s.axis for n, s in dump.sources.items()} == {
        **dict.fromkeys(["encoder.rnn.l0.h", "encoder.rnn.l0.c"], "source"),
        **dict.fromkeys([f"decoder.l{k}.{s}" for k in range(2) for s in "hc"], "target"),
    }
    assert np.array_equal(dump.states("encoder.rnn.l0.h")[:], valid_rows(encoded, [5, 4]))
    assert np.array_equal(dump.states("decoder.l1.h")[:], valid_rows(decoded, [3, 2]))
    assert dump.axis("source").tokens[:] == list("abcdefabc")
    assert dump.axis("target").tokens.text(0, 3) == "x yy z"
    assert dump.axis("target").tracks["depth"][:].tolist() == [1, 2, 3, 4, 5]
    assert dump.axis("source").sequences["who"].tolist() == ["ann", "bob"]


@pytest.mark.parametrize(
    ("options", "given", "parts"),
    [
        ({}, {}, ["encoder.rnn ran over 2 sequences x 5 steps and decoder over 2 sequences x 3", "axes={"]),
        ({}, {"tokens": torch.zeros(2, 5, dtype=int)}, ["decoder ran over 2 sequences x 3 steps in 3 calls", "axes={"]),
        ({"axes": AXES}, {"tokens": [[1]]}, ["axes source, target", "tokens={'source'"]),
        ({"axes": AXES}, {"tracks": {"d": [[1]]}}, ["axes source, target", "tracks={'source'"]),
        ({"axes": AXES}, {"lengths": {"src": [1]}}, ["lengths is given for axis 'src'", "source, target"]),
        (
            {"axes": AXES, "vocab": {"source": ["a"], "tgt": ["b"]}},
            {},
            ["vocab is given for axis 'tgt'", "source, target"],
        ),
        ({"axes": {**AXES, "third": []}}, {}, ["nothing ran on axis 'third' in the first batch"]),
    ],
)
def test_axes_that_are_not_told_apart(tmp_path, options, given, parts):
    model = EncoderDecoder().eval()
    with (
        one_line(RecordingError, *parts),
        lstmviz.record(model, tmp_path / "a.h5", **options) as run,
        run.batch(**given),
    ):
        model(torch.zeros(2, 5, 2), torch.zeros(2, 3, 2))
    assert not list(tmp_path.iterdir())


def test_an_axis_may_rest_in_a_later_batch(tmp_path):
    model = EncoderDecoder().eval()
    source, target = torch.randn(2, 5, 2), torch.randn(2, 3, 2)
    with lstmviz.record(model, tmp_path / "a.h5", axes=AXES, dtype="float32", every=2) as run:
        with run.batch(tokens={"source": torch.zeros(2, 5, dtype=int)}):
            model(source, target)
        with run.batch(tokens={"source": torch.zeros(2, 5, dtype=int)}):
            model.encoder["rnn"](source)
        with (
            one_line(RecordingError, "none of encoder.rnn ran", "give nothing for axis 'source'"),
            run.batch(tokens={"source": torch.zeros(2, 5, dtype=int)}),
        ):
            model.decoder(target)
    dump = DumpReader(tmp_path / "a.h5")
    assert [a.n_steps for a in dump.axes.values()] == [12, 4]
    assert dump.axis("target").tokens is None
    assert list(dump.axis("target").tracks) == ["target.document", "target.position"]


def test_a_stream_of_one_axis_beside_another(tmp_path):
    model = EncoderDecoder().eval()
    with lstmviz.record(model, tmp_path / "a.h5", axes=AXES) as run:
        for _ in range(2):
            with run.batch(continues={"source": False, "target": True}):
                model(torch.randn(2, 5, 2), torch.randn(2, 3, 2))
    axes = DumpReader(tmp_path / "a.h5").axes
    assert axes["source"].sequences["stop"].tolist() == [5, 10, 15, 20]
    assert axes["target"].sequences["stop"].tolist() == [6, 12]


@pytest.mark.parametrize(
    ("pattern", "is_found"),
    [
        ("encoder", True),
        ("encoder.rnn", True),
        ("enc*", True),
        ("*", True),
        ("encoder.rnn.l0", True),
        ("*.l0", True),
        ("coder", False),
        ("encoder.rnn.l", False),
        ("ENCODER", False),
    ],
)
def test_patterns_fit_a_module_what_holds_it_and_a_layer(pattern, is_found):
    assert matches(pattern, "encoder.rnn", "encoder.rnn.l0") == is_found


def test_passes_of_one_module(tmp_path):
    torch.manual_seed(0)
    model = Siamese(9).eval()
    left, right = torch.randint(0, 9, (2, 6)), torch.randint(0, 9, (3, 4))
    both = [lstmviz.Pass(tokens=left, lengths=[6, 2], sequence_tracks={"side": ["left"] * 2})]
    both.append(lstmviz.Pass(tokens=right, sequence_tracks={"side": ["right"] * 3}))
    with lstmviz.record(model, tmp_path / "a.h5", dtype="float32", states="h") as run:
        with one_line(RecordingError, "track 'side' is in the first pass and not this one"):  # noqa: SIM117
            with run.batch(passes=[both[0], lstmviz.Pass(tokens=right)]):
                for ids in (left, right):
                    model.encoder(model.embed(ids))
        with run.batch(passes=both):
            a, b = (model.encoder(model.embed(ids))[0] for ids in (left, right))
            for made in (a, b):
                run.log("doubled", made * 2)
                run.predictions(torch.zeros(*made.shape[:2], 4), top_k=1)
        with one_line(RecordingError, "encoder ran over 1 of 2 passes"), run.batch(passes=both):
            model.encoder(model.embed(left))
        with one_line(RecordingError, "3 sequences x 8 steps in 2 calls", "passes="), run.batch(passes=both):
            for ids in (left, right, right):
                model.encoder(model.embed(ids))
    dump = DumpReader(tmp_path / "a.h5")
    expected = np.concatenate([valid_rows(a, [6, 2]), valid_rows(b, [4, 4, 4])])
    assert np.array_equal(dump.states("encoder.l0.h")[:], expected)
    assert np.array_equal(dump.states("doubled")[:], 2 * expected)
    assert dump.sequences["side"].tolist() == ["left"] * 2 + ["right"] * 3
    assert dump.sequences["stop"].tolist() == [6, 8, 12, 16, 20]
    assert dump.tokens[:] == [str(i) for i in [*left[0].tolist(), *left[1, :2].tolist(), *right.flatten().tolist()]]
    assert np.allclose(dump.tracks["p1"][:], 0.25)


def test_one_pass_that_stops_at_the_longest_length(tmp_path):
    lstm, lengths = nn.LSTM(1, 2, batch_first=True), ([3, 1], [2])
    x = [torch.randn(2, 3, 1), torch.randn(1, 2, 1)]
    with (
        lstmviz.record(lstm, tmp_path / "a.h5", dtype="float32") as run,
        run.batch(passes=[lstmviz.Pass(lengths=n) for n in lengths]),
    ):
        own = [lstm(part)[0] for part in x]
    expected = np.concatenate([valid_rows(o, n) for o, n in zip(own, lengths, strict=True)])
    assert np.array_equal(DumpReader(tmp_path / "a.h5").states("lstm.l0.h")[:], expected)


def test_a_model_of_a_cell_of_its_own_is_logged(tmp_path):
    torch.manual_seed(0)
    model = LayerNormModel(9).eval()
    ids = torch.randint(0, 9, (2, 5))
    state, buffer, expected = (torch.zeros(2, 6), torch.zeros(2, 6)), torch.zeros(2, 6), []
    with (
        torch.no_grad(),
        lstmviz.record(model, tmp_path / "a.h5", dtype="float32") as run,
        run.batch(tokens=ids, lengths=[5, 3]),
    ):
        for x in model.embed(ids).unbind(1):
            state = model.cell(x, state)
            buffer.copy_(state[1])  # a loop may write over what it logged
            run.log_step("cell.c", buffer, view="tanh")
            run.log_step("gap", (state[0] - state[1]).abs().sum(1).numpy())
            expected.append(state[1])
        run.log("count", torch.arange(5).expand(2, 5))
    dump = DumpReader(tmp_path / "a.h5")
    assert [(s.name, s.n_units, s.view) for s in dump.sources.values()] == [
        ("cell.c", 6, "tanh"),
        ("gap", 1, "raw"),
        ("count", 1, "raw"),
    ]
    assert np.array_equal(dump.states("cell.c")[:], valid_rows(torch.stack(expected, 1), [5, 3]))
    assert dump.states("count")[:, 0].tolist() == [0, 1, 2, 3, 4, 0, 1, 2]


def test_what_is_logged_lies_behind_the_modules(tmp_path):
    model = Model(n_layers=1).eval()
    with lstmviz.record(model, tmp_path / "a.h5") as run, run.batch(IDS):
        run.log("entropy", torch.zeros(2, 4))
        model(IDS)
    assert list(DumpReader(tmp_path / "a.h5").sources) == ["rnn.l0.h", "rnn.l0.c", "entropy"]


@pytest.mark.parametrize(
    ("log", "kind", "parts"),
    [
        (lambda run: run.log("a", torch.zeros(2)), InputError, ["'a' was logged with shape (2,)", "(batch, steps, n)"]),
        (lambda run: run.log("a\nb", torch.zeros(2, 4)), InputError, ["'a\\nb'", "no control"]),
        (lambda run: run.log("a", torch.zeros(2, 4), view="log"), InputError, ["view 'log' of 'a'", "'tanh'"]),
        (lambda run: run.log("a", torch.zeros(2, 4), axis="code"), InputError, ["'code'", "text"]),
        (lambda run: run.log("a", torch.zeros(2, 4) * 1j), InputError, ["complex", "values.abs()"]),
        (lambda run: run.log("a", "abc"), InputError, ["'a'", "not an array"]),
        (lambda run: run.log("a", torch.zeros(2, 3)), RecordingError, ["logged for 2 sequences x 3 steps", "(2, 4)"]),
        (lambda run: run.log("a", torch.zeros(4, 2)), RecordingError, ["logged for 4 sequences", "(steps, batch)?"]),
        (
            lambda run: run.log("rnn", torch.zeros(2, 4)),
            InputError,
            ["'rnn' is the name of a recorded module's states"],
        ),
        (lambda run: run.log("rnn.l0.h", torch.zeros(2, 4)), RecordingError, ["'rnn.l0.h' is a source already"]),
        (lambda run: run.log_step("a", torch.zeros(2, 4, 1)), RecordingError, ["logged for 2 sequences", "(2, 4)"]),
        (lambda run: run.predictions(torch.zeros(2, 3, 11)), InputError, ["(2, 3, 11)", "predict once after each"]),
        (lambda run: run.predictions(torch.zeros(2, 4, 11), concerns="now"), InputError, ["'now'", "'next'"]),
        (lambda run: [run.predictions(torch.zeros(2, 4, 11)) for _ in "ab"], RecordingError, ["called 2 times"]),
    ],
)
def test_what_cannot_be_logged(tmp_path, log, kind, parts):
    model = Model().eval()
    with one_line(kind, *parts), lstmviz.record(model, tmp_path / "a.h5") as run, run.batch(IDS):
        model(IDS)
        log(run)
    assert not list(tmp_path.iterdir())


def test_logging_is_for_a_batch_that_runs(tmp_path):
    model = Model().eval()
    with lstmviz.record(model, tmp_path / "a.h5") as run:
        with one_line(RecordingError, "run.log is for a batch that runs", "run.batch"):
            run.log("a", torch.zeros(2, 4))
        with run.batch(IDS):
            model(IDS)
    assert run.n_steps == 8


def test_a_model_without_recurrent_modules_says_so_when_nothing_was_logged(tmp_path):
    model = nn.Linear(2, 3)
    with (
        one_line(RecordingError, "no recurrent module", "run.log"),
        lstmviz.record(model, tmp_path / "a.h5") as run,
        run.batch(IDS),
    ):
        model(torch.zeros(2))
    with (
        one_line(RecordingError, "only tracks were made", "run.log"),
        lstmviz.record(model, tmp_path / "a.h5") as run,
        run.batch(lengths=[4, 4]),
    ):
        run.predictions(torch.zeros(2, 4, 3))


@pytest.mark.parametrize("has_targets", [True, False])
def test_predictions_are_tracks_that_concern_the_next_token(tmp_path, has_targets):
    torch.manual_seed(0)
    model, words = Model().eval(), [f"w{i}" for i in range(11)]
    targets = torch.cat([IDS[:, 1:], torch.full((2, 1), -100)], 1)
    with lstmviz.record(model, tmp_path / "a.h5", words) as run, run.batch(IDS, lengths=[4, 2]):
        logits = model(IDS)
        run.predictions(logits, targets if has_targets else None, top_k=2)
    tracks = DumpReader(tmp_path / "a.h5").tracks
    names = ["top1", "p1", "top2", "p2", *(["loss", "right"] if has_targets else [])]
    assert [(t.info.name, t.info.concerns, t.info.group) for t in tracks.values()] == [
        (n, "next", "predictions") for n in names
    ]
    p = logits.detach().softmax(-1)
    rows = [(b, t) for b, n in ((0, 4), (1, 2)) for t in range(n)]
    for k in (0, 1):
        best = [int(p[b, t].argsort(descending=True)[k]) for b, t in rows]
        assert [tracks[f"top{k + 1}"].labels[i] for i in tracks[f"top{k + 1}"][:]] == [words[i] for i in best]
        expected = [float(p[b, t, i]) for (b, t), i in zip(rows, best, strict=True)]
        assert np.allclose(tracks[f"p{k + 1}"][:], expected, atol=1e-6)
    if has_targets:
        expected = [float(-p[b, t, targets[b, t]].log()) if targets[b, t] >= 0 else np.nan for b, t in rows]
        assert np.allclose(tracks["loss"][:], expected, equal_nan=True, atol=1e-5)
        assert tracks["right"][3] == -1


def test_a_tagger_s_and_a_classifier_s_predictions(tmp_path):
    model, tags = Model().eval(), ["noun", "verb"]
    scores = torch.tensor([[[2.0, 0], [0, 2], [2, 0], [0, 2]]] * 2)
    with lstmviz.record(model, tmp_path / "a.h5", [f"w{i}" for i in range(11)]) as run, run.batch(IDS):
        model(IDS)
        run.predictions(scores, top_k=1, labels=tags, concerns="step")
    track = DumpReader(tmp_path / "a.h5").tracks["top1"]
    assert (track.info.concerns, [track.labels[i] for i in track[:4]]) == ("step", ["noun", "verb", "noun", "verb"])
    with lstmviz.record(model, tmp_path / "b.h5") as run, run.batch(IDS):
        model(IDS)
        run.predictions(torch.tensor([[2.0, 1.0], [0.0, 5.0]]), torch.tensor([0, 0]), labels=tags)
    dump = DumpReader(tmp_path / "b.h5")
    assert dump.sequences["predicted"].tolist() == tags
    assert dump.sequences["right"].tolist() == ["right", "wrong"]
