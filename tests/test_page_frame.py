"""The page's frame without a browser: every id stands in it once, and a failed match becomes words."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from typing import Any

import pytest
from dash import Dash
from dash.development.base_component import Component
from plotly.utils import PlotlyJSONEncoder

from lstmviz.errors import WindowError
from lstmviz.places import assets_dir
from lstmviz.ui import callbacks, ids
from lstmviz.ui.layout import DumpCard, build_layout

CARDS = [DumpCard("u-1", "parens", "20,000 steps"), DumpCard("u-2", "<b>odd</b>", "")]


def as_json(component: Component) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder)


def test_every_id_stands_in_the_page_once() -> None:
    counted = Counter(re.findall(r'"id": "([^"]+)"', as_json(build_layout(CARDS))))
    assert counted == Counter(ids.by_name().values())


def test_the_browser_side_asks_for_no_other_id() -> None:
    asked = {
        name for path in assets_dir().glob("*.js") for name in re.findall(r"lv\.ids\.(\w+)", path.read_text("utf-8"))
    }
    assert asked
    assert asked <= ids.by_name().keys()


def test_the_boot_store_names_the_dumps_and_the_ids() -> None:
    boot: Any = build_layout(CARDS).children.children[0]
    assert boot.id == ids.BOOT
    assert boot.data["dumps"][1] == {"uuid": "u-2", "name": "<b>odd</b>", "detail": ""}
    assert boot.data["ids"]["hitNext"] == ids.HIT_NEXT


def test_the_page_is_built_without_a_dump_too() -> None:
    assert ids.PLOT in as_json(build_layout([]))


def test_every_clientside_callback_has_its_function() -> None:
    app = Dash("lstmviz", assets_folder=str(assets_dir()))
    app.layout = build_layout(CARDS)
    callbacks.register(app, lambda selection: {"key": selection["key"]})
    wired = {c["clientside_function"]["function_name"] for c in app._callback_list if c["clientside_function"]}
    script = (assets_dir() / "page.js").read_text("utf-8")
    pressed = set(re.findall(r"^    (\w+): (?:\(\) =>|copyLink)", script, re.MULTILINE))
    fields = set(re.findall(r'"(\w+)"', script.split("for (const name of [")[-1].split("]")[0]))
    assert wired == {"boot", "matches"} | {f"press_{name}" for name in pressed} | {f"field_{name}" for name in fields}


def test_an_error_of_ours_reaches_the_page_as_its_own_line() -> None:
    told = callbacks.failure({"key": "k"}, WindowError("the window [3, 3) is empty"))
    assert told == {"key": "k", "error": "the window [3, 3) is empty"}


def test_any_other_error_reaches_the_log_but_not_the_page(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "lstmviz"):
        told = callbacks.failure({"key": "k"}, RuntimeError("secret path"))
    assert "RuntimeError" in told["error"]
    assert "secret" not in told["error"]
    assert "secret path" in caplog.text
