"""A torch model's run, recorded: every state of every step, exactly, without touching the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lstmviz.recording.start import record

if TYPE_CHECKING:
    from lstmviz.recording.session import Batch, Recording

__all__ = ["Batch", "Recording", "record"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lstmviz.recording import session  # loads torch

    return getattr(session, name)
