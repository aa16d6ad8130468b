"""Streams, thinning, lengths and masks: where each step of each document ends up."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import lstmviz
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.axes import AxisSpec
from lstmviz.recording.batch.axis_state import AxisState
from lstmviz.recording.batch.forward_pass import lay_out
from lstmviz.recording.batch.subsample import select_steps
from lstmviz.recording.batch.to_numpy import to_rows
from lstmviz.recording.batch.valid_steps import ValidSteps
from support.budget import examples
from support.naive_recording import NaiveRecording
from support.recording import Model, one_line

LSTM = nn.LSTM(1, 2, batch_first=True)


def sequences_of(dump) -> list[tuple[int, int]]:
    return list(zip(dump.sequences["start"], dump.sequences["stop"], strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_stream_in_chunks_is_the_same_as_the_text_at_once(tmp_path, dtype):
    torch.manual_seed(0)
    model = Model(batch_first=False).eval()
    text = torch.randint(0, 11, (3, 23))
    state = None
    with torch.no_grad(), lstmviz.record(model, tmp_path / "stream.h5", dtype=dtype) as run:
        for start in range(0, 23, 5):
            chunk = text[:, start : start + 5]
            with run.batch(tokens=chunk, continues=start > 0):
                _, state = model.rnn(model.embed(chunk).transpose(0, 1), state)
    with torch.no_grad(), lstmviz.record(model, tmp_path / "whole.h5", dtype=dtype) as run, run.batch(tokens=text):
        model(text)
    stream, whole = DumpReader(tmp_path / "stream.h5"), DumpReader(tmp_path / "whole.h5")
    assert sequences_of(stream) == sequences_of(whole) == [(0, 23), (23, 46), (46, 69)]
    assert stream.tokens[:] == whole.tokens[:] == [str(i) for i in text.flatten().tolist()]
    for name in whole.sources:
        found, expected = stream.states(name)[:], whole.states(name)[:]
        assert np.abs(found.astype("float64") - expected).max() <= (1e-6 if dtype == "float32" else 1e-3)
    assert "position" not in stream.tracks


def test_a_stream_keeps_its_columns(tmp_path):
    with lstmviz.record(LSTM, tmp_path / "a.h5") as run:
        with run.batch(tokens=[[1, 2], [3, 4]], continues=True):  # there is none before: documents begin
            LSTM(torch.zeros(2, 2, 1))
        with one_line(RecordingError, "3 sequences", "one of 2", "leave continues out"):
            run.batch(tokens=[[1], [2], [3]], continues=True)
        with run.batch(tokens=[[5], [6]], continues=[True, False]):
            LSTM(torch.zeros(2, 1, 1))
        with run.batch(continues=torch.tensor(True), tokens=[[7], [8]]):
            LSTM(torch.zeros(2, 1, 1))
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tokens[:] == list("12573468")
    assert sequences_of(dump) == [(0, 4), (4, 6), (6, 8)]


def test_a_batch_that_failed_is_as_if_it_had_not_been(tmp_path):
    with lstmviz.record(LSTM, tmp_path / "a.h5") as run:
        for ids, is_bad in (([[1]], False), ([[9]], True), ([[2]], False)):
            try:
                with run.batch(tokens=ids, continues=True):
                    LSTM(torch.zeros(1, 1, 1))
                    if is_bad:
                        raise ValueError
            except ValueError:
                continue
    dump = DumpReader(tmp_path / "a.h5")
    assert (dump.tokens[:], sequences_of(dump)) == (["1", "2"], [(0, 2)])


class Echo(nn.Module):
    """Runs an LSTM whose h tells its input: what is recorded says which step it is."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(1, 1, batch_first=True)

    def forward(self, ids):
        return self.rnn(ids[..., None].float() / 100)[0]


@st.composite
def batches(draw):
    """Batches of a few rows, padded left or right, streamed or not, thinned or not, of whole texts or of episodes."""
    has_where, has_starts = draw(st.booleans()), draw(st.booleans())
    given_batches = []
    n_rows = draw(st.integers(1, 3))
    for _ in range(draw(st.integers(1, 4))):
        continues = draw(st.booleans())
        n_rows = n_rows if continues else draw(st.integers(1, 3))
        n_steps = draw(st.integers(1, 7))
        spans = []
        for _ in range(n_rows):
            start = draw(st.integers(0, n_steps - 1))
            spans.append((start, draw(st.integers(start + 1, n_steps))))
        where, begins = (
            draw(
                st.lists(st.lists(st.booleans(), min_size=n_steps, max_size=n_steps), min_size=n_rows, max_size=n_rows)
            )
            if has
            else None
            for has in (has_where, has_starts)
        )
        given_batches.append((continues, n_steps, spans, where, begins, draw(st.sampled_from(["mask", "lengths"]))))
    return given_batches


def inside(grid, spans):
    """The valid steps of each row."""
    return None if grid is None else [row[a:b] for row, (a, b) in zip(grid, spans, strict=True)]


@examples(300)
@given(given_batches=batches(), every=st.integers(1, 4))
def test_segments_are_what_the_naive_twin_says(given_batches, every):
    axis, naive, counter, found = AxisState(AxisSpec("text", ())), NaiveRecording(every), 0, {}
    for continues, n_steps, spans, where, begins, _ in given_batches:
        valid = ValidSteps(*np.array(spans).T)
        ids = np.arange(counter, counter + len(spans) * n_steps).reshape(len(spans), n_steps)
        counter += ids.size
        masks = (None if mask is None else np.array(mask) for mask in (where, begins))
        layout = lay_out(valid, partial(axis.places_of, continues=continues), every, *masks)
        segments = layout.segments
        ends = np.cumsum(segments.lengths)
        sequences, steps = segments.rows
        for place, position, start, stop in zip(
            segments.places.tolist(), segments.position.tolist(), ends - segments.lengths, ends, strict=True
        ):
            found[tuple(place)] = (position, ids[sequences, steps][start:stop].tolist())
        axis.places, axis.n_documents = layout.after, max(axis.n_documents, int(layout.after.documents.max()) + 1)
        rows, where, begins = (inside(grid, spans) for grid in (ids.tolist(), where, begins))
        naive.batch(rows, continues, where, begins)
    joined = []
    end = None
    for (document, place), (position, names) in sorted(found.items()):
        if end == (document, place):
            joined[-1][2].extend(names)
        else:
            joined.append((document, position, names))
        end = (document, place + len(names))
    assert joined == naive.sequences()


@examples(15)
@given(given_batches=batches(), every=st.integers(1, 4), units=st.sampled_from([None, [0]]))
def test_any_batches_end_up_as_the_naive_twin_says(tmp_path_factory, given_batches, every, units):
    torch.manual_seed(0)
    model, naive, counter, h, arguments = Echo().eval(), NaiveRecording(every), 0, {}, []
    for continues, n_steps, spans, where, begins, how in given_batches:
        valid = spans if how == "mask" else [(0, stop) for _, stop in spans]
        ids = np.arange(counter, counter + len(valid) * n_steps).reshape(len(valid), n_steps)
        counter += ids.size
        mask = [[a <= t < b for t in range(n_steps)] for a, b in valid]
        ids = np.where(mask, ids, 0)  # padding of various ids would be text to a mask that keeps one token alone
        said = {"mask": mask} if how == "mask" else {"lengths": [b for _, b in valid]}
        tracks = {"twice": 2 * ids, "name": [[f"t{i}" for i in row] for row in ids]}
        arguments.append(
            (ids, np.array(mask), {**said, "where": where, "continues": continues, "starts": begins, "tracks": tracks})
        )
        naive.batch(inside(ids.tolist(), valid), continues, inside(where, valid), inside(begins, valid))
    assume(naive.sequences())
    path = tmp_path_factory.mktemp("streams") / "a.h5"
    with torch.no_grad(), lstmviz.record(model, path, dtype="float32", every=every, units=units, states="h") as run:
        for ids, is_text, said in arguments:
            with run.batch(ids, **said):
                out = model(torch.from_numpy(ids)).reshape(ids.shape)
            h |= {int(i): float(v) for i, v in zip(ids[is_text], out[torch.from_numpy(is_text)], strict=True)}
    expected = naive.sequences()
    dump = DumpReader(path)
    names = [name for *_, steps in expected for name in steps]
    assert dump.tokens[:] == [str(n) for n in names]
    assert (dump.sequences["stop"] - dump.sequences["start"]).tolist() == [len(steps) for *_, steps in expected]
    assert np.array_equal(dump.states("rnn.l0.h")[:, 0], np.array([h[n] for n in names], "float32"))
    assert dump.tracks["twice"][:].tolist() == [2 * n for n in names]
    labels = dump.tracks["name"].labels
    assert [labels[i] for i in dump.tracks["name"][:]] == [f"t{n}" for n in names]
    if every > 1 or given_batches[0][3] is not None:
        assert dump.sequences["document"].tolist() == [document for document, *_ in expected]
        assert dump.sequences["position"].tolist() == [position for _, position, _ in expected]
    else:
        assert "document" not in dump.tracks


def test_thinned_states_are_rows_and_columns_of_the_full_ones(tmp_path):
    torch.manual_seed(0)
    model = Model(n_units=7).eval()
    ids = torch.randint(0, 11, (3, 12))
    units = {"rnn.l0": [6, 1], "*.c": slice(None, None, 3), "attention": [0]}
    attention = torch.randn(3, 12, 2)

    def write(name, **options):
        with lstmviz.record(model, tmp_path / name, **options) as run, run.batch(ids, lengths=[12, 5, 9]):
            model(ids)
            run.log("attention", attention)
        return DumpReader(tmp_path / name)

    full, thin = write("full.h5"), write("thin.h5", units=units, every=4)
    rows = [0, 4, 8, 12, 16, 17, 21, 25]
    kept = {"rnn.l0.h": (1, 6), "rnn.l0.c": (1, 6), "rnn.l1.h": None, "rnn.l1.c": (0, 3, 6), "attention": (0,)}
    assert {name: source.units for name, source in thin.sources.items()} == kept
    for name, chosen in kept.items():
        columns = slice(None) if chosen is None else list(chosen)
        assert np.array_equal(thin.states(name)[:], full.states(name)[:][rows][:, columns])
    assert [thin.tokens[i] for i in range(thin.n_steps)] == [full.tokens[i] for i in rows]
    assert thin.provenance["every"] == 4
    assert thin.provenance["units"] == {"rnn.l0": "1, 6", "*.c": "::3", "attention": "0"}
    assert sequences_of(thin) == [(0, 3), (3, 5), (5, 8)]


def test_layers_and_states_that_are_asked_for(tmp_path):
    model = Model(n_layers=3).eval()
    ids = torch.randint(0, 11, (1, 4))
    for layers, expected in (("*.l1", ["rnn.l1.c"]), (["rnn.l0", "rnn.l2"], ["rnn.l0.c", "rnn.l2.c"]), ("rnn", None)):
        path = tmp_path / "a.h5"
        with lstmviz.record(model, path, states="c", layers=layers, overwrite=True) as run, run.batch(ids):
            model(ids)
        assert list(DumpReader(path).sources) == (expected or [f"rnn.l{k}.c" for k in range(3)])


@pytest.mark.parametrize(
    ("units", "parts"),
    [
        ([7], ["unit 7 of rnn.l0.h", "units 0 to 6"]),
        ([-1], ["unit -1 of rnn.l0.h"]),
        ([1, 1], ["one unit of rnn.l0.h twice"]),
        (slice(7, None), ["units=7: keeps none of the 7 units of rnn.l0.h"]),
        ({"encoder*": [1]}, ["units has 'encoder*'", "rnn.l0.h, rnn.l0.c"]),
    ],
)
def test_units_that_are_not_there(tmp_path, units, parts):
    model = Model(n_layers=1).eval()
    with (
        one_line(RecordingError, *parts),
        lstmviz.record(model, tmp_path / "a.h5", units=units) as run,
        run.batch([[1]]),
    ):
        model(torch.tensor([[1]]))
    assert not list(tmp_path.iterdir())


def test_thinning_rules_that_hold_for_all_batches(tmp_path):
    ids = [[1, 2, 3]]
    with lstmviz.record(LSTM, tmp_path / "a.h5") as run:
        with run.batch(ids):
            LSTM(torch.zeros(1, 3, 1))
        with one_line(RecordingError, "where is in this batch and not the first"):
            run.batch(ids, where=[[True, False, True]])
    with (
        one_line(InputError, "'position' is made by every="),
        lstmviz.record(LSTM, tmp_path / "b.h5", every=2) as run,
    ):
        run.batch(ids, tracks={"position": ids})
    with (
        one_line(RecordingError, "where= left out every step of every batch"),
        lstmviz.record(LSTM, tmp_path / "b.h5") as run,
        run.batch(ids, where=np.zeros((1, 3), bool)),
    ):
        LSTM(torch.zeros(1, 3, 1))
    with (
        one_line(RecordingError, "no sequence of any batch has a step", "lengths="),
        lstmviz.record(LSTM, tmp_path / "b.h5") as run,
        run.batch(ids, lengths=[0], where=np.ones((1, 3), bool)),
    ):
        LSTM(torch.zeros(1, 3, 1))
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


class Largest(TorchDispatchMode):
    """Notes the largest memory that any operation takes beside that of ``known``."""

    def __init__(self, known: torch.Tensor) -> None:
        super().__init__()
        self._known = known.untyped_storage().data_ptr()
        self.n_bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(tensor, torch.Tensor) and tensor.untyped_storage().data_ptr() != self._known:
                self.n_bytes = max(self.n_bytes, tensor.untyped_storage().nbytes())
        return out


@pytest.mark.parametrize("has_where", [True, False])
@pytest.mark.parametrize("units", [None, (0, 3), (49,)])
@pytest.mark.parametrize("every", [1, 10])
def test_what_is_not_kept_is_left_out_before_anything_is_copied(has_where, units, every):
    values = torch.randn(100, 4, 50)
    where = None if not has_where else np.arange(400).reshape(4, 100) % 7 == 0
    stops = np.array([100, 40, 1, 77])
    segments = select_steps(np.array([0, 10, 0, 3]), stops, every=every, where=where)
    with Largest(values) as largest:
        rows = to_rows("h", values, segments, "float16", units)
    sequences, steps = segments.rows
    expected = values.numpy()[steps, sequences][:, slice(None) if units is None else list(units)]
    assert np.array_equal(rows, expected.astype("float16"))
    # Picked in the model's dtype, or a place (8 bytes) for each row and unit; and some hundred bytes of counting.
    assert largest.n_bytes <= max(4 * expected.size, 8 * len(rows), 8 * len(units or ()))


def test_a_stream_may_lose_its_last_columns(tmp_path):
    with lstmviz.record(LSTM, tmp_path / "a.h5") as run:
        for tokens in ([[1, 2], [3, 4], [5, 6]], [[7], [8]], [[9], [0]]):
            with run.batch(tokens=tokens, continues=True):
                LSTM(torch.zeros(len(tokens), len(tokens[0]), 1))
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tokens[:] == list("1279348056")
    assert sequences_of(dump) == [(0, 4), (4, 8), (8, 10)]
