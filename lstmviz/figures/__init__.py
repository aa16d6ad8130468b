"""Figures for a paper or a notebook: records in, ``plotly`` figures out, each with title, labelled axes and legend.

Every figure takes ``theme="light"`` or ``"dark"`` and is laid out at the size of print (docs/figures.md). Plotly is
loaded with this module and not before. ``image`` makes a file of any of them,
and ``page`` an HTML page of a whole view.
"""

from lstmviz.figures.attention import attention
from lstmviz.figures.bars import carry
from lstmviz.figures.card import unit
from lstmviz.figures.curves import barcode, lengths, thresholds
from lstmviz.figures.flow import text
from lstmviz.figures.images import image
from lstmviz.figures.lines import units
from lstmviz.figures.page import page
from lstmviz.figures.projection import projection
from lstmviz.figures.rows import matches
from lstmviz.figures.trajectories import trajectories

__all__ = [
    "attention",
    "barcode",
    "carry",
    "image",
    "lengths",
    "matches",
    "page",
    "projection",
    "text",
    "thresholds",
    "trajectories",
    "unit",
    "units",
]
