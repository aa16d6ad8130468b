"""Run a model amid its training, leaving no trace: its mode, own tensors, random numbers and autocast as before."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lstmviz.recording.corpus.feed import eval_mode


@contextmanager
def as_found(model: nn.Module) -> Iterator[None]:
    """Put a model into eval mode, without gradients or autocast, and everything back afterwards.

    What the modules keep of their last run (buffers, a hidden state in an attribute) is put back too, and so are the
    states of the random generators of torch, NumPy and Python.
    """
    devices = {weight.device for weight in (*model.parameters(), *model.buffers())}
    numbers, python = np.random.get_state(), random.getstate()  # the user's own generators
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng([d for d in devices if d.type == "cuda"]))
        for kind in sorted({"cpu"} | {d.type for d in devices} & {"cuda", "mps", "xpu"}):
            stack.enter_context(torch.autocast(kind, enabled=False))
        stack.enter_context(torch.no_grad())
        stack.enter_context(_kept_tensors(model))
        stack.enter_context(eval_mode(model))
        try:
            yield
        finally:
            np.random.set_state(numbers)
            random.setstate(python)


@contextmanager
def _kept_tensors(model: nn.Module) -> Iterator[None]:
    """Put back afterwards the buffers of a model, and the tensors that its modules hold in attributes of their own."""
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    attributes = [(vars(module), name, value) for module in model.modules() for name, value in _own_state(module)]
    try:
        yield
    finally:
        for fields, name, value in attributes:
            fields[name] = value
        with torch.no_grad():
            for buffer, value in buffers:
                if not torch.equal(buffer, value):  # a write, even of the same, would end a backward pass under way
                    buffer.copy_(value)


def _own_state(module: nn.Module) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in vars(module).items() if not name.startswith("_") and _holds_state(value)]


def _holds_state(value: Any) -> bool:
    """Tell whether an attribute may be a state: a tensor, None before the first run, or a few of them together."""
    if isinstance(value, tuple | list):
        return bool(value) and all(isinstance(one, Tensor) for one in value)
    return value is None or isinstance(value, Tensor)
