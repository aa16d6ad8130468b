"""Make an ``nn.LSTM`` or ``nn.GRU`` out of weights: of a Keras layer, or of a module that calls no hooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.values import as_array
from lstmviz.errors import InputError, reason_of

if TYPE_CHECKING:
    import torch
    from torch import nn

Kernel = NDArray[Any]
_KINDS = {4: "LSTM", 3: "GRU"}  # modules of torch.nn, by their number of gates
_GRU_ORDER = (1, 0, 2)  # Keras has the gates z, r, h; PyTorch r, z, n
_NAME = re.compile(
    r"(?P<prefix>.*?)(?P<kind>weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_l(?P<layer>\d+)(?P<back>_reverse)?"
)


def rnn_from_keras(layer: Any) -> nn.LSTM | nn.GRU:
    """Return the ``nn.LSTM`` or ``nn.GRU`` that computes what a layer of Keras does, so that it can be recorded.

    Gates and biases are brought into PyTorch's order. The layout of ``CuDNNLSTM`` and ``CuDNNGRU`` is known by the
    length of its bias. The result agrees with Keras to float32's precision; it is ``batch_first`` and in eval mode.

    Args:
        layer: A Keras layer, also in ``Bidirectional``; or its arrays, as ``layer.get_weights()`` returns them and a
            weights file holds them: kernel (n_inputs, n_gates * n_units), recurrent kernel (n_units, n_gates *
            n_units), and bias where it has one; six arrays for both directions.

    Returns:
        The module. Arrays alone do not say which activations they were trained with: sigmoid and tanh are assumed.

    Raises:
        InputError: The arrays do not fit together, or PyTorch has no such module: another activation, a GRU with
            ``reset_after=False``, or ``go_backwards``.

    Example:
        >>> import numpy as np
        >>> kernel, recurrent, bias = np.zeros((3, 16)), np.zeros((4, 16)), np.zeros(16)
        >>> lstmviz.rnn_from_keras([kernel, recurrent, bias])
        LSTM(3, 4, batch_first=True)
    """
    import torch

    if hasattr(layer, "get_weights"):
        _check_layer(layer)
        layer = layer.get_weights()
    if isinstance(layer, (str, bytes)) or not isinstance(layer, Iterable):
        raise InputError(
            f"a {type(layer).__name__} is given; give a layer of Keras, or its arrays: layer.get_weights()"
        )
    arrays = [np.asarray(as_array(f"array {i}", a, "numbers", "give the layer's arrays")) for i, a in enumerate(layer)]
    if len(arrays) not in (2, 3, 4, 6):
        raise InputError(f"{len(arrays)} arrays are given; a layer has a kernel, a recurrent kernel and maybe a bias")
    per_direction = len(arrays) if len(arrays) < 4 else len(arrays) // 2
    directions = [arrays[i : i + per_direction] for i in range(0, len(arrays), per_direction)]
    n_inputs, n_units, n_gates = _sizes(directions[0])
    if any(_sizes(each) != (n_inputs, n_units, n_gates) for each in directions):
        raise InputError("the two directions have different sizes; give the arrays of one layer")
    state: dict[str, torch.Tensor] = {}
    for each, ending in zip(directions, ("_l0", "_l0_reverse"), strict=False):
        for name, values in _in_torch(each, n_units, n_gates).items():
            state[name + ending] = torch.from_numpy(np.ascontiguousarray(values))
    options: dict[str, Any] = {"bias": per_direction == 3, "bidirectional": len(directions) == 2, "batch_first": True}
    return _loaded(_kind(n_gates)(n_inputs, n_units, **options, dtype=next(iter(state.values())).dtype), state)


def rnn_from_weights(weights: Mapping[str, Any] | nn.Module, *, batch_first: bool = True) -> nn.LSTM | nn.GRU:
    """Return the ``nn.LSTM`` or ``nn.GRU`` that has some weights, so that it can be recorded.

    A TorchScript module calls no hooks; a module of the same weights does.

    Args:
        weights: The state dict of the module, or of a model in which it is the only recurrent one: ``weight_ih_l0``,
            ``weight_hh_l0``, ... with or without the module's name before them. The module itself will do.
        batch_first: Whether its inputs are (batch, steps, n_inputs).

    Returns:
        The module, in eval mode: layers, directions, biases and projections as the weights have them.

    Raises:
        InputError: There are no such weights, or those of several modules, or they are not of an LSTM or a GRU.

    Example:
        >>> import torch
        >>> weights = torch.nn.LSTM(3, 4, num_layers=2).state_dict()  # of a scripted model: scripted.state_dict()
        >>> lstmviz.rnn_from_weights(weights)
        LSTM(3, 4, num_layers=2, batch_first=True)
    """
    import torch

    weights = weights.state_dict() if isinstance(weights, torch.nn.Module) else weights
    if not isinstance(weights, Mapping):
        raise InputError(
            f"weights are a {type(weights).__name__}; give a state dict, as module.state_dict() returns it"
        )
    matched_weights = {name: match for name in weights if (match := _NAME.fullmatch(name))}
    prefixes = sorted({match["prefix"] for match in matched_weights.values()})
    if len(prefixes) != 1:
        modules = ", ".join(prefix.rstrip(".") for prefix in prefixes)
        remedy = (
            f"give those of one: {modules}" if prefixes else f"there is {', '.join(list(weights)[:8]) or 'nothing'}"
        )
        raise InputError(
            f"weights of {len(prefixes)} recurrent modules are given, named weight_ih_l0 and so on; {remedy}"
        )
    state = {name.removeprefix(prefixes[0]): torch.as_tensor(weights[name]).detach() for name in matched_weights}
    if not state.keys() >= {"weight_ih_l0", "weight_hh_l0"}:
        raise InputError(f"weight_ih_l0 or weight_hh_l0 is missing; there is {', '.join(state)}")
    ih, hh = state["weight_ih_l0"], state["weight_hh_l0"]
    projected = hh.shape[1] if "weight_hr_l0" in state else 0
    n_units = state["weight_hr_l0"].shape[1] if projected else hh.shape[1]
    n_gates = ih.shape[0] // n_units
    if n_gates not in _KINDS or ih.shape[0] % n_units:
        raise InputError(f"weight_ih_l0 has shape {tuple(ih.shape)}; an LSTM of {n_units} units has {4 * n_units} rows")
    module = _kind(n_gates)(
        ih.shape[1],
        n_units,
        num_layers=1 + max(int(match["layer"]) for match in matched_weights.values()),
        bias="bias_ih_l0" in state,
        bidirectional=any(match["back"] for match in matched_weights.values()),
        batch_first=batch_first,
        dtype=ih.dtype,
        **({"proj_size": projected} if projected else {}),
    )
    return _loaded(module, state)


def _kind(n_gates: int) -> Any:
    """Return the class of torch.nn with the given number of gates."""
    from torch import nn

    return getattr(nn, _KINDS[n_gates])


def _loaded(module: nn.LSTM | nn.GRU, state: Mapping[str, torch.Tensor]) -> nn.LSTM | nn.GRU:
    try:
        module.load_state_dict(dict(state))
    except RuntimeError as err:
        raise InputError(f"the weights do not fit {module} ({reason_of(err)}); give all of one") from err
    return module.eval()


def _check_layer(layer: Any) -> None:
    """Raise InputError for a layer of Keras that computes what no module of PyTorch does."""
    for part in filter(None, (getattr(layer, "forward_layer", layer), getattr(layer, "backward_layer", None))):
        config = part.get_config()
        name, is_backward = config.get("name"), part is getattr(layer, "backward_layer", None)
        for key, needed in (("activation", "tanh"), ("recurrent_activation", "sigmoid")):
            if config.get(key, needed) != needed:
                raise InputError(f"{name} has {key}={config[key]!r} and PyTorch {needed}; record its states in Keras")
        if config.get("go_backwards") and not is_backward:
            raise InputError(f"{name} reads backwards; PyTorch does so beside a forward direction only: flip its input")
        if config.get("reset_after") is False:
            raise InputError(_reset_before(name))


def _reset_before(name: object) -> str:
    return f"{name} is a GRU with reset_after=False, which nn.GRU does not compute; record its states in Keras"


def _sizes(arrays: Sequence[Kernel]) -> tuple[int, int, int]:
    """Return (inputs, units, gates) of one direction; InputError where its arrays do not fit together."""
    kernel, recurrent, *bias = arrays
    shapes = ", ".join(str(a.shape) for a in arrays)
    if kernel.ndim != 2 or recurrent.ndim != 2 or kernel.shape[1] != recurrent.shape[1] or not recurrent.shape[0]:
        raise InputError(
            f"arrays of {shapes} are not a kernel and a recurrent kernel, (n, n_gates * n_units); check their order"
        )
    n_inputs, n_units, n_gates = kernel.shape[0], recurrent.shape[0], recurrent.shape[1] // recurrent.shape[0]
    if n_gates not in _KINDS or recurrent.shape[1] % n_units:
        raise InputError(
            f"arrays of {shapes} do not belong to an LSTM or GRU: an LSTM of {n_units} units has {4 * n_units} columns"
        )
    width = n_gates * n_units
    if bias and bias[0].shape not in ((width,), (2 * width,), (2, width)):
        raise InputError(f"the bias has shape {bias[0].shape}; {width} or twice as many values are needed")
    if bias and n_gates == 3 and bias[0].shape == (width,):
        raise InputError(_reset_before("this"))
    return n_inputs, n_units, n_gates


def _in_torch(arrays: Sequence[Kernel], n_units: int, n_gates: int) -> dict[str, Kernel]:
    """Return the arrays of one direction by PyTorch's names, in its layout."""
    kernel, recurrent, *bias = arrays
    is_cudnn = bool(bias) and bias[0].shape == (2 * n_gates * n_units,)
    order = _GRU_ORDER if n_gates == 3 else range(n_gates)
    gates = [(kernel[:, g * n_units : (g + 1) * n_units], recurrent[:, g * n_units : (g + 1) * n_units]) for g in order]
    # cuDNN reads the memory of (n_inputs, n_units) as (n_units, n_inputs).
    ih = [k.reshape(n_units, -1) if is_cudnn else k.T for k, _ in gates]
    hh = [r if is_cudnn else r.T for _, r in gates]
    named = {"weight_ih": np.concatenate(ih), "weight_hh": np.concatenate(hh)}
    if bias:
        both = np.zeros((2, n_gates, n_units), bias[0].dtype)
        both[: 1 if bias[0].shape == (n_gates * n_units,) else 2] = bias[0].reshape(-1, n_gates, n_units)
        named["bias_ih"], named["bias_hh"] = both[:, list(order)].reshape(2, -1)
    return named
