"""From a window to a pattern, and from a pattern to every place in the corpus that shares it; exact, NumPy only."""

from lstmviz.match.find import Count, count, find
from lstmviz.match.select import select
from lstmviz.match.text import search

__all__ = ["Count", "count", "find", "search", "select"]
