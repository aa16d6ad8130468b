"""A torch model's run, recorded: every state of every step, exactly, without touching the model."""

from lstmviz.recording.session import Batch, Recording
from lstmviz.recording.start import record

__all__ = ["Batch", "Recording", "record"]
