"""Predictions against a loop in plain float64, and the mistakes that are guessed."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmviz.errors import InputError
from lstmviz.recording.batch import predictions
from lstmviz.recording.batch.predictions import class_predictions, token_predictions
from support.budget import examples


def softmax_of(row: list[float]) -> list[float]:
    top = max(row)
    powers = [math.exp(x - top) for x in row]
    return [p / math.fsum(powers) for p in powers]


def check_row(found: dict[str, np.ndarray], at: tuple[int, ...], row: list[float], target: int, k: int) -> None:
    p = softmax_of(row)
    order = sorted(range(len(row)), key=lambda i: -row[i])[:k]
    assert [found[f"top{i + 1}"][at] for i in range(k)] == [f"w{i}" for i in order]
    assert [found[f"p{i + 1}"][at] for i in range(k)] == pytest.approx([p[i] for i in order], rel=1e-5)
    if target < 0:
        assert math.isnan(found["loss"][at])
        assert found["right"][at] is None
    else:
        assert found["loss"][at] == pytest.approx(-math.log(p[target]), rel=1e-5, abs=1e-6)
        assert found["right"][at] == ("right" if target == order[0] else "wrong")


@examples(40)
@given(
    n_batch=st.integers(1, 3),
    n_steps=st.integers(1, 5),
    n_vocab=st.integers(2, 9),
    top_k=st.integers(1, 12),
    piece=st.integers(1, 60),
    is_double=st.booleans(),
    is_strided=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_every_value_is_that_of_a_plain_loop(n_batch, n_steps, n_vocab, top_k, piece, is_double, is_strided, seed):
    generator = torch.Generator().manual_seed(seed)
    kind = torch.float64 if is_double else torch.float32
    logits = torch.randn(n_batch, n_steps, n_vocab, generator=generator, dtype=kind) * 8
    if is_strided:
        logits = logits.transpose(0, 1).contiguous().transpose(0, 1)
    targets = torch.randint(-1, n_vocab, (n_batch, n_steps), generator=generator)
    labels = [f"w{i}" for i in range(n_vocab)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictions, "_CHUNK", piece)
        found = token_predictions(logits, targets, (n_batch, n_steps), top_k=top_k, labels=labels)
    k = min(top_k, n_vocab)
    assert len(found) == 2 * k + 2
    for b in range(n_batch):
        for t in range(n_steps):
            check_row(found, (b, t), logits[b, t].tolist(), int(targets[b, t]), k)


def test_log_probabilities_give_what_logits_give():
    logits = torch.randn(2, 3, 7)
    targets = torch.tensor([[1, -100, 6], [0, 3, 3]])
    a = token_predictions(logits, targets, (2, 3))
    b = token_predictions(logits.log_softmax(2).numpy(), targets.tolist(), (2, 3))
    for name, values in a.items():
        if values.dtype == object:
            assert values.tolist() == b[name].tolist()
        else:
            np.testing.assert_allclose(values, b[name], rtol=1e-5, atol=1e-6)


def test_the_loss_is_that_of_cross_entropy_for_large_logits_and_small_losses():
    logits = torch.tensor([[[1000.0, 990.0, 0.0], [-1e4, -1e4 + 20, -2e4]]])
    found = token_predictions(logits, [[0, 1]], (1, 2))
    assert found["loss"][0].tolist() == pytest.approx([math.log1p(math.exp(-10)), math.exp(-20)], abs=1e-7)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_worked_on_in_float32(dtype):
    logits = torch.randn(1, 4, 300).to(dtype)
    low = token_predictions(logits, [[0, 1, 2, 3]], (1, 4))
    high = token_predictions(logits.float(), [[0, 1, 2, 3]], (1, 4))
    assert np.array_equal(low["loss"], high["loss"])


def test_nan_says_nothing_and_minus_infinity_is_never_likely():
    logits = torch.tensor([[[0.0, float("nan")], [0.0, -math.inf], [-math.inf, -math.inf]]])
    found = token_predictions(logits, [[0, 0, 0]], (1, 3), labels=["a", "b"])
    assert found["top1"][0].tolist() == [None, "a", None]
    assert found["right"][0].tolist() == [None, "right", None]
    assert found["p2"][0, 1] == 0
    assert np.isnan(found["loss"][0, [0, 2]]).all()
    assert found["loss"][0, 1] == 0


def test_no_targets_no_loss_and_ids_past_the_vocabulary_are_shown_as_ids():
    found = token_predictions(torch.tensor([[[0.0, 2.0, 1.0]]]), None, (1, 1), top_k=2, labels=["a"])
    assert list(found) == ["top1", "p1", "top2", "p2"]
    assert (found["top1"][0, 0], found["top2"][0, 0]) == ("<1>", "<2>")
    assert token_predictions(torch.tensor([[[0.0, 2.0]]]), None, (1, 1))["top1"][0, 0] == "1"


def test_logits_keep_their_graph_and_values():
    logits = torch.randn(2, 3, 5, requires_grad=True)
    before = logits.detach().clone()
    token_predictions(logits, torch.zeros(2, 3, dtype=torch.long), (2, 3))
    assert torch.equal(logits.detach(), before)
    assert logits.requires_grad
    assert logits.grad is None


def test_a_classifiers_predictions_are_one_a_sequence():
    logits = torch.tensor([[0.0, 3.0], [1.0, 0.0], [0.0, 1.0]])
    found = class_predictions(logits, [1, 1, -1], 3, labels=["no", "yes"])
    assert found["predicted"].tolist() == ["yes", "no", "yes"]
    assert found["right"].tolist() == ["right", "wrong", None]
    assert found["p"].tolist() == pytest.approx([1 / (1 + math.exp(-3)), *[1 / (1 + math.exp(-1))] * 2])
    assert found["loss"][:2].tolist() == pytest.approx([math.log1p(math.exp(-3)), math.log1p(math.e)])
    assert set(class_predictions(logits, None, 3)) == {"predicted", "p"}


@pytest.mark.parametrize(
    ("logits", "targets", "said"),
    [
        (torch.zeros(3, 2, 5), None, r"\(3, 2, 5\) and \(2, 3, n_vocab\).*did you pass \(steps, batch, n_vocab\)"),
        (torch.zeros(2, 5, 3), None, r"did you pass \(batch, n_vocab, steps\)\? give logits.transpose\(1, 2\)"),
        (torch.zeros(6, 5), None, r"flattened; give logits.view\(2, 3, -1\), or logits.view\(3, 2, -1\).transpose"),
        (torch.zeros(2, 2, 5), None, "they have 2 steps"),
        (torch.zeros(7), None, "give one row of scores for each step"),
        (torch.zeros(2, 3, 0), None, "give one row of scores"),
        (torch.zeros(2, 3, 5, dtype=torch.long), None, "logits are int64; give the model's scores, not ids"),
        ([[1.0], [1.0, 2.0]], None, "logits cannot be read"),
        (torch.randn(2, 3, 5).softmax(2), None, r"look like probabilities .*; give logits, or their log\(\)"),
        (torch.zeros(2, 3, 5), torch.zeros(3, 2, dtype=torch.long), r"targets.*did you pass \(steps, batch\)"),
        (torch.zeros(2, 3, 5), torch.zeros(6, dtype=torch.long), r"targets.view\(2, 3\), or targets.view\(3, 2\).T"),
        (torch.zeros(2, 3, 5), torch.full((2, 3), 0.5), r"targets have \[0.5\]; give integer ids"),
        (torch.zeros(2, 3, 5), [[0, 1, 2], [0, 5, 1]], "target 5 at step 1 of sequence 1 is outside the 5 that logits"),
        (torch.zeros(2, 3, 5), [0], r"targets have shape \(1,\)"),
    ],
)
def test_a_mistake_is_guessed_in_one_line(logits, targets, said):
    with pytest.raises(InputError, match=said) as caught:
        token_predictions(logits, targets, (2, 3))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("top_k", [0, -1, 2.5, "5"])
def test_top_k_is_a_count(top_k):
    with pytest.raises(InputError, match=r"top_k is .*; give how many predictions to keep"):
        token_predictions(torch.zeros(1, 1, 3), None, (1, 1), top_k=top_k)


def test_a_classifiers_shapes_are_checked():
    with pytest.raises(InputError, match=r"a prediction for each of the 3 sequences needs \(3, n_classes\)"):
        class_predictions(torch.zeros(2, 4), None, 3)
    with pytest.raises(InputError, match="give one class id for each of the 3 sequences"):
        class_predictions(torch.zeros(3, 4), [1, 2], 3)
    with pytest.raises(InputError, match="probabilities"):
        class_predictions(torch.full((3, 4), 0.25), None, 3)
