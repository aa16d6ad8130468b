"""Tokens that are told by the rows that a module read: equal tokens give equal rows where each step stands alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import lstmviz
from lstmviz.errors import RecordingError
from lstmviz.recording.follow.by_rows import are_paired, marks_of, paired_places
from support.budget import examples
from support.recording import one_line

N_WORDS = 7
IDS = torch.randint(0, N_WORDS, (3, 9), generator=torch.Generator().manual_seed(1))
MATRIX = torch.randn(4, 4, generator=torch.Generator().manual_seed(2))
ALONE = {
    "cumsum of features": lambda x: x.cumsum(-1),
    "tensordot": lambda x: torch.tensordot(x, MATRIX, 1),
    "through numpy": lambda x: torch.from_numpy(np.tanh(x.numpy())),
    "sorted features": lambda x: x.sort(-1)[0],
}
MIXED = {
    "cumsum": lambda x: x.cumsum(1),
    "conv of width 3": lambda x: nn.functional.conv1d(
        x.transpose(1, 2), MATRIX[..., None].expand(4, 4, 3), padding=1
    ).transpose(1, 2),
    "fft": lambda x: torch.fft.fft(x, dim=1).real.contiguous(),
}


class Model(nn.Module):
    def __init__(self, layer, moved=lambda x: x) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.layer, self.moved = nn.Embedding(N_WORDS, 4), layer, moved
        self.rnn = nn.GRU(4, 3, batch_first=True)

    def forward(self, ids):
        return self.rnn(self.moved(self.layer(self.embed(ids))))[0]


def recorded(path, model, ids=IDS, **given_tokens):
    with torch.no_grad(), lstmviz.record(model, path, dtype="float32") as run, run.batch(**given_tokens):
        output = model(ids)
    return lstmviz.open_dump(path), output


@pytest.mark.parametrize("name", ALONE)
def test_tokens_are_checked_through_a_layer_that_acts_step_by_step(tmp_path, name):
    dump, _ = recorded(tmp_path / "a.h5", Model(ALONE[name]), tokens=IDS)
    assert dump.provenance["tokens"] == "checked"
    dump, _ = recorded(tmp_path / "b.h5", Model(ALONE[name]))
    assert dump.tokens.ids[:].tolist() == IDS.flatten().tolist()
    with one_line(RecordingError, "one step ahead, as targets are"):
        recorded(tmp_path / "c.h5", Model(ALONE[name]), tokens=IDS.roll(-1, 1))


def test_rows_that_are_read_from_the_end_are_put_in_the_order_of_the_text(tmp_path):
    dump, output = recorded(
        tmp_path / "a.h5",
        Model(ALONE["cumsum of features"], lambda x: torch.fft.ifft(torch.fft.fft(x.flip(1))).real.contiguous()),
        tokens=IDS,
    )
    assert dump.provenance["tokens"] == "aligned: read from the end"
    assert np.array_equal(dump.states("rnn.l0.h")[:], output.flip(1).flatten(0, 1))


@pytest.mark.parametrize("name", MIXED)
def test_layers_that_mix_steps_are_not_checked_and_not_refused(tmp_path, name):
    dump, _ = recorded(tmp_path / "a.h5", Model(MIXED[name]), tokens=IDS)
    assert dump.provenance["tokens"] == "not checked"


@pytest.mark.parametrize(
    "ids",
    [
        torch.arange(6)[None],  # no token twice
        torch.tensor([[1, 2, 3, 4, 3, 2, 1], [0, 1, 5, 6, 5, 1, 0]]),  # the same from either end
        torch.ones(3, 9, dtype=torch.long),
    ],
)
def test_where_another_order_fits_as_well_nothing_is_claimed(tmp_path, ids):
    dump, _ = recorded(tmp_path / "a.h5", Model(ALONE["cumsum of features"]), ids, tokens=ids)
    assert dump.provenance["tokens"] == "not checked"


@examples(200)
@given(
    st.lists(st.lists(st.integers(0, 5), min_size=8, max_size=8), min_size=1, max_size=3),
    st.sampled_from(["same", "flipped", "rolled", "shuffled"]),
    st.integers(0, 3),
)
def test_an_order_that_is_claimed_is_the_order_that_was(rows, move, seed):
    ids = np.array(rows)
    places = np.arange(ids.size).reshape(ids.shape)
    rng = np.random.default_rng(seed)
    moved = {
        "same": places,
        "flipped": places[:, ::-1],
        "rolled": np.roll(places, 1, axis=1),
        "shuffled": rng.permutation(places.ravel()).reshape(places.shape),
    }[move].T
    marks = (rng.normal(size=6) + 1j * rng.normal(size=6))[ids.ravel()[moved]]
    claimed = paired_places(ids, marks)
    assert claimed is None or np.array_equal(ids.ravel()[claimed], ids.ravel()[moved])


class Looked(nn.Module):
    """A module that is given the rows of tokens, which were looked up where nobody sees it."""

    def __init__(self, batch_first=True) -> None:
        super().__init__()
        self.rnn = nn.GRU(4, 3, batch_first=batch_first)

    def forward(self, rows):
        return self.rnn(rows)[0]


def test_rows_that_were_looked_up_outside_tell_the_tokens(tmp_path):
    table = torch.randn(N_WORDS, 4, generator=torch.Generator().manual_seed(3))
    texts = [[chr(97 + i) for i in row] for row in IDS.tolist()]
    for k, tokens in enumerate((IDS, texts)):
        dump, _ = recorded(tmp_path / f"a{k}.h5", Looked(), table[IDS], tokens=tokens)
        assert dump.provenance["tokens"] == "checked"
        dump, output = recorded(tmp_path / f"b{k}.h5", Looked(), table[IDS].flip(1), tokens=tokens)
        assert dump.provenance["tokens"] == "aligned: read from the end"
        assert np.array_equal(dump.states("rnn.l0.h")[:], output.flip(1).flatten(0, 1))
    for ahead, word in ((1, "ahead, as targets are"), (-1, "behind")):
        with one_line(RecordingError, f"those are one step {word}"):
            recorded(tmp_path / "c.h5", Looked(), table[IDS], tokens=IDS.roll(-ahead, 1))
    with one_line(lstmviz.errors.LayoutError, "did you pass (steps, batch)?"):
        square = torch.randint(0, N_WORDS, (6, 6), generator=torch.Generator().manual_seed(4))
        recorded(tmp_path / "d.h5", Looked(batch_first=False), table[square], tokens=square)
    dump, _ = recorded(tmp_path / "e.h5", Looked(), table[IDS], tokens=IDS.roll(1, 0))
    assert dump.provenance["tokens"] == "not checked"


def test_rows_of_padding_do_not_count(tmp_path):
    table = torch.randn(N_WORDS, 4, generator=torch.Generator().manual_seed(3))
    lengths = [9, 7, 6]
    rows = table[IDS] * (torch.arange(9) < torch.tensor(lengths)[:, None])[..., None]
    dump, _ = recorded(tmp_path / "a.h5", Looked(), rows, tokens=IDS, lengths=lengths)
    assert dump.provenance["tokens"] == "checked"


def test_words_without_a_vocabulary_in_another_order_than_they_were_read(tmp_path):
    texts = [[chr(97 + i) for i in row] for row in IDS.tolist()]
    dump, output = recorded(tmp_path / "a.h5", Model(nn.Identity()), IDS.flip(1), tokens=texts)
    assert dump.provenance["tokens"] == "aligned: read from the end"
    assert np.array_equal(dump.states("rnn.l0.h")[:], output.flip(1).flatten(0, 1))
    with one_line(RecordingError, "one step ahead, as targets are"):
        recorded(tmp_path / "b.h5", Model(nn.Identity()), IDS, tokens=[[*row[1:], "z"] for row in texts])


def test_marks_of_many_tokens_stay_apart_and_wrong_orders_are_seen_late():
    rng = np.random.default_rng(0)
    ids = np.concatenate([np.arange(3000), rng.integers(0, 3000, 3000)])[None]
    table = torch.from_numpy(rng.normal(size=(3000, 8)).astype("float32"))
    marks = marks_of(table[torch.from_numpy(ids[0])])[:, None]
    assert are_paired(ids[0], marks)
    assert np.array_equal(paired_places(ids, marks)[:, 0], np.arange(6000))
    late = ids[0].copy()
    late[-1] = (late[-1] + 1) % 3000
    assert not are_paired(late, marks)
    twins = marks.copy()
    twins[ids[0] == 7] = marks[8]  # two tokens of one row
    assert not are_paired(ids[0], twins)
    assert not are_paired(ids[0], np.full_like(marks, np.nan))
    assert are_paired(ids[0] * 1_000_003 - 5, marks)


@pytest.mark.parametrize(
    "ids",
    [
        torch.tensor([[0, 0, 0], [0, 0, 0], [0, 1, 2]]),  # of tokens that occur once, one may stand for another
        torch.arange(12)[None] % 3,  # as well one step away
    ],
)
def test_other_tokens_that_would_fit_the_rows_as_well_are_not_claimed(tmp_path, ids):
    table = torch.randn(N_WORDS, 4, generator=torch.Generator().manual_seed(3))
    for k, tokens in enumerate((ids, ids.roll(-1, 1), ids.flip(1))):
        dump, _ = recorded(tmp_path / f"{k}.h5", Looked(), table[ids], tokens=tokens)
        assert dump.provenance["tokens"] == "not checked"
