"""A torch model's run, recorded: every state of every step, exactly, without touching the model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lstmviz.recording.start import record

if TYPE_CHECKING:
    from lstmviz.recording.batch.batch import Batch
    from lstmviz.recording.batch.pass_inputs import Pass
    from lstmviz.recording.in_memory import record_in_memory
    from lstmviz.recording.recording import Recording

__all__ = ["Batch", "Pass", "Recording", "record", "record_in_memory"]

_HOME = {  # loads torch
    "Batch": "batch.batch",
    "Pass": "batch.pass_inputs",
    "Recording": "recording",
    "record_in_memory": "in_memory",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lstmviz.recording.{_HOME[name]}"), name)
