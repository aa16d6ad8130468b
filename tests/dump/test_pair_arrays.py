"""Arrays of several time axes, with attention between them, become the dump that a recording of the same would be."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz import DumpAttention, DumpBlock
from lstmviz.doctor import diagnose
from lstmviz.errors import InputError
from support.recording import one_line
from support.reversed_texts import TEXTS, record_reversed

LENGTHS = [len(text) for text in TEXTS]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    return lstmviz.open_dump(record_reversed(tmp_path_factory.mktemp("pairs") / "a.h5", [TEXTS]))


def axes_of(dump):
    return {
        name: DumpBlock(
            states={s: dump.states(s)[:] for s, source in dump.sources.items() if source.axis == name},
            tokens=dump.axis(name).tokens[:],
            lengths=LENGTHS,
        )
        for name in ("source", "target")
    }


def padded(dump):
    weights = np.zeros((len(TEXTS), max(LENGTHS), max(LENGTHS) + 2), "float16")
    for i, n in enumerate(LENGTHS):
        weights[i, :n, :n] = dump.attention["attention"][i]
    return torch.tensor(weights)


@pytest.mark.parametrize("is_padded", [False, True])
def test_written_arrays_are_what_was_recorded(recorded, tmp_path, is_padded):
    each = [recorded.attention["attention"][i].astype("float16") for i in range(len(TEXTS))]
    given = DumpAttention("target", "source", padded(recorded) if is_padded else each)
    path = lstmviz.write_dump(tmp_path / "b.h5", axes=axes_of(recorded), attention={"attention": given}, join="")
    dump = lstmviz.open_dump(path)
    assert dump.sources.keys() == recorded.sources.keys()
    for name in dump.sources:
        assert np.array_equal(dump.states(name)[:], recorded.states(name)[:])
    for name in ("source", "target"):
        assert dump.axis(name).tokens[:] == recorded.axis(name).tokens[:]
        assert dump.axis(name).sequences["start"].tolist() == recorded.axis(name).sequences["start"].tolist()
    for i in range(len(TEXTS)):
        assert np.array_equal(dump.attention["attention"][i], recorded.attention["attention"][i])
    pattern = recorded.select("decoder.l0.h", 6, 7, threshold=0.0, off_before=0)
    assert dump.match(pattern, pair="source").equals(recorded.match(pattern, pair="source"))
    assert [finding for finding in diagnose(path) if finding.mark == "problem"] == []


def test_a_vocabulary_and_a_joint_for_each_axis_or_for_all(tmp_path):
    axes = {name: DumpBlock(states={f"{name}.h": np.zeros((2, 3))}, tokens=[1, 0]) for name in ("source", "target")}
    vocab = {"source": ["la", "li"], "target": {"so": 0, "mi": 1}}
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "a.h5", axes=axes, vocab=vocab, join={"target": "-"}))
    assert (dump.axis("source").text(0, 2), dump.axis("target").text(0, 2)) == ("li la", "mi-so")
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "b.h5", axes=axes, vocab={"so": 0, "source": 1}))
    assert dump.axis("target").text(0, 2) == "source so"  # a token that is called as an axis is


def test_each_of_several_axes_may_come_in_blocks(recorded, tmp_path):
    whole = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "whole.h5", axes=axes_of(recorded), join=""))

    def blocks(axis):
        for start, stop in zip(axis.starts.tolist(), axis.stops.tolist(), strict=True):
            states = {name: recorded.states(name)[start:stop] for name in axis.sources}
            yield DumpBlock(states=states, tokens=axis.tokens[start:stop])

    axes = {name: blocks(axis) for name, axis in recorded.axes.items()}
    split = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "split.h5", axes=axes, join=""))
    for name, axis in whole.axes.items():
        assert split.axis(name).stops.tolist() == axis.stops.tolist()
        assert split.axis(name).tokens[:] == axis.tokens[:]
    assert all(np.array_equal(split.states(name)[:], whole.states(name)[:]) for name in whole.sources)
    good = DumpBlock(states={"h": np.zeros((2, 1))})
    with one_line(InputError, "axis 'target': block 1", "h"):
        lstmviz.write_dump(
            tmp_path / "a.h5", axes={"source": good, "target": iter([good, DumpBlock(states={"h": np.zeros((2, 3))})])}
        )
    with one_line(InputError, "both axes and blocks", "give each axis its own blocks"):
        lstmviz.write_dump(tmp_path / "a.h5", axes={"source": good}, blocks=iter([good]))
    assert not (tmp_path / "a.h5").exists()


def test_what_does_not_fit_is_said(recorded, tmp_path):
    axes, where = axes_of(recorded), tmp_path / "a.h5"
    eyes = [np.eye(n) for n in LENGTHS]

    def refused(weights, *words, axis="target", over="source"):
        with one_line(InputError, *words):
            lstmviz.write_dump(where, axes=axes, attention={"heads": DumpAttention(axis, over, weights)})
        assert not where.exists()

    refused(eyes[:-1], "'heads' has 4 arrays", "5 pairs")
    refused([*eyes[:-1], np.eye(9)], "pair 4", "(9, 9)", "4 and 4 steps")
    refused(eyes, "axis 'sorce'", "source, target", over="sorce")
    refused([*eyes[:-1], [["a"] * 4] * 4], "pair 4", "give numbers")
    with one_line(InputError, "'heads' is a list", "DumpAttention"):
        lstmviz.write_dump(where, axes=axes, attention={"heads": eyes})
    with one_line(InputError, "both axes and tokens"):
        lstmviz.write_dump(where, axes=axes, tokens=[1])
    with one_line(InputError, "axis 'target'", "no states"):
        lstmviz.write_dump(where, axes={**axes, "target": DumpBlock(states={})})
    with one_line(InputError, "leave out sequences without a step"):
        empty = DumpBlock(states={"h": np.zeros((2, 1))}, lengths=[2, 0])
        given = DumpAttention("target", "target", [np.eye(2)])
        lstmviz.write_dump(where, axes={"target": empty}, attention={"heads": given})
