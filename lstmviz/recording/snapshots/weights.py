"""The weights of a moment, beside its dump: the tensors of the model's state, as safetensors, without any code."""

from __future__ import annotations

import os
from io import BufferedWriter
from pathlib import Path

from safetensors.torch import save
from torch import Tensor, nn

from lstmviz.errors import RecordingError, reason_with_class
from lstmviz.system.own_files import new_file


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the weights and buffers of a model, on disk once this returns. Raises OSError; RecordingError."""
    tensors = {name: value for name, value in model.state_dict().items() if isinstance(value, Tensor)}
    try:  # copied, since a weight that is used twice stands under two names
        content = save({name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()})
    except (KeyError, ValueError, RuntimeError, TypeError) as err:
        reason = reason_with_class(err)
        raise RecordingError(
            f"the weights of this {type(model).__name__} cannot be kept ({reason}); leave out weights=True"
        ) from err
    with BufferedWriter(new_file(path)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
