"""How every figure looks: sizes of print, faces, and one set of colours for light and one for dark ground.

A figure is laid out at the size at which it is printed: 96 px are an inch, so 680 px fill a page's text and 330 px a
column, and type of 11 px is 8 points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Literal

import plotly.graph_objects as go

from lstmviz.errors import PatternError
from lstmviz.figures.text import escape_label, n_columns, wrap

ThemeName = Literal["light", "dark"]
"""The colours of a figure."""

PAGE = 680  # px, the width of a page's text
COLUMN = 330  # px, the width of one of two columns
TYPE, TITLE = 11, 13  # px
LINE = 15  # px, from one line of type to the next
SANS = "Helvetica, Arial, 'DejaVu Sans', 'Noto Sans', sans-serif"
MONO = "'DejaVu Sans Mono', 'Noto Sans Mono', Menlo, Consolas, monospace"
LETTER = 0.58  # of the type's size: a letter of the sans face, on average, in the widest of the faces
EM = 0.62  # of the type's size: a cell of the monospaced face, and a little more than a letter of the other


@dataclass(frozen=True)
class Theme:
    """The colours of a figure; ``shade`` and ``ordered`` run from little to much, ``signed`` from low to high."""

    ground: str
    ink: str
    dim: str
    grid: str
    grey: str
    unit: str  # lines of units that are not selected
    base: str  # bars of the whole corpus
    accent: str
    low: str
    hover: str
    band: str
    shade: tuple[str, ...]
    ordered: tuple[str, ...]
    signed: tuple[str, ...]
    categories: tuple[str, ...]


_THEMES: dict[str, Theme] = {
    "light": Theme(
        ground="#ffffff",
        ink="#17202b",
        dim="#5a6572",
        grid="#e4e8ed",
        grey="#8a94a0",
        unit="#56616e",
        base="#b3b8be",
        accent="#1a66dc",
        low="#b0287f",
        hover="#c84208",
        band="rgba(31,111,235,0.10)",
        shade=("#eef3fa", "#b9d2fa", "#5f97f2"),
        ordered=("#e9f3f1", "#6fb5ab", "#0b5a58"),
        signed=("#b0287f", "#e9a9cf", "#f4f5f8", "#a9c8fa", "#1a66dc"),
        categories=("#f2c9a8", "#bfd9ea", "#cfe5b7", "#e3c6e6", "#f0df9f", "#c9cdd3", "#a8d8d0", "#f0b8bd"),
    ),
    "dark": Theme(
        ground="#0e131a",
        ink="#e5ebf2",
        dim="#98a4b3",
        grid="#283140",
        grey="#7d8896",
        unit="#a9b4c2",
        base="#545b66",
        accent="#58a6ff",
        low="#f08ac9",
        hover="#ff9b57",
        band="rgba(88,166,255,0.14)",
        shade=("#151e2b", "#1f4473", "#4c93ea"),
        ordered=("#14262a", "#2c7b78", "#a4e8dc"),
        signed=("#f08ac9", "#7a3a63", "#18202b", "#22507f", "#58a6ff"),
        categories=("#7d5233", "#2f5d78", "#4f6b34", "#6a4570", "#6e6130", "#4b535e", "#2b6a62", "#7a4148"),
    ),
}


def get_theme(name: str) -> Theme:
    """Return a theme by its name; PatternError where it is neither light nor dark."""
    if name not in _THEMES:
        raise PatternError(f"theme {name!r} is not known; use 'light' or 'dark'")
    return _THEMES[name]


def colour_scale(colours: tuple[str, ...]) -> list[list[Any]]:
    """Return colours, evenly spaced, as a scale for Plotly."""
    return [[i / (len(colours) - 1), colour] for i, colour in enumerate(colours)]


def stepped_scale(colours: tuple[str, ...], n: int) -> list[list[Any]]:
    """Return a scale of n flat steps, one for each whole number 0 to n - 1 on a range of -0.5 to n - 0.5."""
    picked = [colours[i % len(colours)] for i in range(n)]
    return [[edge, colour] for i, colour in enumerate(picked) for edge in (i / n, (i + 1) / n)]


def gradient(colours: tuple[str, ...], n: int) -> tuple[str, ...]:
    """Return n colours, evenly spaced on the gradient through some colours."""
    return tuple(_between(colours, i / max(1, n - 1)) for i in range(n))


@dataclass(frozen=True)
class Margins:
    """The px around the plot of a figure; above it stand the title, the detail and a legend of so many px."""

    left: int = 60
    right: int = 14
    bottom: int = 44
    legend: int = 0


def legend_height(fig: go.Figure, plot_width: int) -> int:
    """Return the height in px of a figure's legend, which is as wide as its plot; 0 where there is none."""
    names = [unescape(t.name) for t in fig.data if t.name is not None and t.showlegend is not False]
    text = int(max(map(n_columns, names), default=1) * TYPE * LETTER) + 4
    fig.update_layout(legend={"entrywidth": text, "entrywidthmode": "pixels", "traceorder": "normal"})
    n_a_row = max(1, int(plot_width / (text + 46)))  # each is as wide as the widest; 46 is the line or mark before it
    return 20 * -(-len(names) // n_a_row)


def lay_out(
    fig: go.Figure,
    theme: Theme,
    title: str,
    detail: str,
    width: int,
    plot_height: int,
    margins: Margins,
    keys: Sequence[tuple[str, str]] = (),
) -> go.Figure:
    """Lay a figure out: title (bold), one or more lines of detail under it, a legend, then the plot.

    ``keys``, a name and a colour each, make a legend in the title, for a plot too narrow for its own.
    """
    text, above = _title_text(theme, title, detail, width, keys)
    top = above + margins.legend + 10
    height = top + plot_height + margins.bottom
    at_left = {"x": 12 / width, "xanchor": "left", "xref": "container", "yanchor": "top", "yref": "container"}
    fig.update_layout(
        template=_template(theme),
        width=width,
        height=height,
        margin={"l": margins.left, "r": margins.right, "t": top, "b": margins.bottom, "autoexpand": False},
        title={"text": text, "y": 1, "pad": {"t": 22}, **at_left},  # 22 px to the middle of the first line
        legend={
            "orientation": "h",
            "y": 1 - above / height,
            "itemclick": False,
            "itemdoubleclick": False,
            **at_left,
        },
        showlegend=margins.legend > 0,
    )
    return fig


def _title_text(theme: Theme, title: str, detail: str, width: int, keys: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """Return title, detail and keys as a Plotly title, and the px from the figure's top to their end."""
    columns = int((width - 24) / (TYPE * EM) * 1.06)
    heads = wrap(title, int(columns * TYPE / TITLE))
    small = [escape_label(line) for line in wrap(detail, columns)] if detail else []
    if keys:
        small.append("   ".join(f'<span style="color:{colour}">■</span> {escape_label(name)}' for name, colour in keys))
    text = "<br>".join(f"<b>{escape_label(line)}</b>" for line in heads)
    text += "".join(f'<br><span style="font-size:{TYPE}px;color:{theme.dim}">{line}</span>' for line in small)
    return text, 12 + 17 * len(heads) + LINE * len(small)


def number_width(values: Sequence[int]) -> int:
    """Return the width in px of whole numbers beside a plot, with the axis's title."""
    return 30 + int(max((len(f"{value:,}") for value in values), default=1) * TYPE * EM)


def count_axis(most: float, title: str) -> dict[str, Any]:
    """Return the look of an axis that counts from 0 up to ``most``: whole numbers, 1,500 as 1.5k."""
    return {"title_text": title, "rangemode": "tozero", "tickformat": "~s", "dtick": 1 if most <= 5 else None}


def colour_bar(theme: Theme, title: str, plot_height: int, below: int, **more: Any) -> dict[str, Any]:
    """Return a horizontal colour bar, ``below`` px under a plot of ``plot_height`` px."""
    return {
        "orientation": "h",
        "thickness": 8,
        "len": 150,
        "lenmode": "pixels",
        "x": 0,
        "xanchor": "left",
        "y": -below / plot_height,
        "yanchor": "top",
        "ypad": 0,
        "xpad": 0,
        "outlinewidth": 0,
        "title": {"text": title, "side": "top", "font": {"size": TYPE, "color": theme.dim}},
        "tickfont": {"size": TYPE, "color": theme.dim},
        "ticks": "",
        **more,
    }


def ink_on(theme: Theme, colours: list[list[Any]], share: float) -> str:
    """Return the ink or the ground of a theme, whichever contrasts more with a scale's colour at ``share``, 0 to 1."""
    stops = [stop for stop, _ in colours]
    at = max(0, min(len(stops) - 2, sum(stop <= share for stop in stops) - 1))
    (low, one), (high, other) = colours[at], colours[at + 1]
    cell = _luminance(_between((one, other), min(1.0, max(0.0, (share - low) / (high - low))) if high > low else 0.0))
    choices = ("#17202b", "#ffffff") if theme.ground == "#ffffff" else (theme.ink, theme.ground)

    def contrast(ink: str) -> float:
        pair = sorted((cell, _luminance(ink)))
        return (pair[1] + 0.05) / (pair[0] + 0.05)

    return max(choices, key=contrast)


def _luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _template(theme: Theme) -> go.layout.Template:
    axis = {
        "gridcolor": theme.grid,
        "linecolor": theme.grid,
        "zeroline": False,
        "tickcolor": theme.grid,
        "tickfont": {"size": TYPE, "color": theme.dim},
        "title": {"font": {"size": TYPE, "color": theme.dim}, "standoff": 6},
        "automargin": False,
    }
    return go.layout.Template(
        layout={
            "font": {"family": SANS, "size": TYPE, "color": theme.ink},
            "title": {"font": {"size": TITLE, "color": theme.ink}},
            "paper_bgcolor": theme.ground,
            "plot_bgcolor": theme.ground,
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"font": {"size": TYPE, "color": theme.dim}, "bgcolor": "rgba(0,0,0,0)"},
            "hoverlabel": {"font": {"family": MONO, "size": TYPE}},
            "bargap": 0.15,
            "separators": ".,",
        }
    )


def _between(colours: tuple[str, ...], share: float) -> str:
    at = share * (len(colours) - 1)
    k = max(0, min(len(colours) - 2, int(at)))
    one, other = (tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in colours[k : k + 2])
    return "#" + "".join(f"{round(a + (b - a) * (at - k)):02x}" for a, b in zip(one, other, strict=True))
