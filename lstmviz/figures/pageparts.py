"""The parts of the HTML page: drawings as SVG, cells of tokens, strips, and the styles for light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.figures.strips import Strip, unknown_in
from lstmviz.figures.text import cut, shown_name, typical_width
from lstmviz.figures.theme import Theme, colour_scale, get_theme, gradient, ink_on
from lstmviz.match.card.unit_card import in_view
from lstmviz.types import Pattern, PatternUnit, Window
from lstmviz.visible import visible_text

SHADES, ORDERED, CATEGORIES = 65, 65, 8  # numbers of colours, as the page has: of shaded tokens, of numbers, of labels
LETTER = 7.9  # px of a letter of 13 px in a monospaced face
PLOT, ROW, LEFT, TOP = 220, 22, 70, 10  # px of the drawing
WIDEST, COLUMNS = 12, 16  # cells of a token in the drawing, and in a row of a match


def shade_index(share: float, n: int) -> int:
    """Return the index of the colour, of n, for a share of 0 to 1; only a share of 0 has the first."""
    return min(n - 1, max(0, int(np.ceil(share * (n - 1) - 1e-9))))


def token_cell(token: str, css_class: str, words: str) -> str:
    """Return a token as a cell of a table, cut to fit; up to 300 letters of it, and the words, on hover."""
    text = visible_text(token)
    return f'<td class="{css_class}" title="{escape(f"{text}: {words}")}"><bdi>{escape(cut(text, COLUMNS))}</bdi></td>'


def share_cell(value: float, css_class: str) -> str:
    """Return a share of 0 to 1 as a cell with a bar and a number."""
    if np.isnan(value):
        return "<td>–</td>"
    bar = f'<svg class="{css_class}" width="80" height="9"><rect width="{80 * value:.1f}" height="9"/></svg>'
    return f"<td>{bar} {value:.2f}</td>"


def heat_strip(strip: Strip, part: slice, lead: int, n_cells: int) -> str:
    """Return a part of a strip as small coloured cells in a row, after ``lead`` empty ones."""
    cells = []
    for i, (value, word) in enumerate(zip(strip.values[part].tolist(), strip.words[part], strict=True)):
        if np.isfinite(value) and word is not None:
            cells.append(_cell(strip, value, word, (lead + i) * 4, 0, 4, 15))
    return f'<svg width="{n_cells * 4}" height="15">{"".join(cells)}</svg>'


def details_block(heading: str, text: str) -> str:
    """Return a text that folds out under its heading."""
    return f"<details><summary>{escape(heading)}</summary><pre>{escape(_readable(text))}</pre></details>"


def document(title: str, policy: str, body: Iterable[str]) -> str:
    """Return the HTML page of some sections."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{styles()}</style></head><body>\n"
        + "\n".join(body)
        + "\n<footer>made by lstmviz</footer></body></html>\n"
    )


class Drawing:
    """The lines of a source's units over some steps, with the tokens and tracks beneath, as one SVG."""

    def __init__(
        self, dump: DumpReader, source: str, view: Window, tokens: Sequence[str], window: Window | None
    ) -> None:
        self._info, self._axis, self._view, self._tokens, self._window = (
            *(dump.source(source), dump.axis_of(source), view, tokens, window),
        )
        self._values = in_view(self._info, dump.states(source)[view.start : view.stop])
        columns = min(WIDEST, typical_width(visible_text(token) for token in tokens))
        self._cell = max(13.0, columns * LETTER + 5)
        finite = self._values[np.isfinite(self._values)]
        self._reach = max(1.0, float(np.abs(finite).max(initial=0.0))) * 1.04

    def svg(self, pattern: Pattern | None, n_on: NDArray[np.int64], strips: Sequence[Strip]) -> str:
        """Return the drawing: lines by role, thresholds, the brushed steps, then a row of tokens and a row a track."""
        width = LEFT + self._cell * len(self._view) + 8
        height = TOP + PLOT + 8 + ROW * (1 + len(strips)) + 24
        units = [u for u in pattern.units if u.source == self._info.name] if pattern else []
        thresholds = sorted({u.threshold for u in units})
        parts = [self._band(), *self._grid(thresholds), *self._lines(units), *self._thresholds(thresholds)]
        parts += [*self._borders(), *self._numbers(height)]
        parts.append(self._token_row(n_on, pattern.n_units if pattern else 0))
        for i, strip in enumerate(strips):
            parts.append(self._track_row(strip, TOP + PLOT + 8 + ROW * (i + 1)))
        label = f"{self._info.n_units} units of {shown_name(self._info.name)}"
        return (
            f'<div class=wide><svg class=lines width="{width:.0f}" height="{height}" role="img" '
            f'aria-label="{escape(label)}">{"".join(parts)}</svg></div>'
        )

    def _x(self, step: float) -> float:
        return LEFT + (step - self._view.start) * self._cell

    def _y(self, value: float) -> float:
        return TOP + PLOT * (1 - value / self._reach) / 2

    def _band(self) -> str:
        if self._window is None:
            return ""
        a, b = max(self._window.start, self._view.start), min(self._window.stop, self._view.stop)
        wide = max(0, b - a) * self._cell
        return f'<rect class=band x="{self._x(a):.1f}" y="{TOP}" width="{wide:.1f}" height="{PLOT}"/>'

    def _grid(self, thresholds: Sequence[float]) -> Iterable[str]:
        right = self._x(self._view.stop)
        bound = self._reach / 1.04
        for value in (-bound, -bound / 2, 0.0, bound / 2, bound):
            y = self._y(value)
            yield f'<path class=grid d="M{LEFT} {y:.1f}H{right:.1f}"/>'
            if all(abs(self._y(threshold) - y) > 11 for threshold in thresholds):
                yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class=number>{_number(value)}</text>'

    def _lines(self, units: Sequence[PatternUnit]) -> Iterable[str]:
        role = {u.unit: u.side for u in units}
        faint = max(0.12, min(0.8, 3 / np.sqrt(max(1, self._info.n_units))))
        bold = max(0.12, min(1.0, (12 / max(1, len(role))) ** 0.6))
        order = sorted(range(self._info.n_units), key=lambda unit: unit in role)
        for unit in order:
            look = f'class={role.get(unit, "other")} stroke-opacity="{bold if unit in role else faint:.2f}"'
            yield f'<path {look} d="{self._path(unit)}"><title>unit {unit}</title></path>'

    def _thresholds(self, thresholds: Sequence[float]) -> Iterable[str]:
        for threshold in thresholds:
            y = self._y(threshold)
            yield f'<path class=threshold d="M{LEFT} {y:.1f}H{self._x(self._view.stop):.1f}"/>'
            yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="number strong">{_number(threshold)}</text>'

    def _path(self, unit: int) -> str:
        path, pen = [], "M"
        for i, value in enumerate(self._values[:, unit].tolist()):
            if np.isfinite(value):
                path.append(f"{pen}{self._x(self._view.start + i + 0.5):.1f} {self._y(value):.1f}")
            pen = "L" if np.isfinite(value) else "M"
        return "".join(path)

    def _borders(self) -> Iterable[str]:
        inside = slice(*np.searchsorted(self._axis.starts, [self._view.start + 1, self._view.stop]).tolist())
        for border in self._axis.starts[inside].tolist():
            yield f'<path class=border d="M{self._x(border):.1f} {TOP}V{TOP + PLOT}"/>'

    def _numbers(self, height: int) -> Iterable[str]:
        every = next(n for n in (5, 10, 20, 50, 100, 200, 500) if n * self._cell >= 90 or n == 500)
        for step in range(-(-self._view.start // every) * every, self._view.stop, every):
            yield f'<text x="{self._x(step + 0.5):.1f}" y="{height - 6}" class=step>{step:,}</text>'

    def _token_row(self, n_on: NDArray[np.int64], n_units: int) -> str:
        y, parts = TOP + PLOT + 8, [f'<text x="{LEFT - 6}" y="{TOP + PLOT + 24}" class=number>token</text>']
        unknown = unknown_in(self._axis, self._view.start, self._view.stop)
        for i, (token, on) in enumerate(zip(self._tokens, n_on.tolist(), strict=True)):
            shade = shade_index(on / n_units, SHADES) if n_units else 0
            x, text, step = self._x(self._view.start + i), visible_text(token), self._view.start + i
            title = f"{text}: step {step:,}" + (f", {on} of {n_units} units on" if n_units else "")
            parts.append(self._text_cell(x, y, f"s{shade}" + " unknown" * (i in unknown), text, title))
        return "".join(parts)

    def _track_row(self, strip: Strip, y: float) -> str:
        name = cut(visible_text(strip.name), 8)
        parts = [f'<text x="{LEFT - 6}" y="{y + 16}" class=number>{escape(name)}</text>']
        for i, (value, word) in enumerate(zip(strip.values.tolist(), strip.words, strict=True)):
            if np.isfinite(value) and word is not None:
                x, text = self._x(self._view.start + i), visible_text(word)
                title = f"{shown_name(strip.name)} {text}"
                parts.append(self._text_cell(x, y, _class(strip, value), text, title))
        return "".join(parts)

    def _text_cell(self, x: float, y: float, css_class: str, text: str, title: str) -> str:
        short = cut(text, max(1, int((self._cell - 2) / LETTER)))
        if short == "…":  # a letter of it would not fit
            short = ""
        return (
            f'<g class="{css_class}"><title>{escape(title)}</title>'
            f'<rect x="{x:.1f}" y="{y}" width="{self._cell - 1:.1f}" height="{ROW - 3}"/>'
            f'<text x="{x + self._cell / 2 - 0.5:.1f}" y="{y + 14}">{escape(short)}</text></g>'
        )


def _cell(strip: Strip, value: float, word: str, x: float, y: float, width: float, height: float) -> str:
    title = escape(f"{shown_name(strip.name, 24)} {visible_text(word)[:60]}")
    return (
        f'<g class="{_class(strip, value)}"><title>{title}</title>'
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}"/></g>'
    )


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _class(strip: Strip, value: float) -> str:
    if strip.labels:
        return f"c{int(value) % CATEGORIES}"
    return f"o{shade_index((value - strip.low) / (strip.high - strip.low), ORDERED)}"


def _readable(text: str) -> str:
    """Return code or JSON with invisible characters spelled out, line by line."""
    return "\n".join("".join(c if c == " " else visible_text(c) for c in line) for line in text.split("\n"))


def styles() -> str:
    """Return the page's styles, in light, and in dark for readers who prefer it."""
    return (
        _STYLE + _colours(get_theme("light")) + "@media(prefers-color-scheme:dark){" + _colours(get_theme("dark")) + "}"
    )


def _colours(theme: Theme) -> str:
    rules = [
        f":root{{--bg:{theme.ground};--ink:{theme.ink};--dim:{theme.dim};--line:{theme.grid};--unit:{theme.unit};"
        f"--base:{theme.base};--accent:{theme.accent};--low:{theme.low};--hover:{theme.hover};--band:{theme.band}}}"
    ]
    for letter, colours, n in (("s", theme.shade, SHADES), ("o", theme.ordered, ORDERED)):
        for i, colour in enumerate(gradient(colours, n)):
            ink = ink_on(theme, colour_scale(colours), i / (n - 1))
            rules.append(
                f".{letter}{i}{{background:{colour};color:{ink};fill:{ink}}}.{letter}{i} rect{{fill:{colour}}}"
            )
    for i, colour in enumerate(theme.categories):
        ink = ink_on(theme, colour_scale((colour, colour)), 0)
        rules.append(f".c{i}{{background:{colour};color:{ink};fill:{ink}}}.c{i} rect{{fill:{colour}}}")
    return "".join(rules)


_STYLE = """
*{box-sizing:border-box}body{margin:0 auto;padding:20px 24px;width:fit-content;min-width:min(100%,840px);
max-width:min(100%,1400px);background:var(--bg);color:var(--ink);
font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",sans-serif}
h1{font-size:20px;margin:0 0 4px}h2{font-size:15px;margin:24px 0 4px}h3{font-size:13px;margin:12px 0 4px}
p{margin:2px 0 10px;color:var(--dim)}footer{margin-top:24px;color:var(--dim)}
.wide{overflow-x:auto}
svg text,td,pre,.chips{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
svg.lines text{font-size:13px;text-anchor:middle}svg.lines text.number{font-size:12px;text-anchor:end;fill:var(--dim)}
svg.lines text.step{font-size:12px;fill:var(--dim)}svg.lines text.strong{fill:var(--ink);font-weight:700}
svg.lines path{fill:none}.grid{stroke:var(--line)}.band{fill:var(--band)}.border{stroke:var(--dim);stroke-dasharray:1 3}
.other{stroke:var(--unit)}.high,.low{stroke-width:2}path.high{stroke:var(--accent)}
path.low{stroke:var(--low);stroke-dasharray:6 2}path.other:hover,path.high:hover,path.low:hover{stroke:var(--hover);
stroke-opacity:1;stroke-width:2.5}.threshold{stroke:var(--ink);stroke-dasharray:4 3}
.chips{list-style:none;display:flex;flex-wrap:wrap;gap:6px;padding:0;margin:0}
.chips li{border:1px solid var(--accent);border-radius:12px;padding:1px 9px}.chips li.low{border:1px dashed var(--low)}
table{border-collapse:collapse}th{font-weight:400;color:var(--dim);text-align:left;white-space:nowrap}
.rows td{padding:0 3px;height:20px;min-width:14px;text-align:center;white-space:pre;border:1px solid var(--bg)}
.rows tbody th{text-align:right;padding-right:8px;font-variant-numeric:tabular-nums}
.rows td.from{border-left:2px solid var(--ink)}
.rows td.to{border-right:2px solid var(--ink)}.rows td svg{display:block}.rows thead th{padding:0 4px 4px}
.unknown text,.unknown bdi{text-decoration:underline wavy var(--hover)}
.rows td.pair{padding-left:4px;text-align:left}svg.pair text{font-size:12px;text-anchor:end;fill:var(--ink)}
svg.pair .outline{fill:none;stroke:var(--accent);stroke-width:2}svg.pair{overflow:visible}
.side{contain:inline-size;display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start}
.carry td,.carry th{padding:1px 8px 1px 0}
.carry caption{text-align:left;font-weight:600;padding-bottom:4px}.carry tbody th{color:var(--ink);text-align:right}
svg.match{fill:var(--accent)}svg.base{fill:var(--base)}details{margin-top:16px;contain:inline-size}summary{cursor:pointer;color:var(--dim)}
pre{overflow-x:auto;padding:10px;border:1px solid var(--line);font-size:12px}
@media print{body{padding:0}.wide{overflow:visible}}
"""
