"""Real models in the usual idiom, recorded as they are: every state against their own outputs and a float64 loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

import lstmviz
from support.models import layer_norm_lstm, siamese, tagger, translator, weight_drop
from support.models.cell_loop import CellModel
from support.models.word_language_model import WordLanguageModel, batchify, chunks, evaluate, repackage
from support.naive_recurrent import as_array, scan

WORDS = [f"w{i}" for i in range(20)]
ALL = ("h", "c", "gates")
TAGS = ["noun", "verb", "other"]


@contextmanager
def outputs_of(module: nn.Module) -> Iterator[list]:
    """Collect what a module is given and returns, without a recorder."""
    calls: list = []
    handle = module.register_forward_hook(lambda _, args, output: calls.append((args, output)))
    yield calls
    handle.remove()


def twin(module: nn.Module, suffix: str, x: Tensor | np.ndarray, h: Tensor | None = None):
    """Every state of a layer by a float64 loop, (steps, batch, n_units), from x of (steps, batch, n_in) and h."""
    rows = as_array(x) if isinstance(x, Tensor) else x
    zeros = np.zeros((rows.shape[1], module.hidden_size))
    start = zeros if h is None else as_array(h)
    return scan(module, suffix, rows, start, zeros, [len(rows)] * rows.shape[1])


def close(found: np.ndarray, expected: np.ndarray) -> None:
    assert np.abs(found - expected).max() <= 1e-5


def same(found: np.ndarray, expected: Tensor) -> None:
    assert np.array_equal(found, expected.detach().numpy())


def pieces(dump, axis: str | None = None) -> list[slice]:
    """The steps of each sequence."""
    sequences = (dump.first if axis is None else dump.axis(axis)).sequences
    return [slice(start, stop) for start, stop in sequences[["start", "stop"]].to_numpy()]


def stream(model: WordLanguageModel, data: Tensor, bptt: int, run=None) -> Iterator[Tensor]:
    """Evaluate chunk by chunk as ``evaluate`` does, recorded or not."""
    hidden = model.init_hidden(data.shape[1])
    for i, (inputs, targets) in enumerate(chunks(data, bptt)):
        if run is None:
            output, hidden = model(inputs, hidden)
        else:
            with run.batch(tokens=inputs.t(), continues=i > 0):
                output, hidden = model(inputs, hidden)
                shape = (*inputs.shape, -1)
                run.predictions(output.view(shape).transpose(0, 1), targets.view(inputs.shape).t(), top_k=2)
        hidden = repackage(hidden)
        yield output


def test_a_word_language_model_evaluated_in_columns(tmp_path):
    torch.manual_seed(0)
    model = WordLanguageModel(20, 8, 8, 2).eval()
    data = batchify(torch.randint(0, 20, (131,)), 4)
    with torch.no_grad(), outputs_of(model.rnn) as calls:
        plain = list(stream(model, data, 7))
    with (
        lstmviz.record(model, tmp_path / "a.h5", WORDS, states=ALL, dtype="float32") as run,
        torch.no_grad(),
    ):
        recorded = list(stream(model, data, 7, run))
    assert all(torch.equal(a, b) for a, b in zip(plain, recorded, strict=True))
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    n = len(data) - 1
    assert dump.sequences["stop"].tolist() == [n, 2 * n, 3 * n, 4 * n]
    assert dump.tokens[:] == [WORDS[i] for column in data[:-1].t() for i in column]
    own = torch.cat([output[0] for _, output in calls])
    below = twin(model.rnn, "_l0", model.encoder(data[:-1]))
    above = twin(model.rnn, "_l1", below["h"])
    for column, steps in enumerate(pieces(dump)):
        same(dump.states("rnn.l1.h")[steps], own[:, column])
        for state in "hcifgo":
            close(dump.states(f"rnn.l0.{state}")[steps], below[state][:, column])
            close(dump.states(f"rnn.l1.{state}")[steps], above[state][:, column])
    assert np.mean(dump.tracks["loss"][:]) == pytest.approx(evaluate(model, data, 7), rel=1e-5)


def sentences() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    lengths = torch.tensor([5, 9, 1, 9, 4])
    words = torch.randint(1, 20, (5, 9))
    return words.masked_fill(torch.arange(9) >= lengths[:, None], 0), lengths


@pytest.mark.parametrize("kind", ["sorted by torch", "sorted inside"])
def test_a_tagger_of_packed_sentences(tmp_path, kind):
    words, lengths = sentences()
    model = (tagger.BiLSTMTagger if kind == "sorted by torch" else tagger.SortingTagger)(20, 3).eval()
    if kind == "sorted inside":  # tokens are in the order of the batch that was packed
        lengths, order = torch.sort(lengths, descending=True)
        words = words[order]
    with torch.no_grad(), outputs_of(model.lstm) as calls:
        plain = model(words, lengths)
        with (
            lstmviz.record(model, tmp_path / "a.h5", WORDS, states=ALL, dtype="float32") as run,
            run.batch(tokens=words, lengths=lengths),
        ):
            scores = model(words, lengths)
            run.predictions(scores, torch.ones_like(words), top_k=1, labels=TAGS, concerns="step")
            assert torch.equal(scores, plain)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    packed = calls[0][1][0]
    assert isinstance(packed, PackedSequence)
    own, _ = pad_packed_sequence(packed, batch_first=True)
    for row, steps in enumerate(pieces(dump)):
        n = int(lengths[row])
        assert dump.tokens[steps.start : steps.stop] == [WORDS[i] for i in words[row, :n]]
        best = plain[row, :n].argmax(dim=1).tolist()
        for name, expected in (
            ("top1", [TAGS[i] for i in best]),
            ("right", [("wrong", "right")[i == 1] for i in best]),
        ):
            assert [dump.tracks[name].labels[i] for i in dump.tracks[name][steps]] == expected
        same(dump.states("lstm.l1.h")[steps], own[row, :n, :9])
        same(dump.states("lstm.l1.reverse.h")[steps], own[row, :n, 9:])
        x = model.embed(words[row, :n])[:, None]
        for layer in range(2):
            ahead, back = (twin(model.lstm, f"_l{layer}{way}", x) for way in ("", "_reverse"))
            for state in "hcifgo":
                close(dump.states(f"lstm.l{layer}.{state}")[steps], ahead[state][:, 0])
                close(dump.states(f"lstm.l{layer}.reverse.{state}")[steps], back[state][:, 0])
            x = np.concatenate([ahead["h"], back["h"]], axis=2)


def test_a_model_that_sorts_inside_is_recorded_in_the_order_of_the_text(tmp_path):
    words, lengths = sentences()
    model = tagger.SortingTagger(20, 3).eval()
    with torch.no_grad(), outputs_of(model.lstm) as calls:
        model(words, lengths)
    own, _ = pad_packed_sequence(calls[0][1][0], batch_first=True)
    with (
        torch.no_grad(),
        lstmviz.record(model, tmp_path / "a.h5", WORDS, dtype="float32") as run,
        run.batch(tokens=words.tolist(), lengths=lengths),
    ):
        model(words, lengths)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert dump.provenance["tokens"] == "aligned: read in another order of the sequences"
    places = torch.sort(lengths, descending=True)[1].argsort()
    for row, (start, stop) in enumerate(dump.sequences[["start", "stop"]].to_numpy()):
        assert dump.tokens[start:stop] == [WORDS[i] for i in words[row, : stop - start]]
        same(dump.states("lstm.l1.h")[start:stop], own[places[row], : stop - start, :9])


def test_a_translator_stepped_one_token_a_call(tmp_path):
    torch.manual_seed(2)
    model = translator.Translator(20, 15).eval()
    source, target = torch.randint(0, 20, (3, 6)), torch.randint(0, 15, (3, 4))
    after = torch.cat([target[:, 1:], torch.full((3, 1), -100)], dim=1)
    with torch.no_grad(), outputs_of(model.encoder.gru) as encoder, outputs_of(model.decoder.gru) as decoder:
        plain, _ = model(source, target)
    with (
        torch.no_grad(),
        lstmviz.record(
            model,
            tmp_path / "a.h5",
            {"source": WORDS, "target": WORDS[:15]},
            states=("h", "gates"),
            dtype="float32",
            axes={"source": "encoder*", "target": ["decoder*"]},
        ) as run,
        run.batch(tokens={"source": source, "target": target}),
    ):
        logits, attention = model(source, target)
        run.predictions(logits, after, top_k=1, axis="target")
        run.log("attention.entropy", -(attention * attention.log()).sum(dim=2), axis="target")
    assert torch.equal(logits, plain)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert {name: s.axis for name, s in dump.sources.items() if name.endswith(".h")} == {
        "encoder.gru.l0.h": "source",
        "decoder.gru.l0.h": "target",
    }
    encoded = encoder[0][1][0]
    decoded = torch.cat([output[0] for _, output in decoder], dim=1)
    given = torch.cat([args[0] for args, _ in decoder], dim=1)
    there = twin(model.encoder.gru, "_l0", model.encoder.embedding(source).transpose(0, 1))
    here = twin(model.decoder.gru, "_l0", given.transpose(0, 1), encoder[0][1][1][0])
    for row, steps in enumerate(pieces(dump, "source")):
        same(dump.states("encoder.gru.l0.h")[steps], encoded[row])
        for gate in "rzn":
            close(dump.states(f"encoder.gru.l0.{gate}")[steps], there[gate][:, row])
    for row, steps in enumerate(pieces(dump, "target")):
        same(dump.states("decoder.gru.l0.h")[steps], decoded[row])
        for gate in "rzn":
            close(dump.states(f"decoder.gru.l0.{gate}")[steps], here[gate][:, row])
        entropy = -(attention[row] * attention[row].log()).sum(dim=1)
        close(dump.states("attention.entropy")[steps][:, 0], as_array(entropy))
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), after.flatten())
    assert np.nanmean(dump.axis("target").tracks["loss"][:]) == pytest.approx(float(loss), rel=1e-5)
    assert dump.axis("target").tokens[0:4] == [WORDS[i] for i in target[0]]


def test_cells_in_a_loop(tmp_path):
    torch.manual_seed(3)
    model = CellModel(20).eval()
    ids, lengths = torch.randint(0, 20, (3, 8)), [8, 5, 2]
    with torch.no_grad(), outputs_of(model.lower) as lower, outputs_of(model.upper) as upper:
        plain = model(ids)
    with (
        torch.no_grad(),
        lstmviz.record(model, tmp_path / "a.h5", WORDS, states=ALL, dtype="float32") as run,
        run.batch(tokens=ids, lengths=lengths),
    ):
        assert torch.equal(model(ids), plain)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    below = twin(model.lower, "", model.embed(ids).transpose(0, 1))
    start = model.start.detach().expand(3, -1)
    above = twin(model.upper, "", below["h"], start)
    for row, steps in enumerate(pieces(dump)):
        n = lengths[row]
        for name, calls, states in (("lower", lower, below), ("upper", upper, above)):
            h, c = (torch.stack([output[k][row] for _, output in calls])[:n] for k in (0, 1))
            same(dump.states(f"{name}.l0.h")[steps], h)
            same(dump.states(f"{name}.l0.c")[steps], c)
            for gate in "ifgo":
                close(dump.states(f"{name}.l0.{gate}")[steps], states[gate][:n, row])


@pytest.mark.parametrize("is_training", [False, True])
def test_weights_that_are_replaced_at_every_call(tmp_path, is_training):
    torch.manual_seed(4)
    model = weight_drop.DroppedModel(20).train(is_training)
    ids = torch.randint(0, 20, (3, 8))
    torch.manual_seed(5)
    with outputs_of(model.rnn.module) as calls:
        plain = model(ids)
    torch.manual_seed(5)
    with (
        lstmviz.record(model, tmp_path / "a.h5", WORDS, states=ALL, dtype="float32") as run,
        run.batch(tokens=ids),
    ):
        assert torch.equal(model(ids), plain)
    share = weight_drop.dropped_share(model)
    assert 0.2 < share < 0.6 if is_training else share == 0
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    below = twin(model.rnn.module, "_l0", model.embed(ids).transpose(0, 1))
    above = twin(model.rnn.module, "_l1", below["h"])
    for row, steps in enumerate(pieces(dump)):
        same(dump.states("rnn.module.l1.h")[steps], calls[0][1][0][row])
        for state in "hcifgo":
            close(dump.states(f"rnn.module.l0.{state}")[steps], below[state][:, row])
            close(dump.states(f"rnn.module.l1.{state}")[steps], above[state][:, row])


def test_one_encoder_over_two_sentences(tmp_path):
    torch.manual_seed(6)
    model = siamese.Siamese(20).eval()
    left, right = torch.randint(0, 20, (2, 5)), torch.randint(0, 20, (2, 7))
    with torch.no_grad(), outputs_of(model.encoder) as calls:
        plain = model(left, right)
    with (
        torch.no_grad(),
        lstmviz.record(model, tmp_path / "a.h5", WORDS, states=ALL, dtype="float32") as run,
        run.batch(passes=[lstmviz.Pass(tokens=left), lstmviz.Pass(tokens=right, lengths=[7, 7])]),
    ):
        assert torch.equal(model(left, right), plain)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    rows = [(ids[b], call[1][0][b]) for ids, call in zip((left, right), calls, strict=True) for b in range(2)]
    for steps, (ids, own) in zip(pieces(dump), rows, strict=True):
        assert dump.tokens[steps.start : steps.stop] == [WORDS[i] for i in ids]
        same(dump.states("encoder.l0.h")[steps], own)
        states = twin(model.encoder, "_l0", model.embed(ids)[:, None])
        for state in "cifgo":
            close(dump.states(f"encoder.l0.{state}")[steps], states[state][:, 0])


def test_a_cell_that_no_module_is_logged_step_by_step(tmp_path):
    torch.manual_seed(7)
    model = layer_norm_lstm.LayerNormModel(20).eval()
    ids = torch.randint(0, 20, (3, 6))
    with torch.no_grad(), outputs_of(model.cell) as calls:
        plain = model(ids)
    with (
        torch.no_grad(),
        lstmviz.record(model, tmp_path / "a.h5", WORDS, dtype="float32") as run,
        run.batch(tokens=ids, lengths=[6, 4, 6]),
    ):

        def keep(cell, args, state):
            run.log_step("cell.l0.h", state[0])
            run.log_step("cell.l0.c", state[1], view="tanh")

        handle = model.cell.register_forward_hook(keep)
        logits = model(ids)
        handle.remove()
        run.log("logits", logits)
    assert torch.equal(logits, plain)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert {name: source.view for name, source in dump.sources.items()} == {
        "cell.l0.h": "raw",
        "cell.l0.c": "tanh",
        "logits": "raw",
    }
    for row, (steps, n) in enumerate(zip(pieces(dump), (6, 4, 6), strict=True)):
        same(dump.states("cell.l0.h")[steps], torch.stack([state[0][row] for _, state in calls])[:n])
        same(dump.states("cell.l0.c")[steps], torch.stack([state[1][row] for _, state in calls])[:n])
        same(dump.states("logits")[steps], plain[row, :n])
