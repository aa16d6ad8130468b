"""A live model as it was at a moment of its training: another module of the same shape, with the weights kept then."""

from __future__ import annotations

import copy
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from lstmviz.errors import ModelError, reason_of, reason_with_class
from lstmviz.rerun.alone import alone_with
from lstmviz.rerun.live.model import LiveModel
from lstmviz.rerun.live.user_code import called
from lstmviz.training.model_config import read_weights


def at_moment(live: LiveModel, path: Path) -> LiveModel:
    """Return a live model with the weights in a file in place of its own; ModelError where they are not of its shape.

    Its module is made by the user's own function (``untrained``), or else copied; the user's own stays as it is.
    """
    model = _module_like(live)
    here = {name: value for name, value in model.state_dict().items() if isinstance(value, Tensor)}
    weights = _read(path, sum(value.numel() for value in here.values()))
    name = next(
        (name for name in {**here, **weights} if _shape(here.get(name)) != _shape(weights.get(name))),
        None,
    )
    if name is not None:
        raise ModelError(
            f"{path.name} has {name} of shape {_shape(weights.get(name))}, and this {type(model).__name__} has "
            f"{_shape(here.get(name))}; give the model that was trained"
        )
    model.load_state_dict(weights, strict=False)  # what is no tensor stays
    then = copy.copy(live)
    then.model = model
    return then


def _read(path: Path, n_values: int) -> dict[str, Tensor]:
    try:
        return load(read_weights(path, n_values))
    except (OSError, SafetensorError) as err:
        reason = reason_of(err)
        raise ModelError(f"{path.name} cannot be read as weights ({reason}); take the moment again") from err


def _module_like(live: LiveModel) -> nn.Module:
    if live.untrained is not None:
        made = called("untrained", ModelError, live.untrained, remedy="fix untrained=")
        if not isinstance(made, nn.Module):
            raise ModelError(f"untrained returned a {type(made).__name__}; return a module of the same shape")
        return made
    try:
        with alone_with(live.model):
            return copy.deepcopy(live.model)
    except Exception as err:
        reason = reason_with_class(err)
        raise ModelError(
            f"this {type(live.model).__name__} cannot be copied ({reason}), to hold the weights of a moment; give "
            "LiveModel(untrained=...), a function that makes one"
        ) from err


def _shape(value: Tensor | None) -> tuple[int, ...] | None:
    return None if value is None else tuple(value.shape)
