"""A torch model's run, recorded: every state of every step, exactly, without touching the model."""

from lstmviz.system.lazy import lazy_names

__getattr__, __all__ = lazy_names(__name__, __file__)
