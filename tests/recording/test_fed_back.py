"""What a recurrent module puts out stands at a token's step, but is not that token read again."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.errors import RecordingError
from support.recording import one_line

WORDS = [f"w{i}" for i in range(9)]
IDS = torch.tensor([[1, 2, 3, 4, 5], [3, 4, 6, 7, 1], [7, 8, 2, 2, 4]])


class Model(nn.Module):
    """An embedding, modules by name, and what is done with them."""

    def __init__(self, run, **modules) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.run = nn.Embedding(9, 4), run
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, ids):
        return self.run(self, ids)


def input_feeding(m, ids):
    state = (torch.zeros(len(ids), 3),) * 2
    for step in ids.T:
        state = m.cell(torch.cat([m.embed(step), state[0]], dim=1), state)


def own_forecasts(m, ids):
    state, x = None, m.embed(ids[:, 0])
    for _ in range(ids.shape[1]):
        state = m.cell(x, state)
        x = m.out(state[0])


def soft_tokens(m, ids):
    state, x = None, m.embed(ids[:, 0])
    for _ in range(ids.shape[1]):
        state = m.cell(x, state)
        x = m.out(state[0]).softmax(1) @ m.embed.weight


def repeated(m, ids):
    last = m.encoder(m.embed(ids))[0][:, -1:]
    m.decoder(last.repeat(1, ids.shape[1], 1))


def residual(m, ids):
    x = m.embed(ids)
    m.second(x + m.first(x)[0])


def recorded(path, model, **said):
    with torch.no_grad(), lstmviz.record(model.eval(), path, WORDS) as run, run.batch(**said):
        model(IDS)
    return lstmviz.open_dump(path)


def lstm(n_in, n_out=3):
    return nn.LSTM(n_in, n_out, batch_first=True)


def test_a_state_fed_back_beside_the_token_leaves_the_token_known(tmp_path):
    model = Model(input_feeding, cell=nn.LSTMCell(7, 3))
    assert recorded(tmp_path / "a.h5", model, tokens=IDS).provenance["tokens"] == "checked"
    dump = recorded(tmp_path / "b.h5", model)
    assert dump.tokens[:] == [WORDS[i] for i in IDS.flatten().tolist()]
    late = IDS.clone()
    late[0, 3] = 8  # past the first step
    with one_line(RecordingError, "step 3 of sequence 0 is id 8, and embed was given 4"):
        recorded(tmp_path / "c.h5", model, tokens=late)


@pytest.mark.parametrize("run", [own_forecasts, soft_tokens])
def test_what_a_model_makes_of_its_own_output_is_no_token(tmp_path, run):
    out = nn.Linear(3, 4 if run is own_forecasts else 9)
    model = Model(run, cell=nn.LSTMCell(4, 3), out=out)
    dump = recorded(tmp_path / "a.h5", model)
    assert dump.tokens is None
    assert dump.provenance["tokens"] == "not checked"
    assert recorded(tmp_path / "b.h5", model, tokens=IDS).provenance["tokens"] == "not checked"


def test_a_decoder_that_reads_the_last_state_again_and_again(tmp_path):
    model = Model(repeated, encoder=lstm(4), decoder=lstm(3))
    assert recorded(tmp_path / "a.h5", model, tokens=IDS).provenance["tokens"] == "encoder checked; decoder not checked"
    dump = recorded(tmp_path / "b.h5", model)
    assert dump.provenance["tokens"] == "encoder taken from what was read; decoder not checked"


@pytest.mark.parametrize("way", ["stacked", "stacked from the end", "residual"])
def test_layers_upon_layers(tmp_path, way):
    runs = {
        "stacked": lambda m, ids: m.second(m.first(m.embed(ids))[0]),
        "stacked from the end": lambda m, ids: m.second(m.first(m.embed(ids))[0].flip(1)),
        "residual": residual,
    }
    dump = recorded(tmp_path / "a.h5", Model(runs[way], first=lstm(4, 4), second=lstm(4, 4)), tokens=IDS)
    expected = "first checked; second aligned: read from the end" if "end" in way else "checked"
    assert dump.provenance["tokens"] == expected


def test_attention_over_tokens_mixes_steps(tmp_path):
    def attend(m, ids):
        x = m.embed(ids)
        m.rnn(torch.relu(x @ x.transpose(1, 2)) @ x)

    assert recorded(tmp_path / "a.h5", Model(attend, rnn=lstm(4)), tokens=IDS).provenance["tokens"] == "not checked"


def test_bags_of_one_token_each(tmp_path):
    def look_up(m, ids):
        m.rnn(m.bag(ids.flatten(), torch.arange(ids.numel())).view(*ids.shape, 4))

    model = Model(look_up, bag=nn.EmbeddingBag(9, 4), rnn=lstm(4))
    assert recorded(tmp_path / "a.h5", model, tokens=IDS).provenance["tokens"] == "checked"
    with one_line(RecordingError, "one step ahead"):
        recorded(tmp_path / "b.h5", model, tokens=IDS.roll(-1, 1))


def test_ids_that_the_model_makes_into_others(tmp_path):
    buckets = Model(lambda m, ids: m.rnn(m.embed(ids % 4)), rnn=lstm(4))
    dump = recorded(tmp_path / "a.h5", buckets, tokens=IDS)
    assert dump.provenance["tokens"] == "checked, read as other ids"
    assert dump.tokens[0:5] == ["w1", "w2", "w3", "w4", "w5"]
    kept = torch.tensor([[1, 1, 0, 1, 1], [1] * 5, [1] * 5])  # of two places with token 3, one is dropped
    dropped = Model(lambda m, ids: m.rnn(m.embed(ids * kept)), rnn=lstm(4))
    with one_line(RecordingError, "step 2 of sequence 0 is id 3, and embed was given 0"):
        recorded(tmp_path / "b.h5", dropped, tokens=IDS)


def test_of_two_tables_the_vocabulary_tells_which_has_the_tokens(tmp_path):
    def both(m, ids):
        m.rnn(torch.cat([m.tags(ids % m.tags.num_embeddings), m.embed(ids)], dim=2))

    few = Model(both, tags=nn.Embedding(3, 2), rnn=lstm(6))
    assert recorded(tmp_path / "a.h5", few).tokens[0:5] == ["w1", "w2", "w3", "w4", "w5"]
    alike = Model(lambda m, ids: both(m, ids.flip(0)), tags=nn.Embedding(9, 2), rnn=lstm(6))
    assert recorded(tmp_path / "b.h5", alike).tokens[0:5] == ["w7", "w8", "w2", "w2", "w4"]  # both read the same ids
    other = Model(
        lambda m, ids: m.rnn(torch.cat([m.tags(8 - ids), m.embed(ids)], 2)), tags=nn.Embedding(9, 2), rnn=lstm(6)
    )
    with one_line(RecordingError, "tags and embed each turn ids into rows", "give tokens="):
        recorded(tmp_path / "c.h5", other)
    assert recorded(tmp_path / "d.h5", other, tokens=IDS).provenance["tokens"] == "checked"
