"""The tokens of a dump are those that the model read: random models whose states tell which token that was."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import lstmviz
from lstmviz.dump.schema import ArrayKey
from lstmviz.errors import LayoutError, RecordingError
from lstmviz.recording.in_memory import record_in_memory
from support.budget import examples
from support.recording import one_line

N_WORDS, WIDTH = 6, 5
WORDS = [f"w{i}" for i in range(N_WORDS)]
PROJECTIONS = ("none", "linear", "tanh", "scaled", "joined", "positions", "one hot", "parameter", "softmax", "NumPy")
UNFOLLOWED = "NumPy"  # it stands for everything that torch does not show
MOVES = ("none", "flip", "flip ids", "flip within", "sort", "shift", "sort and flip")
RUNS = ("whole", "chunks", "steps", "packed", "packed sorted", "cell", "cell backwards")
GIVEN = ("tensor", "array", "list", "strings", "nothing")
WRONG = ("right", "right", "right", "targets", "other", "shuffled", "transposed")


class Reader(nn.Module):
    """A model that moves its input about; its module has no memory, so each state tells the token that was read."""

    def __init__(self, projection: str, moves: str, runs: str, batch_first: bool, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.projection, self.moves, self.runs = projection, moves, runs
        self.embed = nn.Embedding(N_WORDS, WIDTH)
        self.places = nn.Embedding(20, WIDTH)
        self.table = nn.Parameter(torch.randn(N_WORDS, WIDTH))
        self.mix = nn.Linear(WIDTH, WIDTH)
        n_in = {"joined": WIDTH + 3, "one hot": N_WORDS}.get(projection, WIDTH)
        self.rnn = nn.RNNCell(n_in, 4) if "cell" in runs else nn.RNN(n_in, 4, batch_first=batch_first)
        with torch.no_grad():
            for name, weight in self.rnn.named_parameters():
                if "weight_hh" in name:
                    weight.zero_()
                elif "weight_ih" in name and projection == "joined":
                    weight[:, WIDTH:] = 0
            if projection == "positions":
                self.places.weight.mul_(1e-4)

    def rows(self, ids):
        if self.projection == "one hot":
            return nn.functional.one_hot(ids, N_WORDS).float()
        x = self.table[ids] if self.projection == "parameter" else self.embed(ids)
        if self.projection in ("linear", "tanh"):
            x = self.mix(x)
        if self.projection == "tanh":
            x = torch.tanh(x) * 2
        if self.projection == "scaled":
            x = nn.functional.dropout(x * WIDTH**0.5, 0.5, training=False)
        if self.projection == "softmax":
            x = x.softmax(dim=-1)
        if self.projection == "NumPy":
            x = torch.from_numpy(np.tanh(x.detach().numpy()))
        if self.projection == "joined":
            x = torch.cat([x, torch.randn(*x.shape[:-1], 3)], dim=-1)
        if self.projection == "positions":
            x = x + self.places(torch.arange(ids.shape[1]))
        return x

    def code(self, token):
        """The state after reading one token, by the module's own arithmetic."""
        with torch.no_grad():
            return self.step(self.rows(torch.tensor([[token]])))[0, 0]

    def step(self, x):
        cell = self.rnn
        end = "" if isinstance(cell, nn.RNNCell) else "_l0"
        weight, bias = getattr(cell, f"weight_ih{end}"), getattr(cell, f"bias_ih{end}") + getattr(cell, f"bias_hh{end}")
        return torch.tanh(x @ weight.t() + bias)

    def forward(self, ids, lengths):
        n = ids.shape[1]
        if self.moves in ("sort", "sort and flip"):
            lengths, order = lengths.sort(descending=True, stable=True)
            ids = ids[order]
        if self.moves == "shift":
            ids = ids.gather(1, (torch.arange(n) + (n - lengths)[:, None]) % n)
        if self.moves == "flip ids":
            ids = ids.flip(1)
        x = self.rows(ids)
        if self.moves in ("flip", "sort and flip"):
            x = x.flip(1)
        if self.moves == "flip within":
            x = torch.stack([torch.cat([row[:k].flip(0), row[k:]]) for row, k in zip(x, lengths, strict=True)])
        self.run(x, lengths)

    def run(self, x, lengths):
        first = getattr(self.rnn, "batch_first", True)
        if self.runs == "cell":
            state = None
            for t in range(x.shape[1]):
                state = self.rnn(x[:, t], state)
        elif self.runs == "cell backwards":
            state = None
            for t in reversed(range(x.shape[1])):
                state = self.rnn(x[:, t], state)
        elif self.runs.startswith("packed"):
            is_sorted = self.runs == "packed sorted" and bool((lengths.diff() <= 0).all())
            x = x if first else x.transpose(0, 1)
            self.rnn(pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=is_sorted))
        else:
            size = {"whole": x.shape[1], "chunks": 2, "steps": 1}[self.runs]
            state = None
            for part in x.split(size, dim=1):
                _, state = self.rnn(part if first else part.transpose(0, 1), state)


@st.composite
def situations(draw):
    n, steps = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    moves = draw(st.sampled_from(MOVES))
    lengths = [steps, *(draw(st.integers(1, steps)) for _ in range(n - 1))]
    if moves in ("flip", "flip ids", "sort and flip"):  # padding comes first then, and a packed input has none there
        lengths = [steps] * n
    ids = np.array(
        draw(st.lists(st.lists(st.integers(0, N_WORDS - 1), min_size=steps, max_size=steps), min_size=n, max_size=n))
    )
    for row, length in zip(ids, lengths, strict=True):
        if moves == "shift":
            row[: steps - length] = 0
        else:
            row[length:] = 0
    return {
        "ids": ids,
        "lengths": lengths,
        "moves": moves,
        "projection": draw(st.sampled_from(PROJECTIONS)),
        "runs": draw(st.sampled_from(RUNS)),
        "batch_first": draw(st.booleans()),
        "given": draw(st.sampled_from(GIVEN)),
        "wrong": draw(st.sampled_from(WRONG)),
        "says": draw(st.sampled_from(("lengths", "mask", "nothing"))),
        "seed": draw(st.integers(0, 3)),
    }


def given_ids(case, ids: torch.Tensor, lengths) -> torch.Tensor:
    if case["wrong"] == "targets":
        return torch.cat([ids[:, 1:], ids[:, :1] * 0], dim=1)
    if case["wrong"] == "other":
        return (ids * 2 + 1) % N_WORDS
    if case["wrong"] == "shuffled":
        return ids.flip(0)
    if case["wrong"] == "transposed" and ids.shape[0] == ids.shape[1]:
        return ids.t()
    return ids


def arguments(case, ids: torch.Tensor) -> dict:
    lengths, n = case["lengths"], ids.shape[1]
    tokens = given_ids(case, ids, lengths)
    forms = {
        "tensor": lambda: tokens,
        "array": tokens.numpy,
        "list": tokens.tolist,
        "strings": lambda: [[WORDS[i] for i in row] for row in tokens.tolist()],
        "nothing": lambda: None,
    }
    said = {"tokens": forms[case["given"]]()}
    if case["given"] != "nothing":
        said["tracks"] = {"place": np.tile(np.arange(n), (len(ids), 1))}
    steps = torch.arange(n)
    if case["says"] == "lengths" and case["moves"] != "shift":
        said["lengths"] = lengths
    if case["says"] == "mask" and case["given"] != "nothing":
        ends = torch.tensor(lengths)[:, None]
        said["mask"] = steps >= n - ends if case["moves"] == "shift" else steps < ends
    return said


def silent_error(case) -> str | None:
    """Record; return what is wrong with it, None where every step has its token or the batch was refused."""
    ids, lengths = torch.from_numpy(case["ids"]), torch.tensor(case["lengths"])
    model = Reader(case["projection"], case["moves"], case["runs"], case["batch_first"], case["seed"]).eval()

    def run(recording) -> None:
        with recording.batch(**arguments(case, ids)):
            model(ids, lengths)

    try:
        with torch.no_grad(), contextlib.redirect_stderr(io.StringIO()):
            plan, block = record_in_memory(model, run, WORDS, dtype="float32")
    except RecordingError:
        return None
    if case["projection"] == UNFOLLOWED and plan.provenance["tokens"] == "not checked":
        return None
    codes = torch.stack([model.code(i) for i in range(N_WORDS)]).numpy()
    states = block.arrays[ArrayKey("state", "rnn.l0.h")]
    read = np.linalg.norm(states[:, None] - codes, axis=2).argmin(1).tolist()
    if ArrayKey("tokens") not in block.arrays:
        return "there are no tokens"
    tokens = block.arrays[ArrayKey("tokens")].tolist()
    if tokens != read:
        return f"{tokens} were {read}"
    if (place := block.arrays.get(ArrayKey("track", "place"))) is not None:
        for part in np.split(place, np.cumsum(block.lengths)[:-1]):
            if (np.diff(part) != 1).any():
                return "a sequence is not in the order of the text"
    return None


@examples(5000, share=25)
@given(situations())
def test_every_step_has_the_token_that_was_read(case):
    assert silent_error(case) is None


IDS = torch.tensor([[1, 2, 3], [3, 4, 5], [2, 5, 1]])


def recorded(path: Path, model: nn.Module, *inputs: torch.Tensor, **said):
    with torch.no_grad(), lstmviz.record(model, path, WORDS, dtype="float32") as run, run.batch(**said):
        model(*inputs)
    return lstmviz.open_dump(path)


class TwoWays(nn.Module):
    """One LSTM reads the text, another reads it from its end, and what each says is put side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(N_WORDS, 4)
        self.forth, self.back = (nn.LSTM(4, 3, batch_first=True) for _ in range(2))

    def forward(self, ids):
        x = self.embed(ids)
        return torch.cat([self.forth.forward(x)[0], self.back(x.flip(1))[0].flip(1)], dim=2)


def test_a_module_that_reads_from_the_end_is_stored_in_the_order_of_the_text(tmp_path):
    model = TwoWays().eval()
    dump = recorded(tmp_path / "a.h5", model, IDS, tokens=IDS)
    output = model(IDS).detach().reshape(-1, 6).numpy()
    assert np.array_equal(dump.states("forth.l0.h")[:], output[:, :3])
    assert np.array_equal(dump.states("back.l0.h")[:], output[:, 3:])
    assert dump.provenance["tokens"] == "forth checked; back aligned: read from the end"


@pytest.mark.parametrize("kept", [{"units": [2, 0]}, {"every": 2}, {"dtype": "float16"}], ids=str)
def test_what_is_kept_of_a_module_that_reads_from_the_end_is_in_the_order_of_the_text(tmp_path, kept):
    model, path = TwoWays().eval(), tmp_path / "a.h5"
    options = {"dtype": "float32", **kept}
    with torch.no_grad(), lstmviz.record(model, path, WORDS, **options) as run, run.batch(tokens=IDS):
        output = model(IDS)[..., 3:]
    rows = output[:, :: kept.get("every", 1), sorted(kept.get("units", range(3)))].flatten(0, 1).numpy()
    found = lstmviz.open_dump(path).states("back.l0.h")[:]
    assert np.array_equal(found, rows.astype(found.dtype))


def test_a_value_too_large_is_named_by_its_step_in_the_text(tmp_path):
    rnn = nn.RNN(1, 1, nonlinearity="relu", batch_first=True)
    model, ids = nn.Sequential(nn.Embedding(N_WORDS, 1), rnn), torch.tensor([[0, 5, 1, 2, 3, 4, 0, 1, 2]])
    with torch.no_grad():
        model[0].weight[:, 0] = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 1e5])
        for name, weight in rnn.named_parameters():
            weight.fill_(float(name == "weight_ih_l0"))
    with (
        torch.no_grad(),
        one_line(RecordingError, "reaches 100000 at step 1 of sequence 0, unit 0"),
        lstmviz.record(model, tmp_path / "a.h5") as run,
        run.batch(tokens=ids),
    ):
        rnn(model[0](ids).flip(1))


def test_tokens_come_from_the_embedding_where_none_are_given(tmp_path):
    dump = recorded(tmp_path / "a.h5", TwoWays().eval(), IDS)
    assert dump.tokens[:] == [WORDS[i] for i in IDS.flatten().tolist()]
    assert dump.provenance["tokens"] == "forth taken from what was read; back aligned: read from the end"


def test_a_square_batch_of_steps_first_is_refused(tmp_path):
    model = nn.Sequential(nn.Embedding(N_WORDS, 4), nn.LSTM(4, 3)).eval()
    for tokens in (IDS, IDS.tolist()):
        with one_line(LayoutError, "did you pass (steps, batch)", "ids.T"):
            recorded(tmp_path / "a.h5", model, IDS, tokens=tokens)
    dump = recorded(tmp_path / "a.h5", model, IDS, tokens=IDS.T)
    assert dump.tokens[:] == [WORDS[i] for i in IDS.T.flatten().tolist()]


@pytest.mark.parametrize(
    ("tokens", "parts"),
    [
        ([[2, 3, 0], [4, 5, 0], [5, 1, 0]], ["step 0 of sequence 0 is id 2", "one step ahead, as targets are"]),
        ([[0, 1, 2], [0, 3, 4], [0, 2, 5]], ["one step behind"]),
        ([[1, 2, 3], [3, 4, 5], [2, 5, 2]], ["step 2 of sequence 2 is id 2", "was given 1"]),
    ],
)
def test_tokens_that_the_model_did_not_read(tmp_path, tokens, parts):
    model = nn.Sequential(nn.Embedding(N_WORDS, 4), nn.LSTM(4, 3, batch_first=True)).eval()
    with one_line(RecordingError, "1 read other tokens than were given", *parts):
        recorded(tmp_path / "a.h5", model, IDS, tokens=tokens)


CROSS = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
LAYERS = {
    "einsum": lambda x: torch.einsum("bte,ef->btf", x, CROSS),
    "einsum in another order": lambda x: torch.einsum("ef,...e->...f", CROSS, x),
    "attention in one step": lambda x: torch.einsum("bte,bte,ef->btf", x, torch.ones(x.shape), CROSS),
    "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: nn.functional.log_softmax(x, dim=2),
    "normalize": lambda x: nn.functional.normalize(x, dim=-1),
    "largest of two": lambda x: torch.cat([x, x * CROSS[0]], -1).view(3, -1, 4, 2).max(-1)[0],
    "larger one": lambda x: torch.max(x, 2 * x),
    "sum of two": lambda x: torch.stack([x, torch.randn(x.shape)]).sum(0),
    "mean of two": lambda x: torch.stack([x, 2 * x], dim=-1).mean(dim=-1, keepdim=True).squeeze(-1),
    "conv of one step": lambda x: nn.functional.conv1d(x.transpose(1, 2), CROSS[..., None]).transpose(1, 2),
    "dropout of whole features": lambda x: nn.functional.dropout2d(x[..., None], 0.5, training=False)[..., 0],
    "scattered": lambda x: torch.zeros(x.shape).masked_scatter(torch.ones(x.shape, dtype=torch.bool), x),
    "a number for NaN": torch.nan_to_num,
}


class WithLayer(nn.Module):
    """An embedding, a layer, and an LSTM."""

    def __init__(self, layer):
        super().__init__()
        self.embed, self.layer, self.rnn = nn.Embedding(N_WORDS, 4), layer, nn.LSTM(4, 3, batch_first=True)

    def forward(self, ids):
        return self.rnn(self.layer(self.embed(ids)))


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_that_act_on_each_step_alone_are_followed(tmp_path, layer):
    """Three tokens of each text, and each text once: nothing but the trace could tell."""
    model = WithLayer(LAYERS[layer]).eval()
    assert recorded(tmp_path / "a.h5", model, IDS, tokens=IDS).provenance["tokens"] == "checked"
    with one_line(LayoutError, "did you pass (steps, batch)"):
        recorded(tmp_path / "b.h5", model, IDS, tokens=IDS.T)


@pytest.mark.parametrize(
    "mixing",
    [
        lambda x: torch.einsum("bte,ts->bse", x, CROSS[:3, :3]),
        lambda x: x.softmax(1),
        lambda x: nn.functional.normalize(x),
        lambda x: x.sum(1, keepdim=True).expand(-1, 3, -1),
        lambda x: x.sum() + torch.zeros(3, 3, 4),
        lambda x: x.max().expand(3, 3, 4),
        lambda x: nn.functional.conv1d(x.transpose(1, 2), torch.ones(4, 4, 3), padding=1).transpose(1, 2),
    ],
)
def test_layers_that_act_across_steps_are_not_followed(tmp_path, mixing):
    assert recorded(tmp_path / "a.h5", WithLayer(mixing), IDS, tokens=IDS).provenance["tokens"] == "not checked"


def test_what_mixes_steps_is_not_checked(tmp_path):
    model = nn.Sequential(nn.Embedding(N_WORDS, 4), nn.Conv1d(3, 3, 1), nn.LSTM(4, 3, batch_first=True)).eval()
    assert recorded(tmp_path / "a.h5", model, IDS, tokens=IDS).provenance["tokens"] == "not checked"
    assert recorded(tmp_path / "b.h5", nn.LSTM(2, 3), torch.zeros(4, 1, 2)).provenance["tokens"] == "not checked"


class Half(nn.Module):
    """A model of two LSTMs that runs one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LSTM(2, 3), nn.LSTM(2, 3)

    def forward(self, x):
        return self.first(x)


def test_a_module_that_did_not_run_is_named(tmp_path, capsys):
    dump = recorded(tmp_path / "a.h5", Half(), torch.zeros(4, 1, 2))
    assert capsys.readouterr().err.endswith("second did not run in any batch, so the dump has no states of it\n")
    assert dump.provenance["not_run"] == "second"
    assert dump.provenance["complete"] is False
    model = Half()
    with (
        one_line(RecordingError, "layers asks for 'second*'", "first did"),
        lstmviz.record(model, tmp_path / "b.h5", layers=["first", "second*"]) as run,
        run.batch(),
    ):
        model(torch.zeros(4, 1, 2))


def test_padding_without_an_id_beside_tokens_that_are_checked(tmp_path):
    model = nn.Sequential(nn.Embedding(N_WORDS, 4), nn.LSTM(4, 3, batch_first=True)).eval()
    tokens = np.where(IDS[0, 2] == IDS, np.nan, IDS.numpy())[:1]  # one row, whose last step is padding
    dump = recorded(tmp_path / "a.h5", model, IDS[:1], tokens=tokens, lengths=[2])
    assert dump.provenance["tokens"] == "checked"


class TwoTexts(nn.Module):
    """An encoder and a decoder of texts that are as long as each other."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(N_WORDS, 4)
        self.encoder, self.decoder = (nn.LSTM(4, 3, batch_first=True) for _ in range(2))

    def forward(self, source, target):
        return self.decoder(self.embed(target), self.encoder(self.embed(source))[1])


def test_two_texts_of_one_length_need_an_axis_each(tmp_path):
    model, target = TwoTexts().eval(), torch.tensor([[5, 5, 1], [0, 2, 2], [4, 1, 0]])
    for said in ({"tokens": IDS}, {}):
        with one_line(
            RecordingError, "decoder read other tokens than encoder", "axes={'a': 'encoder', 'b': 'decoder'}"
        ):
            recorded(tmp_path / "a.h5", model, IDS, target, **said)
    axes = {"a": "encoder", "b": "decoder"}
    with torch.no_grad(), lstmviz.record(model, tmp_path / "b.h5", WORDS, axes=axes) as run, run.batch():
        model(IDS, target)
    assert lstmviz.open_dump(tmp_path / "b.h5").axis("b").tokens.ids[:].tolist() == target.flatten().tolist()


def test_padding_that_is_packed_in_place_of_the_text_is_told(tmp_path):
    class Packing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.rnn = nn.Embedding(N_WORDS, 4), nn.LSTM(4, 3, batch_first=True)

        def forward(self, ids, lengths):
            return self.rnn(pack_padded_sequence(self.embed(ids), lengths, batch_first=True, enforce_sorted=False))

    ids = torch.tensor([[0, 0, 3], [1, 2, 4]])  # padded on the left
    with one_line(RecordingError, "begins at step 0 of each row", "move the text there before it is packed"):
        recorded(tmp_path / "a.h5", Packing(), ids, torch.tensor([1, 3]), tokens=ids, mask=ids != 0)
