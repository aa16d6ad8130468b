"""Common parts of the page's controls: sizes, names for screen readers, the word in front of a value."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component


def field(name: str, prefix: str = "", prefix_width: int = 0, **more: Any) -> dict[str, Any]:
    """Return the properties of every field: size, name for screen readers, and the word in front of its value."""
    shared: dict[str, Any] = {"size": "xs", "attributes": {"input": {"aria-label": name, "title": name}}}
    if prefix:
        shared |= {
            "leftSection": html.Span(prefix, className="lv-prefix"),
            "leftSectionWidth": prefix_width,
            "leftSectionPointerEvents": "none",
        }
    return shared | more


def named(words: str) -> dict[str, Any]:
    """Return the property that names a control or a region for screen readers."""
    return {"aria-label": words}


def number(name: str, words: str, prefix: str, prefix_width: int, class_name: str, **more: Any) -> Component:
    """Return a field for a number, with decimals and a sign where a ``step`` is given."""
    shared = {"allowDecimal": "step" in more, "allowNegative": "step" in more, "clampBehavior": "blur"}
    control: Component = dmc.NumberInput(
        id=name, className=f"lv-field {class_name}", **field(words, prefix, prefix_width), **shared, **more
    )
    return control


def icon(name: str, shape: str, words: str) -> Component:
    """Return a square button with an icon; ``words`` say what it does."""
    button: Component = dmc.ActionIcon(
        html.Span(className=f"lv-icon lv-icon-{shape}"),
        id=name,
        variant="default",
        size=30,
        attributes={"root": {"title": words}},
        **named(words),
    )
    return button


def text_button(name: str, words: str, title: str) -> Component:
    """Return a button that looks like a link."""
    return html.Button(words, id=name, className="lv-link lv-text-button", type="button", title=title)


def place(name: str, class_name: str, words: str = "") -> Component:
    """Return an empty place that the browser side fills; it takes no space until then."""
    more = {"role": "group"} | named(words) if words else {}
    return html.Div(id=name, className=f"lv-place {class_name}", **more)
