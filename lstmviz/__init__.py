"""lstmviz: see what a recurrent network has learned.

Record a model's hidden and cell states, select the units that are on through a window, and find every place in the
corpus where they are on together. Nothing heavy is loaded before it is used.

What is wrong is raised as one of the classes of ``lstmviz.errors`` (such as ``lstmviz.errors.DumpError``), which are
all a ``LstmvizError``: its text is one line that says what was asked, what there is, and what to do.
"""

from lstmviz.system.lazy import lazy_names

__getattr__, _names = lazy_names(__name__, __file__)
_LOAD_TORCH = {"Batch", "Recording"}  # types of what is handed out, imported by name only

__all__ = [name for name in _names if name not in _LOAD_TORCH | {"__version__", "errors"}]


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "errors"])
