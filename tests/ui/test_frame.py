"""The page's frame without a browser: every id stands in it once, and every control is wired."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash import Dash
from dash.development.base_component import Component
from plotly.utils import PlotlyJSONEncoder

import lstmviz
from lstmviz.system.paths import assets_dir
from lstmviz.ui import callbacks, ids
from lstmviz.ui.describe import about
from lstmviz.ui.ids import Button, Place, Store
from lstmviz.ui.layout import DumpCard, build_layout
from lstmviz.ui.modules import Modules

PAGE = assets_dir() / "page"
CARDS = [DumpCard("u-1", "parens", "20,000 steps"), DumpCard("u-2", "<b>odd</b>", "")]


def as_json(component: Component) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder)


def test_every_id_stands_in_the_page_once() -> None:
    counted = Counter(re.findall(r'"id": "([^"]+)"', as_json(build_layout(CARDS))))
    assert counted == Counter(ids.by_name().values())


def test_the_browser_side_asks_for_no_other_id() -> None:
    files = PAGE.rglob("*.mjs")
    asked = {name for path in files for name in re.findall(r"(?<![\w./])ids\.(\w+)", path.read_text("utf-8"))}
    assert asked
    assert asked <= ids.by_name().keys()


def test_the_boot_store_names_the_dumps() -> None:
    boot: Any = build_layout(CARDS).children.children[0]
    assert boot.id == Store.BOOT
    odd = boot.data["dumps"][1]
    assert (odd["uuid"], odd["name"], odd["detail"], odd["sources"]) == ("u-2", "<b>odd</b>", "", ())


def test_the_page_names_the_ids_in_its_head() -> None:
    head = Modules(PAGE).head("/", ["u-1", "u-2"])
    named, served = re.findall(r'<script type="application/json" id="lv-(?:ids|served)">(.*?)</script>', head)
    assert json.loads(named)["hitNext"] == Button.HIT_NEXT
    assert json.loads(named) == ids.by_name()
    assert json.loads(served) == ["u-1", "u-2"]


def test_only_buttons_count_clicks() -> None:
    counted = [e for e in build_layout([])._traverse() if getattr(e, "disable_n_clicks", None) is None]
    html_elements = [e for e in counted if "disable_n_clicks" in getattr(e, "_prop_names", ())]
    assert html_elements
    assert {type(e).__name__ for e in html_elements} == {"Button"}


def test_the_page_is_built_without_a_dump_too() -> None:
    assert Place.PLOT in as_json(build_layout([]))


def test_every_clientside_callback_has_its_function() -> None:
    app = Dash("lstmviz", assets_folder=str(assets_dir()))
    app.layout = build_layout(CARDS)
    callbacks.register(app)
    wired = {c["clientside_function"]["function_name"] for c in app._callback_list if c["clientside_function"]}
    script = (PAGE / "main.mjs").read_text("utf-8")
    pressed = set(re.findall(r"^  (\w+): (?:\(\) =>|copyLink)", script, re.MULTILINE))
    fields = set(re.findall(r'"(\w+)"', script.split("for (const name of [")[-1].split("]")[0]))
    assert wired == {"boot"} | {f"press_{name}" for name in pressed} | {f"field_{name}" for name in fields}


@pytest.mark.parametrize(
    ("values", "view", "bound"),
    [
        ([-0.3, 0.9], "raw", 1),
        ([0.0, 0.5], "raw", 1),
        ([-0.013, 0.004], "raw", 0.015),
        ([0.02, 0.02], "raw", 0.02),
        ([-930.0, 12.0], "raw", 1000),
        ([1.01, np.nan], "raw", 1.2),
        ([0.0, 0.0], "raw", 1),
        ([np.nan, np.nan], "raw", 1),
        ([-7e-9, 0.0], "raw", 8e-9),
        ([-930.0, 0.0], "tanh", 1),
    ],
)
def test_the_y_axis_reaches_as_far_as_the_values_do(
    tmp_path: Path, values: list[float], view: str, bound: float
) -> None:
    states = np.array(values, "float64").reshape(-1, 1)
    path = lstmviz.write_dump(tmp_path / "d.h5", states={"a.l0.h": states}, views={"a.l0.h": view})
    source = about(lstmviz.open_dump(path))["sources"][0]
    assert (source["low"], source["high"]) == (-bound, bound)


@pytest.mark.parametrize("complete", [True, False])
def test_the_page_hears_whether_a_recording_was_cut_short(tmp_path: Path, complete: bool) -> None:
    states = {"a.l0.h": np.zeros((3, 1), "float32")}
    path = lstmviz.write_dump(tmp_path / "d.h5", states=states, provenance={"complete": complete})
    assert about(lstmviz.open_dump(path))["is_complete"] is complete
