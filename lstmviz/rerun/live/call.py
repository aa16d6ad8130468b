"""How a model is called that nobody described: in the layout of its modules, with what else it needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lstmviz.errors import InputError, ModelError
from lstmviz.recording.corpus.feed import is_steps_first
from lstmviz.rerun.live.user_code import called

STATES = {"hidden", "h", "hx", "h0", "h_0", "hc", "hidden_state", "state", "states", "initial_state", "prev_state"}
LENGTHS = {"lengths", "length", "lens", "seq_lens", "seq_lengths", "input_lengths", "x_lengths", "text_lengths"}
MAKERS = ("init_hidden", "initial_hidden", "init_state", "initial_state")  # methods that give a state to begin with
REMEDY = "say how with LiveModel(forward=lambda model, ids: model(ids)), ids being (1, n_steps)"


class ModelCall:
    """Calls a model with ids (n_rows, n_steps), or with numbers (n_rows, n_steps, n_features)."""

    def __init__(self, model: nn.Module, forward: Callable[[nn.Module, Tensor], Any] | None) -> None:
        self.model, self._forward = model, forward
        self.is_steps_first = forward is None and is_steps_first(model)
        self._others = () if forward is not None else _needed(model)[1:]

    def output(self, ids: Tensor) -> Any:
        """Return what the model returns."""
        if self._forward is not None:
            remedy = "fix forward="
            return called("forward", ModelError, self._forward, self.model, ids, remedy=remedy)
        given = ids.transpose(0, 1).contiguous() if self.is_steps_first else ids
        more = {name: self._value(name, ids) for name in self._others}
        return called(type(self.model).__name__, ModelError, lambda: self.model(given, **more), remedy=REMEDY)

    def logits(self, ids: Tensor) -> Tensor | None:
        """Return the logits (n_rows, n_steps, n) or (n_rows, n) in what the model returns; None where it has none."""
        n_rows, n_steps = ids.shape[:2]
        given = self.output(ids)
        if self._forward is not None and given is None:
            return None
        logits = _tensor_in(given)
        if logits is None:
            if self._forward is None:
                return None
            raise ModelError(f"forward returned a {type(given).__name__}; return logits as a tensor, or None")
        fitted = _fitted(logits.detach(), n_rows, n_steps, self.is_steps_first)
        if fitted is None and self._forward is not None:
            raise ModelError(
                f"forward returned logits of shape {tuple(logits.shape)} for ids of shape ({n_rows}, {n_steps}); "
                f"return ({n_rows}, {n_steps}, n_vocab) or ({n_rows}, n_labels)"
            )
        return fitted

    def _value(self, name: str, ids: Tensor) -> Any:
        """Return what the model is given under a name beside ids."""
        if name in LENGTHS:
            return torch.full((len(ids),), ids.shape[1])
        makers = (getattr(self.model, maker, None) for maker in MAKERS)
        make = next((maker for maker in makers if callable(maker)), None)
        if make is None:
            return None
        takes = [p for p in inspect.signature(make).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        needs = [p for p in takes if p.default is p.empty]
        values = (len(ids), ids.device)[: max(len(needs), min(1, len(takes)))]
        return called(make.__name__, ModelError, make, *values, remedy=REMEDY)


def _needed(model: nn.Module) -> list[str]:
    """Return the names of what a model has to be called with; InputError where nothing is known of one."""
    parameters = inspect.signature(model.forward).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind in kinds]
    if any(name not in STATES | LENGTHS for name in needed[1:]):
        raise InputError(f"{type(model).__name__} is called with ({', '.join(needed)}); {REMEDY}")
    return needed


def _tensor_in(output: Any) -> Tensor | None:
    """Return the tensor in a model's output: itself, its ``logits``, or the first of several."""
    named = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    if isinstance(named, Tensor):
        return named
    if isinstance(output, Mapping):
        output = list(output.values())
    if isinstance(output, (tuple, list)):
        output = next((one for one in output if isinstance(one, Tensor)), None)
    return output if isinstance(output, Tensor) and output.is_floating_point() else None


def _fitted(logits: Tensor, n_rows: int, n_steps: int, is_steps_first: bool) -> Tensor | None:
    """Return logits batch first, (n_rows, n_steps, n) or (n_rows, n); None where they are neither."""
    shape = tuple(logits.shape)
    if len(shape) == 3 and is_steps_first and shape[:2] == (n_steps, n_rows):
        return logits.transpose(0, 1)
    if len(shape) == 3 and shape[:2] == (n_rows, n_steps):
        return logits
    if len(shape) == 2 and n_steps > 1 and shape[0] == n_rows * n_steps:  # flattened for the loss
        return _unflattened(logits, n_rows, n_steps, is_steps_first)
    if len(shape) == 3 and shape[:2] == (n_rows, 1):  # of the last step alone
        return logits[:, 0]
    return logits if len(shape) == 2 and shape[0] == n_rows else None


def _unflattened(logits: Tensor, n_rows: int, n_steps: int, is_steps_first: bool) -> Tensor:
    if is_steps_first:
        return logits.view(n_steps, n_rows, -1).transpose(0, 1)
    return logits.view(n_rows, n_steps, -1)
