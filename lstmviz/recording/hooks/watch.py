"""Watch the calls of a module while a batch runs, however it is called, and leave nothing on it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

import torch
from torch import nn

from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import ModuleCall


class Watch:
    """Stands in for ``module.forward`` and hands every call to ``take``; ``self.rnn.forward(x)`` is seen like a call.

    A module that is copied or saved meanwhile gets its own plain ``forward``. A second forward pass that activation
    checkpointing makes inside ``backward`` is not recorded again.
    """

    def __init__(self, name: str, module: nn.Module, take: Callable[[ModuleCall], None]) -> None:
        self._name, self._module, self._take = name, module, take
        self._before = module.__dict__.get("forward")
        self._forward = module.forward
        module.__dict__["forward"] = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the module, and take what went in and came out."""
        if torch._C._functorch.maybe_current_level() is not None:
            raise RecordingError(
                f"{self._name} ran inside torch.func (grad, vmap and the like), whose tensors cannot be kept; record a "
                "pass of the model itself"
            )
        output = self._forward(*args, **kwargs)
        if torch._C._current_graph_task_id() == -1:
            with torch._C.DisableTorchFunction():
                self._take(ModuleCall(self._name, self._module, args, kwargs, output))
        return output

    def __reduce__(self) -> Any:
        """Copy or pickle as the module's own ``forward``."""
        if self._before is not None:
            return itemgetter(0), ((self._before,),)
        return getattr, (self._module, "forward")

    def remove(self) -> None:
        """Give the module back its own ``forward``."""
        if self._before is None:
            self._module.__dict__.pop("forward", None)
        else:
            self._module.__dict__["forward"] = self._before
