"""Recurrent nets of today, small and with random weights: their states are read as they run, from caches too."""

from __future__ import annotations

import re

import numpy as np
import torch
from torch import nn

import lstmviz
from support.paths import ROOT

WORDS = list("abcdefghijk")
IDS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])


def recorded(path, model, run_model, **options):
    """The dump of one run over IDS, float32."""
    with torch.no_grad(), lstmviz.record(model, path, WORDS, dtype="float32", **options) as run, run.batch(tokens=IDS):
        run_model(run)
    return lstmviz.open_dump(path)


def test_mamba_keeps_its_state_in_a_cache_that_is_read_after_each_step(tmp_path):
    import transformers

    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "intermediate_size": 16, "state_size": 4, "time_step_rank": 2, "conv_kernel": 3}
    config = transformers.MambaConfig(vocab_size=len(WORDS), num_hidden_layers=2, **sizes)
    model = transformers.MambaForCausalLM(config).eval()

    def step_by_step(run):
        cache, logits = None, []
        for t in range(IDS.shape[1]):
            given = {} if cache is None else {"cache": cache}
            out = model(IDS[:, t : t + 1], use_cache=True, **given)
            cache = out.cache_params
            logits.append(out.logits)
            for layer, held in enumerate(cache.layers):
                run.log_step(f"backbone.layers.{layer}.ssm", held.recurrent_states[0])  # (batch, d_inner, n)
        run.predictions(torch.cat(logits, dim=1), top_k=2)

    dump = recorded(tmp_path / "mamba.h5", model, step_by_step)
    assert list(dump.sources) == ["backbone.layers.0.ssm", "backbone.layers.1.ssm"]
    source = dump.source("backbone.layers.1.ssm")
    assert (source.n_units, source.names[17]) == (64, "4,1")
    for stop in (3, 8):  # the state after a chunk is that of its last step
        with torch.no_grad():
            whole = model(IDS[:, :stop], use_cache=True).cache_params
        wanted = whole.layers[1].recurrent_states[0][0].flatten()
        np.testing.assert_allclose(dump.states("backbone.layers.1.ssm")[stop - 1], wanted.numpy(), atol=1e-6)
    with torch.no_grad():
        best = model(IDS).logits.argmax(-1)[0].tolist()
    assert [dump.tracks["top1"].labels[k] for k in dump.tracks["top1"][:]] == [WORDS[k] for k in best]


def test_the_recipe_of_the_docs_runs(tmp_path, monkeypatch):
    page = (ROOT / "docs" / "recording.md").read_text("utf-8")
    (recipe,) = re.findall(r"```py\n(.*?)```", page, re.S)
    monkeypatch.chdir(tmp_path)
    exec(recipe, {"lstmviz": lstmviz, "torch": torch, "words": WORDS, "ids": IDS.repeat(2, 1)})
    dump = lstmviz.open_dump("mamba.h5")
    assert (dump.n_steps, list(dump.sources)) == (16, ["backbone.layers.0.ssm", "backbone.layers.1.ssm"])
    assert "top3" in dump.tracks


def test_mamba_is_read_by_chunk_where_steps_between_are_not_needed(tmp_path):
    import transformers

    torch.manual_seed(0)
    config = transformers.MambaConfig(vocab_size=len(WORDS), hidden_size=8, state_size=4, num_hidden_layers=1)
    model = transformers.MambaForCausalLM(config).eval()
    recording = lstmviz.record(model, tmp_path / "chunks.h5", WORDS, dtype="float32")
    with torch.no_grad(), recording as run, run.batch(tokens=IDS[:, 3::4]):  # the last token of each chunk of four
        cache = model(IDS[:, :4], use_cache=True).cache_params
        run.log_step("ssm", cache.layers[0].recurrent_states[0])
        for token in IDS[:, 4:].unbind(dim=1):  # with a cache, this model reads one token at a time
            cache = model(token[:, None], use_cache=True, cache=cache).cache_params
        run.log_step("ssm", cache.layers[0].recurrent_states[0])
    with torch.no_grad():
        whole = model(IDS, use_cache=True).cache_params.layers[0].recurrent_states[0][0].flatten()
    dump = lstmviz.open_dump(tmp_path / "chunks.h5")
    assert dump.tokens[:] == [WORDS[1], WORDS[6]]
    np.testing.assert_allclose(dump.states("ssm")[1], whole.numpy(), atol=1e-6)


def test_xlstm_has_a_matrix_a_head(tmp_path):
    import transformers

    torch.manual_seed(0)
    kernels = {
        "chunkwise_kernel": "chunkwise--native_autograd",
        "sequence_kernel": "native_sequence__native",
        "step_kernel": "native",
    }
    sizes = {"hidden_size": 128, "embedding_dim": 128, "num_heads": 2, "num_hidden_layers": 2, "num_blocks": 2}
    config = transformers.xLSTMConfig(vocab_size=len(WORDS), **sizes, **kernels)
    model = transformers.xLSTMForCausalLM(config).eval()

    def step_by_step(run):
        cache = None
        for token in IDS.unbind(dim=1):
            given = {} if cache is None else {"cache": cache}
            cache = model(token[:, None], use_cache=True, **given).cache_params
            for layer, (matrix, norm, _) in cache.rnn_state.items():
                run.log_step(f"blocks.{layer}.C", matrix)  # (batch, heads, d_qk, d_v)
                run.log_step(f"blocks.{layer}.n", norm)

    dump = recorded(tmp_path / "xlstm.h5", model, step_by_step)
    assert dump.source("blocks.1.C").names[2 * 64 + 3] == "0,2,3"
    with torch.no_grad():
        whole = model(IDS, use_cache=True).cache_params.rnn_state[1]
    np.testing.assert_allclose(dump.states("blocks.1.C")[7], whole[0][0].flatten().numpy(), atol=1e-4)
    np.testing.assert_allclose(dump.states("blocks.1.n")[7], whole[1][0].flatten().numpy(), atol=1e-4)


def test_rwkv_has_a_state_by_layer_in_a_list(tmp_path):
    import transformers

    torch.manual_seed(0)
    config = transformers.RwkvConfig(vocab_size=len(WORDS), context_length=32, hidden_size=8, num_hidden_layers=2)
    model = transformers.RwkvForCausalLM(config).eval()

    def step_by_step(run):
        state = None
        for token in IDS.unbind(dim=1):
            state = model(token[:, None], state=state, use_cache=True).state
            run.log_step("wkv.num", state[2])  # (batch, hidden, layers)

    dump = recorded(tmp_path / "rwkv.h5", model, step_by_step)
    assert dump.source("wkv.num").names[:3] == ("0,0", "0,1", "1,0")
    with torch.no_grad():
        whole = model(IDS, use_cache=True).state[2]
    np.testing.assert_allclose(dump.states("wkv.num")[7], whole[0].flatten().numpy(), atol=1e-5)


class MinGRU(nn.Module):
    """minGRU (Feng et al. 2024): gates that do not see the state, so that all steps are computed at once."""

    def __init__(self, n_units: int = 6) -> None:
        super().__init__()
        self.embed, self.gate, self.new = nn.Embedding(len(WORDS), 5), nn.Linear(5, n_units), nn.Linear(5, n_units)

    def forward(self, ids):
        x = self.embed(ids)
        z, new = self.gate(x).sigmoid(), self.new(x)
        keep = torch.cumprod(1 - z, dim=1)
        return keep * torch.cumsum(z * new / keep, dim=1)


def test_mingru_computes_all_steps_at_once_and_a_hook_logs_them(tmp_path):
    torch.manual_seed(0)
    model = MinGRU().eval()
    kept = []

    def run_model(run):
        hook = model.register_forward_hook(lambda module, args, h: run.log("mingru.l0.h", h))
        kept.append(model(IDS))
        hook.remove()

    dump = recorded(tmp_path / "mingru.h5", model, run_model)
    np.testing.assert_array_equal(dump.states("mingru.l0.h")[:], kept[0][0].numpy())
    h = torch.zeros(6)
    with torch.no_grad():
        for t, x in enumerate(model.embed(IDS[0])):  # the same step by step
            z = model.gate(x).sigmoid()
            h = (1 - z) * h + z * model.new(x)
            np.testing.assert_allclose(dump.states("mingru.l0.h")[t], h.numpy(), atol=1e-5)


class NeuralCDE(nn.Module):
    """dz = f(z) dX along a path of numbers (Kidger et al. 2020), by Euler's steps between observations."""

    def __init__(self, n_inputs: int = 3, n_units: int = 5) -> None:
        super().__init__()
        self.start, self.field = nn.Linear(n_inputs, n_units), nn.Linear(n_units, n_units * n_inputs)

    def forward(self, path, n_between: int = 4):
        z = self.start(path[:, 0])
        states = [z]
        for dx in path.diff(dim=1).unbind(dim=1):
            for _ in range(n_between):
                field = self.field(z).tanh().unflatten(-1, (z.shape[-1], -1))
                z = z + (field @ (dx / n_between)[..., None]).squeeze(-1)
            states.append(z)
        return torch.stack(states, dim=1)


def test_a_neural_cde_is_recorded_at_its_observations_with_the_numbers_that_it_read(tmp_path):
    torch.manual_seed(0)
    model, path = NeuralCDE().eval(), torch.randn(4, 7, 3).cumsum(dim=1)
    recording = lstmviz.record(model, tmp_path / "cde.h5", features=["time", "x", "y"], dtype="float32")
    with torch.no_grad(), recording as run, run.batch(inputs=path, lengths=[7, 7, 5, 3]):
        z = model(path)
        run.log("cde.z", z)
    dump = lstmviz.open_dump(tmp_path / "cde.h5")
    assert dump.n_steps == 22
    np.testing.assert_array_equal(dump.states("cde.z")[14:19], z[2, :5].numpy())
    np.testing.assert_array_equal(dump.tracks["y"][14:19], path[2, :5, 2].numpy())


def test_an_lstm_policy_has_an_episode_a_sequence_with_its_return(tmp_path):
    torch.manual_seed(0)
    cell, act = nn.LSTMCell(3, 8).eval(), nn.Linear(8, 2)
    seen = torch.randn(2, 6, 3)
    starts = torch.tensor([[1, 0, 0, 1, 0, 0], [1, 0, 0, 0, 1, 0]]).bool()
    reward = torch.rand(2, 6)
    recording = lstmviz.record(cell, tmp_path / "policy.h5", features=["x", "y", "angle"], dtype="float32")
    with torch.no_grad(), recording as run, run.batch(inputs=seen, starts=starts, tracks={"reward": reward}):
        h = c = torch.zeros(2, 8)
        actions = []
        for t in range(6):
            keep = ~starts[:, t, None]
            h, c = cell(seen[:, t], (h * keep, c * keep))
            actions.append(act(h).argmax(1))
        run.track("action", [[("left", "right")[a] for a in row] for row in torch.stack(actions, dim=1).tolist()])
    dump = lstmviz.open_dump(tmp_path / "policy.h5")
    assert dump.sequences["stop"].tolist() == [3, 6, 10, 12]
    with torch.no_grad():
        h, c = cell(seen[0, 3:4])  # an episode begins from nothing
    (source,) = (name for name in dump.sources if name.endswith(".c"))
    np.testing.assert_allclose(dump.states(source)[3], c[0].numpy(), atol=1e-5)
    assert set(dump.tracks["action"].labels) <= {"left", "right"}
