"""Labels that are read off the text, or from files: values for ``Dump.add_track``.

Each function takes an axis, such as ``dump.first``. docs/labels.md shows how they are used.
"""

from lstmviz.system.lazy import lazy_names

__getattr__, __all__ = lazy_names(__name__, __file__)


def __dir__() -> list[str]:
    return sorted(__all__)
