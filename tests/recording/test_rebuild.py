"""Weights of Keras and of TorchScript in a module that can be recorded: its outputs are those of the original."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:LSTM with projections:UserWarning")
rng = np.random.default_rng(3)
X = rng.normal(size=(3, 7, 5)).astype("float32")


def weights_of(layer):
    """Give a layer weights that are all random, biases too, and return them."""
    layer(X)
    layer.set_weights([rng.normal(size=w.shape).astype("float32") * 0.5 for w in layer.get_weights()])
    return layer.get_weights()


def output(layer):
    import keras

    return keras.ops.convert_to_numpy(layer(X))


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("is_both", [False, True])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_layer_of_keras_gives_the_same_outputs(kind, is_both, use_bias):
    import keras

    layer = getattr(keras.layers, kind)(4, return_sequences=True, use_bias=use_bias)
    layer = keras.layers.Bidirectional(layer) if is_both else layer
    arrays = weights_of(layer)
    for given in (layer, arrays):
        module = lstmviz.rnn_from_keras(given)
        assert not module.training
        with torch.no_grad():
            np.testing.assert_allclose(module(torch.from_numpy(X))[0].numpy(), output(layer), atol=1e-6)


def naive_cudnn(arrays, kind):
    """What cuDNN computes from its parameters: each matrix is (n_units, n) in the memory of the array."""
    kernel, recurrent, bias = (a.astype("float64") for a in arrays)
    n_units, n_gates = recurrent.shape[0], 4 if kind == "lstm" else 3
    w = [np.ascontiguousarray(m).ravel().reshape(n_units, 5) for m in np.split(kernel, n_gates, 1)]
    u = [np.ascontiguousarray(m).ravel().reshape(n_units, n_units) for m in np.split(recurrent, n_gates, 1)]
    b, c = np.split(bias, 2)
    b, c = np.split(b, n_gates), np.split(c, n_gates)
    sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    outputs = []
    for row in X.astype("float64"):
        h = cell = np.zeros(n_units)
        for x in row:
            a = [w[k] @ x + b[k] for k in range(n_gates)]
            r = [u[k] @ h + c[k] for k in range(n_gates)]
            if kind == "lstm":
                i, f, g, o = sigmoid(a[0] + r[0]), sigmoid(a[1] + r[1]), np.tanh(a[2] + r[2]), sigmoid(a[3] + r[3])
                cell = f * cell + i * g
                h = o * np.tanh(cell)
            else:
                z, reset = sigmoid(a[0] + r[0]), sigmoid(a[1] + r[1])
                h = z * h + (1 - z) * np.tanh(a[2] + reset * r[2])
            outputs.append(h)
    return np.reshape(outputs, (*X.shape[:2], n_units))


@pytest.mark.parametrize(("kind", "n_gates"), [("lstm", 4), ("gru", 3)])
def test_the_layout_of_cudnn_is_known_by_its_bias(kind, n_gates):
    shapes = (5, n_gates * 4), (4, n_gates * 4), (2 * n_gates * 4,)
    arrays = [rng.normal(size=shape).astype("float32") * 0.5 for shape in shapes]
    with torch.no_grad():
        outputs = lstmviz.rnn_from_keras(arrays)(torch.from_numpy(X))[0].numpy()
    np.testing.assert_allclose(outputs, naive_cudnn(arrays, kind), atol=1e-5)


def test_what_pytorch_has_no_module_for_is_refused():
    import keras

    for layer, words in (
        (keras.layers.LSTM(4, recurrent_activation="hard_sigmoid"), "recurrent_activation='hard_sigmoid' and PyTorch"),
        (keras.layers.LSTM(4, activation="relu"), "activation='relu'"),
        (keras.layers.GRU(4, reset_after=False), "reset_after=False"),
        (keras.layers.LSTM(4, go_backwards=True), "reads backwards"),
    ):
        arrays = weights_of(layer)
        with pytest.raises(InputError) as caught:
            lstmviz.rnn_from_keras(layer)
        assert words in str(caught.value)
    with pytest.raises(InputError, match="kernel, a recurrent kernel"):
        lstmviz.rnn_from_keras(arrays[:1])
    gru = [np.zeros((5, 12)), np.zeros((4, 12)), np.zeros(12)]
    for wrong, words in (
        (gru, "reset_after=False"),
        ([gru[1], gru[0]], "do not belong to an LSTM or GRU"),
        ([gru[0], gru[1], np.zeros(5)], "the bias has shape (5,)"),
        ([np.zeros(3), gru[1]], "are not a kernel and a recurrent kernel"),
        ([*gru[:2], np.zeros((5, 16)), np.zeros((4, 16))], "different sizes"),
    ):
        with pytest.raises(InputError) as caught:
            lstmviz.rnn_from_keras(wrong)
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "module",
    [
        nn.LSTM(5, 4, num_layers=2, bidirectional=True, batch_first=True),
        nn.LSTM(5, 4, proj_size=3, batch_first=True),
        nn.LSTM(5, 4, num_layers=2, bias=False, batch_first=True),
        nn.GRU(5, 4, num_layers=3, batch_first=True, dtype=torch.float64),
        nn.GRU(5, 4, bidirectional=True, batch_first=True),
    ],
    ids=str,
)
def test_a_scripted_module_is_rebuilt_and_recorded(tmp_path, module):
    scripted = torch.jit.script(nn.Sequential(module.eval()))
    x = torch.from_numpy(X).to(next(module.parameters()).dtype)
    rebuilt = lstmviz.rnn_from_weights(scripted.state_dict())
    run = lstmviz.record(rebuilt, tmp_path / "a.h5", dtype="float32", states="h")
    run.tells_size = False
    with torch.no_grad(), run, run.batch():
        assert torch.equal(rebuilt(x)[0], scripted(x)[0])
    assert lstmviz.open_dump(tmp_path / "a.h5").n_steps == 21
    assert torch.equal(lstmviz.rnn_from_weights(scripted)(x)[0], rebuilt(x)[0])


def test_weights_that_are_not_of_one_module_are_refused():
    two = nn.ModuleDict({"a": nn.LSTM(2, 3), "b": nn.GRU(2, 3)})
    for wrong, words in (
        (two.state_dict(), "give those of one: a, b"),
        (nn.Linear(2, 3).state_dict(), "there is weight, bias"),
        (nn.RNN(2, 3).state_dict(), "an LSTM of 3 units has 12 rows"),
        ({"weight_ih_l0": torch.zeros(12, 2)}, "weight_hh_l0 is missing"),
        ("model.pt", "weights are a str; give a state dict"),
        ({**nn.LSTM(2, 3).state_dict(), "bias_hh_l0": torch.zeros(5)}, "the weights do not fit LSTM(2, 3"),
    ):
        with pytest.raises(InputError) as caught:
            lstmviz.rnn_from_weights(wrong)
        assert words in str(caught.value)


@pytest.mark.parametrize("given", [None, "model.h5", 5])
def test_what_is_no_layer_of_keras_is_refused(given):
    with pytest.raises(InputError, match=r"give a layer of Keras, or its arrays: layer.get_weights\(\)"):
        lstmviz.rnn_from_keras(given)
