"""Outputs that are no softmax over a vocabulary: yes or no, several labels, numbers, several heads."""

from __future__ import annotations

from enum import Enum

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import lstmviz
from lstmviz.errors import InputError, RecordingError
from support.recording import one_line

IDS = torch.tensor([[1, 2, 3], [3, 4, 5]])


def predicted(path, *calls, ids=IDS, vocab=None):
    """Record a model, and call ``run.predictions`` with each of ``calls``."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(6, 4), nn.LSTM(4, 3, batch_first=True)).eval()
    with torch.no_grad(), lstmviz.record(model, path, vocab) as run, run.batch(tokens=ids):
        model(ids)
        for args, said in calls:
            run.predictions(*args, **said)
    return lstmviz.open_dump(path)


def kept(path, logits, targets=None, **said):
    """Record a model of six words, and keep its predictions."""
    return predicted(path, ((logits, targets), said), vocab=["v", "w", "x", "y", "z", "<pad>"])


def test_one_logit_is_yes_against_no(tmp_path):
    logits, targets = torch.tensor([[-2.0], [0.5]]), torch.tensor([0.0, 1.0])
    dump = predicted(tmp_path / "a.h5", ((logits, targets), {"labels": ["bad", "good"]}))
    assert dump.sequences["predicted"].tolist() == ["bad", "good"]
    yes = torch.sigmoid(logits)[:, 0].numpy()
    assert np.allclose(dump.sequences["p"], [1 - yes[0], yes[1]])
    loss = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], targets, reduction="none")
    assert np.allclose(dump.sequences["loss"], loss)
    steps = torch.randn(2, 3, 1)
    dump = predicted(tmp_path / "b.h5", ((steps,), {"labels": ["no", "yes"], "concerns": "step"}))
    top = dump.tracks["top1"]
    assert [top.labels[i] for i in top[:]] == [("no", "yes")[int(v > 0)] for v in steps.flatten()]


def test_labels_that_are_each_true_or_not(tmp_path):
    logits, targets = torch.randn(2, 3, 4), torch.randint(0, 2, (2, 3, 4))
    labels = ["toxic", "insult", "threat", "obscene"]
    dump = predicted(tmp_path / "a.h5", ((logits, targets), {"kind": "sigmoids", "labels": labels}))
    assert np.allclose(dump.tracks["threat"][:], logits.sigmoid()[..., 2].flatten())
    loss = nn.functional.binary_cross_entropy_with_logits(logits, targets.float(), reduction="none").mean(-1)
    assert np.allclose(dump.tracks["loss"][:], loss.flatten(), atol=1e-6)
    dump = predicted(tmp_path / "b.h5", ((logits[:, 0],), {"kind": "sigmoids", "labels": labels}))
    assert np.allclose(dump.sequences["toxic"], logits[:, 0, 0].sigmoid())


def test_numbers_are_kept_as_they_are(tmp_path):
    mean, scale, truth = torch.randn(2, 3), torch.rand(2, 3), torch.randn(2, 3, 1)
    calls = (
        (((mean, scale),), {"kind": "values", "labels": ["mean", "scale"]}),
        ((mean[..., None], truth), {"kind": "values", "labels": ["forecast"], "name": "rain"}),
    )
    dump = predicted(tmp_path / "a.h5", *calls)
    assert np.allclose(dump.tracks["mean"][:], mean.flatten())
    assert np.allclose(dump.tracks["scale"][:], scale.flatten())
    assert np.allclose(dump.tracks["rain.forecast"][:], mean.flatten())
    assert np.allclose(dump.tracks["rain.loss"][:], (mean[..., None] - truth).abs().flatten())


def test_several_heads_have_names(tmp_path):
    calls = [
        ((torch.randn(2, 3, n),), {"name": name, "top_k": 1, "concerns": "step"}) for name, n in (("a", 3), ("b", 5))
    ]
    dump = predicted(tmp_path / "a.h5", *calls)
    assert {"a.top1", "a.p1", "b.top1", "b.p1"} <= set(dump.tracks)


@pytest.mark.parametrize(
    ("logits", "said", "parts"),
    [
        *(
            (torch.linspace(-most, most, 30).view(2, 3, 5).sigmoid(), {}, ["separate labels", "kind='sigmoids'"])
            for most in (4, 1)
        ),
        (torch.rand(2, 3, 4), {}, ["probabilities of separate labels", "kind='values'", "kind='sigmoids'"]),
        (torch.rand(2, 3, 4), {"kind": "sigmoids"}, ["probabilities already", "kind='values'"]),
        (torch.randn(2, 3, 4), {"labels": ["a", "b"]}, ["labels names 2", "4 scores"]),
        (torch.randn(2, 1), {"labels": ["spam"]}, ["labels names 1", "2 scores"]),
        (torch.randn(6, 4), {}, ["flattened; give logits.view(2, 3, -1)"]),
        (torch.randn(2, 3, 4), {"kind": "logits"}, ["'softmax', 'sigmoids', 'values'"]),
        ((torch.randn(2, 3),) * 2, {"kind": "values", "targets": torch.ones(2, 3)}, ["each output", "under a name="]),
    ],
)
def test_outputs_that_do_not_fit(tmp_path, logits, said, parts):
    with one_line(InputError, *parts):
        predicted(tmp_path / "a.h5", ((logits,), said))


class Head(nn.Module):
    def __init__(self, n: int, *, is_whole: bool) -> None:
        super().__init__()
        self.embed, self.rnn = nn.Embedding(6, 4), nn.LSTM(4, 8, batch_first=True)
        self.out, self.is_whole = nn.Linear(8, n), is_whole

    def forward(self, ids):
        output, (h, _) = self.rnn(self.embed(ids))
        return self.out(h[-1] if self.is_whole else output)


@pytest.mark.parametrize(("n", "is_whole"), [(2, True), (3, False), (9, False)])
def test_a_corpus_through_a_classifier_or_a_tagger_has_no_invented_targets(tmp_path, n, is_whole):
    words = ["<pad>", "a", "b", "c", "d", "e"]
    model = Head(n, is_whole=is_whole)
    path = lstmviz.record_corpus(
        model, ["a b c", "d e"], encode=str.split, path=tmp_path / "a.h5", vocab=words, top_k=1
    )
    dump = lstmviz.open_dump(path)
    if is_whole:
        assert set(dump.sequences["predicted"]) <= {"0", "1"}
        assert "loss" not in dump.sequences
    else:
        assert set(dump.tracks["top1"].labels) <= set(map(str, range(n)))
        assert "loss" not in dump.tracks
        assert dump.tracks["top1"].info.concerns == "step"


def test_fewer_scores_than_words_are_not_named_by_the_vocabulary(tmp_path):
    for k, (n, names) in enumerate([(1, {"0", "1"}), (3, {"0", "1", "2"})]):
        dump = kept(tmp_path / f"{k}.h5", torch.randn(2, 3, n), top_k=1)
        assert set(dump.tracks["top1"].labels) <= names


def test_scores_of_the_shape_of_the_steps_could_be_either(tmp_path):
    with one_line(InputError, "(2, 3), that of the steps", "logits[..., None]", "labels="):
        kept(tmp_path / "a.h5", torch.randn(2, 3))
    assert kept(tmp_path / "b.h5", torch.randn(2, 3), labels=["a", "b", "c"]).sequences["predicted"].notna().all()
    assert set(kept(tmp_path / "c.h5", torch.randn(2, 3), [0, 1]).sequences["right"]) <= {"right", "wrong"}


@pytest.mark.parametrize("scores", [torch.tensor([-2.0, 3.0]), torch.tensor([[-2.0], [3.0]])], ids=["(2,)", "(2, 1)"])
def test_one_score_a_sequence_is_that_of_yes_against_no(tmp_path, scores):
    dump = kept(tmp_path / "a.h5", scores, [0.0, 1.0], labels=["no", "yes"])
    assert dump.sequences["predicted"].tolist() == ["no", "yes"]
    assert dump.sequences["p"].tolist() == pytest.approx(torch.tensor([2.0, 3.0]).sigmoid().tolist())
    assert dump.sequences["right"].tolist() == ["right", "right"]


def test_scores_that_lost_their_batch_of_one(tmp_path):
    dump = predicted(tmp_path / "a.h5", ((torch.tensor(3.0),), {"labels": ["no", "yes"]}), ids=IDS[:1])
    assert dump.sequences["predicted"].tolist() == ["yes"]
    with one_line(InputError, "they have no batch; give logits[None]"):
        predicted(tmp_path / "b.h5", ((torch.randn(4),), {}), ids=IDS[:1])


@pytest.mark.parametrize(
    "labels",
    [["no", "yes"], {"no": 0, "yes": 1}, {0: "no", 1: "yes"}, Enum("Answer", "no yes"), np.array(["no", "yes"])],
)
def test_labels_in_any_form(tmp_path, labels):
    dump = kept(tmp_path / "a.h5", torch.tensor([[0.0, 1], [2, 1]]), labels=labels)
    assert dump.sequences["predicted"].tolist() == ["yes", "no"]
    with one_line(InputError, "labels are 'yes'; give a list"):
        kept(tmp_path / "b.h5", torch.randn(2, 2), labels="yes")


def test_targets_in_any_form(tmp_path):
    logits = torch.tensor([[0.0, 1], [2, 1]])
    forms = ([1, None], [1.0, float("nan")], ["yes", None], torch.tensor([1, -100]))
    for k, targets in enumerate(forms):
        dump = kept(tmp_path / f"{k}.h5", logits, targets, labels=["no", "yes"])
        assert dump.sequences["right"].tolist() == ["right", None]
    with one_line(InputError, "targets have 'perhaps'; give ids or labels"):
        kept(tmp_path / "x.h5", logits, ["yes", "perhaps"], labels=["no", "yes"])
    with one_line(InputError, "targets have [0.5]; give integer ids"):
        kept(tmp_path / "y.h5", logits, [0.5, 1])
    with one_line(InputError, "logits are a tuple, not an array of scores"):
        kept(tmp_path / "z.h5", (logits, None))


def by_batch(path, outputs, **said):
    """Record a batch for each of ``outputs``, which are its predictions."""
    model = nn.Sequential(nn.Embedding(6, 4), nn.LSTM(4, 3, batch_first=True)).eval()
    with torch.no_grad(), lstmviz.record(model, path, overwrite=True) as run:
        for one in outputs:
            with run.batch(tokens=IDS[:1]):
                model(IDS[:1])
                run.predictions(one, **said)
    return lstmviz.open_dump(path)


@pytest.mark.parametrize("shape", [(1,), (1, 1), (1, 3, 1)])
def test_sigmoids_of_one_score_are_told_from_logits_once_there_are_enough(tmp_path, shape):
    torch.manual_seed(0)
    logits = torch.randn(20, *shape) * 3
    said = {"concerns": "step", "top_k": 1} if len(shape) == 3 else {}
    by_batch(tmp_path / "logits.h5", logits, **said)
    by_batch(tmp_path / "untrained.h5", logits / 100 + 0.3, **said)
    for trained in (logits, logits / 100):
        with pytest.raises(InputError, match=r"probabilities of yes .*before the sigmoid, .*kind='values'"):
            by_batch(tmp_path / "a.h5", trained.sigmoid(), **said)


def test_sigmoids_of_several_labels_are_told_from_logits_over_batches(tmp_path):
    torch.manual_seed(0)
    logits = torch.randn(8, 1, 4) * 3
    for kind in ("softmax", "sigmoids"):
        by_batch(tmp_path / f"{kind}.h5", logits, kind=kind)
        with pytest.raises(InputError, match="look like probabilities"):
            by_batch(tmp_path / "a.h5", logits.sigmoid(), kind=kind)


class Sorting(nn.Module):
    """A tagger that sorts its batch by length, and may forget to bring its scores back into order."""

    def __init__(self, *, forgets: bool, bidirectional: bool = False) -> None:
        super().__init__()
        self.embed, self.forgets = nn.Embedding(6, 4), forgets
        self.rnn = nn.LSTM(4, 3, batch_first=True, bidirectional=bidirectional)
        self.out = nn.Linear(3 + 3 * bidirectional, 5)

    def forward(self, ids, lengths):
        lengths, order = lengths.sort(descending=True)
        packed = pack_padded_sequence(self.embed(ids[order]), lengths, batch_first=True)
        scores = self.out(pad_packed_sequence(self.rnn(packed)[0], batch_first=True)[0])
        return scores if self.forgets else scores[order.argsort()]


@pytest.mark.parametrize("bidirectional", [False, True])
def test_scores_in_another_order_than_the_tokens_are_refused(tmp_path, bidirectional):
    ids, lengths = torch.tensor([[1, 0, 0], [3, 4, 0], [2, 1, 5]]), torch.tensor([1, 2, 3])
    right, wrong = (Sorting(forgets=forgets, bidirectional=bidirectional).eval() for forgets in (False, True))
    with torch.no_grad(), lstmviz.record(right, tmp_path / "a.h5") as run, run.batch(tokens=ids, lengths=lengths):
        run.predictions(scores := right(ids, lengths), concerns="step", top_k=1)
    top = lstmviz.open_dump(tmp_path / "a.h5").tracks["top1"]
    best = [str(scores[i, t].argmax().item()) for i, n in enumerate(lengths) for t in range(n)]
    assert [top.labels[i] for i in top[:]] == best
    with (
        torch.no_grad(),
        one_line(InputError, "step 0 of sequence 0 come from sequence 2", "in the order of the tokens"),
        lstmviz.record(wrong, tmp_path / "b.h5") as run,
        run.batch(tokens=ids, lengths=lengths),
    ):
        run.predictions(wrong(ids, lengths), concerns="step")


def test_scores_of_a_square_batch_are_never_transposed(tmp_path):
    ids, embed, rnn, out = (
        torch.tensor([[1, 2, 3], [3, 4, 5], [2, 5, 1]]),
        nn.Embedding(6, 4),
        nn.LSTM(4, 3),
        nn.Linear(3, 6),
    )
    model = nn.ModuleList([embed, rnn, out]).eval()
    with torch.no_grad(), lstmviz.record(model, tmp_path / "a.h5", overwrite=True) as run:
        with run.batch(tokens=ids):
            run.predictions(out(rnn(embed(ids.T))[0]).transpose(0, 1), ids, concerns="step")
        with one_line(InputError, "did you pass (steps, batch, n)", "outputs.transpose(0, 1)"), run.batch(tokens=ids):
            run.predictions(out(rnn(embed(ids.T))[0]), concerns="step")
        with run.batch(tokens=ids):  # of the step before, which is the model's affair
            scores = out(rnn(embed(ids.T))[0]).transpose(0, 1)
            run.predictions(torch.cat([torch.zeros(3, 1, 6), scores[:, :-1]], dim=1), ids, concerns="step")


def test_true_and_false_are_targets_of_two_labels(tmp_path):
    logits = torch.tensor([[2.0, -1.0], [0.5, 1.0]])
    dump = predicted(tmp_path / "a.h5", ((logits, [False, True]), {"labels": ["ham", "spam"]}))
    assert dump.sequences["right"].tolist() == ["right", "right"]
    with one_line(InputError, "targets have bool", "integer ids"):
        predicted(tmp_path / "b.h5", ((torch.randn(2, 3), [False, True]), {}))


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda run: run.track("x", torch.ones(3, 2)), ["track 'x' has shape (3, 2)", "transposed"]),
        (lambda run: run.track("x", torch.ones(2, 4)), ["track 'x' has shape (2, 4) and (2, 3) ran", "each step"]),
        (lambda run: run.track("x", torch.ones(2, 2)), ["track 'x' has shape (2, 2)", "each step"]),
        (lambda run: run.track("x", torch.ones(3)), ["track 'x' has shape (3,) and (2,) ran", "each sequence"]),
        (lambda run: [run.track("x", [1, 2]) for _ in "ab"], ["run.track('x', values) was called 2 times"]),
        (lambda run: [run.predictions(torch.randn(2, 4)) for _ in "ab"], ["2 times", "name= of its own"]),
    ],
)
def test_values_given_inside_the_batch_that_do_not_fit(tmp_path, call, parts):
    model = nn.Sequential(nn.Embedding(6, 4), nn.LSTM(4, 3, batch_first=True)).eval()
    with (
        torch.no_grad(),
        one_line(RecordingError, *parts),
        lstmviz.record(model, tmp_path / "a.h5") as run,
        run.batch(tokens=IDS),
    ):
        model(IDS)
        call(run)
