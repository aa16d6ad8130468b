"""The map in the page: its points are the API's, a lasso's rows those of the region; t-SNE with progress and cancel."""

from __future__ import annotations

import re
import zipfile

import numpy as np
import pytest

import lstmviz
from lstmviz.explain.evidence.enrichment import enrichment_of_spans
from lstmviz.maps import jobs
from lstmviz.maps.colours import pattern_counts, unit_values
from lstmviz.maps.trajectories import trajectories_on
from support import browser as browsing
from support.axe import check, check_further
from support.budget import is_long
from support.workbench import DEPTH_4, QUERY, SOURCE, page

OTHER = "rnn.l0.h"
REGION = ((0.02, 0.02), (0.4, 0.02), (0.4, 0.98), (0.02, 0.98))  # shares of the map


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """No map that another test left is found."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def shown(bench, condition="m.n > 0 && m.path !== null", arg=None, timeout=30_000):
    """What the map shows, once a condition on it (``m``) holds and a frame has passed."""
    bench.page.wait_for_function(
        f"arg => {{ const m = lvDebug.inspectMap(); return {condition}; }}", arg=arg, timeout=timeout
    )
    bench.page.evaluate("() => new Promise(requestAnimationFrame)")
    return bench.page.evaluate("() => lvDebug.inspectMap()")


def opened(bench, **query):
    bench.open(**{**QUERY, "view": "map", **query})
    return shown(bench, "m.n > 0 && m.path !== null && m.colour !== null")


def place(m, x, y):
    """Where a point of the plane stands on the screen, from two points of the map."""
    k = next(k for k in range(1, len(m["screen"])) if abs(m["points"][2 * k] - m["points"][0]) > 0.5)
    scale = m["scale"]
    return (
        m["screen"][0][0] + (x - m["points"][0]) * scale,
        m["screen"][0][1] - (y - m["points"][1]) * scale,
        k,
    )


def draw(bench, corners, shift=False):
    """Draw around some places of the screen."""
    mouse = bench.page.mouse
    if shift:
        bench.page.keyboard.down("Shift")
    mouse.move(*corners[0])
    mouse.down()
    for corner in [*corners[1:], corners[0]]:
        mouse.move(*corner, steps=6)
    mouse.up()
    if shift:
        bench.page.keyboard.up("Shift")
    return bench.ready()


def test_the_map_opens_in_the_place_of_the_lines_and_shows_the_points_of_the_api(bench, parens):
    bench.open(**QUERY)
    button = bench.page.get_by_role("button", name="map", exact=True)
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    m = shown(bench, "m.n > 0 && m.path !== null && m.colour !== null")
    assert button.get_attribute("aria-pressed") == "true"
    assert not bench.page.locator("#lv-plot").is_visible()
    assert bench.page.locator("#lv-strip").is_visible()
    mapped = parens.project(SOURCE)
    assert m["n"] == len(mapped.ids)
    assert m["ids"] == mapped.ids[:2000].tolist()
    assert m["points"] == mapped.points[:2000].ravel().tolist()
    first, second = (round(share * 100) for share in mapped.explained)
    assert f"20,000 steps · axes carry {first} % and {second} % of the variance" in m["words"]
    for x, y in m["screen"]:
        assert m["box"]["left"] <= x <= m["box"]["left"] + m["box"]["width"]
        assert m["box"]["top"] <= y <= m["box"]["top"] + m["box"]["height"]
    assert m["colour"]["by"] == "depth"
    assert m["colour"]["values"] == parens.tracks["depth"][:2000].tolist()
    assert m["colour"]["legend"] == ["4", "2", "0"]
    at, span = QUERY["at"], QUERY["span"]
    assert m["path"]["start"] == at
    assert m["path"]["points"] == mapped.points[at : at + span].tolist()
    assert m["path"]["is_exact"]
    bench.page.evaluate("() => lvDebug.panTo(180, 'settle')")
    m = shown(bench, "m.path && m.path.start === 180")  # the path is the window in view, and follows it
    assert m["path"]["borders"] == [int(s) for s in parens.sequences["start"] if 180 < s < 180 + span]
    button.click()
    bench.settle()
    bench.page.locator("#lv-plot").wait_for(state="visible")
    assert not bench.page.locator(".lv-map-stage").is_visible()


def test_another_track_source_and_the_embeddings_are_shown(bench, parens):
    opened(bench)
    bench.page.get_by_role("button", name=re.compile("^colour by .*depth")).click()
    bench.page.get_by_role("radio", name="right").click()
    m = shown(bench, "m.colour && m.colour.by === 'right'")
    codes = parens.tracks["right"][:]
    labels = parens.tracks["right"].labels
    expected = [f"{label}{round((codes == i).mean() * 100)} %" for i, label in enumerate(labels)]
    assert m["colour"]["legend"] == [*expected, f"no value ({(codes < 0).sum():,})"]
    bench.page.get_by_role("button", name=re.compile("^map of")).click()
    bench.page.get_by_role("radio", name=OTHER).click()
    m = shown(bench, f"m.key.endsWith('/{list(parens.sources).index(OTHER)}/pca') && m.n > 0")
    assert m["points"] == parens.project(OTHER).points[:2000].ravel().tolist()
    assert bench.shown()["state"]["source"] == SOURCE  # what is plotted stays
    bench.reload()
    bench.settle()
    m = shown(bench, "m.n > 0 && m.colour !== null")
    assert m["colour"]["by"] == "right"
    bench.page.get_by_role("button", name=re.compile("^map of")).click()
    bench.page.get_by_role("radio", name="embeddings of the vocabulary").click()
    m = shown(bench, "m.key.includes('/embedding/') && m.n > 0 && m.colour && m.path")
    assert m["points"] == parens.project("embedding").points.ravel().tolist()
    ids = parens.tokens.ids[:]
    assert m["colour"]["values"] == np.bincount(ids, minlength=7).tolist()
    at = QUERY["at"]
    assert m["path"]["points"][:5] == parens.project("embedding").points[ids[at : at + 5]].tolist()


def test_pointing_tells_of_a_step_and_a_press_goes_there(bench, parens):
    m = opened(bench)
    low = min(range(len(m["screen"])), key=lambda k: m["points"][2 * k])  # the leftmost of those that are told
    bench.page.mouse.move(*m["screen"][low])
    tip = bench.page.locator(".lv-tip")
    tip.wait_for()
    step = int(re.search(r"step ([\d,]+)", tip.inner_text())[1].replace(",", ""))
    points = parens.project(SOURCE).points
    assert np.abs(points[step] - points[m["ids"][low]]).max() * m["scale"] <= 9
    bench.page.wait_for_function("() => !document.querySelector('.lv-tip').textContent.includes('…')")
    text = parens.first.text(max(0, step - 8), step)
    assert f"{text} [{parens.tokens[step]}] " in tip.inner_text()
    assert f"depth {parens.tracks['depth'][step]:g}" in tip.inner_text()
    bench.page.mouse.down()
    bench.page.mouse.up()
    bench.page.wait_for_function("at => lvDebug.state.at !== at", arg=QUERY["at"])
    state = bench.ready()["state"]
    assert state["at"] <= step < state["at"] + state["span"]


def test_a_lasso_lists_the_steps_of_the_region_and_what_it_carries(bench, parens):
    m = opened(bench, start=DEPTH_4[0], stop=DEPTH_4[1])
    full = bench.shown()["counts"]
    left, top = m["box"]["left"] + 3, m["box"]["top"] + 3
    middle = m["box"]["top"] + m["box"]["height"] * 0.5
    right = m["box"]["left"] + m["box"]["width"] * 0.3
    bench.page.get_by_role("button", name="Lasso").click()
    corners = [(left, top), (right, top + 20), (right - 30, middle), (left, middle)]
    state = draw(bench, corners)["state"]
    assert state["mapOf"] == SOURCE
    assert 3 <= len(state["lasso"]) <= 60
    mapped = parens.project(SOURCE)
    region = parens.region(mapped, state["lasso"])
    assert 0 < len(region.steps) < parens.n_steps
    assert shown(bench)["nInside"] == region.n_points
    rows = bench.shown()["rows"]
    assert [(row["start"], row["stop"]) for row in rows] == [(s, s + 1) for s in region.steps[:50].tolist()]
    assert [row["tokens"][row["start"] - row["first"]] for row in rows] == [
        parens.tokens[s] for s in region.steps[:50].tolist()
    ]
    counts = bench.page.locator("#lv-counts")
    assert f"{len(region.steps):,} steps in the region" in counts.inner_text()
    best = region.tokens().iloc[0]
    assert best["token"] in bench.page.locator(".lv-region-token").first.inner_text()
    more = bench.more()["rows"]
    assert [row["start"] for row in more] == region.steps[: len(more)].tolist()
    bench.page.wait_for_function("() => (lvDebug.summaryAnswer() || {}).is_region && !lvDebug.isSummaryPending()")
    bench.page.evaluate("() => new Promise(requestAnimationFrame)")
    carried = bench.page.evaluate("() => lvDebug.inspectCards().carry")
    frame = region.carry()
    depth = frame[frame["track"] == carried["track"]]
    assert sorted(carried["numbers"]) == sorted(f"{share:.2f}" for share in depth["share"])
    assert bench.page.locator("#lv-carry h2").inner_text().lower() == "what the region carries"
    bench.page.wait_for_function("() => document.querySelector('.lv-carry-sure')?.textContent")
    evidence = enrichment_of_spans(parens, region.axis.name, region.spans, carried["track"])
    assert bench.page.locator("#lv-carry .lv-sure").count() == (evidence["q"] < 0.05).sum()
    # The link shows the same, and there is a way back.
    bench.reload()
    assert bench.ready()["rows"][0]["start"] == region.steps[0]
    bench.page.get_by_role("button", name="× back to the matches").click()
    bench.page.wait_for_function("() => lvDebug.state.lasso === null")
    assert bench.ready()["counts"] == full
    bench.page.locator("#lv-undo").click()
    bench.page.wait_for_function("() => lvDebug.state.lasso !== null")
    bench.settle()
    bench.brush(*DEPTH_4)
    assert bench.shown()["state"]["lasso"] is None  # a brush takes the place of the region


def test_the_map_is_coloured_by_the_pattern_or_a_unit_and_names_its_clusters(bench, parens):
    start, stop = DEPTH_4
    m = opened(bench, start=start, stop=stop)
    assert m["colour"]["by"] == "depth"
    assert sorted(one["words"] for one in m["names"]) == ["0", "1", "2", "3", "4"]
    mapped = parens.project(SOURCE)
    pattern = parens.select(SOURCE, start, stop)
    for key, name, values in (
        ("pattern:", "units on", pattern_counts(parens, mapped, pattern)),
        (f"unit:{SOURCE}:{pattern.units[1].unit}", None, unit_values(parens, mapped, SOURCE, pattern.units[1].unit)),
    ):
        if name is None:  # a unit that is highlighted can be chosen
            bench.page.locator("#lv-chips .lv-chip-name").nth(1).click()
            name = f"unit {pattern.units[1].unit}"
        bench.page.get_by_role("button", name="colour by", exact=False).first.click()
        bench.page.locator(".lv-pick-list .lv-panel-item", has_text=re.compile(f"^{name}$")).click()
        m = shown(bench, "m.colour && m.colour.by === arg", key)
        assert m["colour"]["values"] == values[:2000].tolist()
        assert bench.page.locator(".lv-map-title").inner_text() == name
        assert f"dye={key.replace(':', '%3A')}" in bench.page.url
    bench.page.evaluate("() => lvDebug.changeState({ mapColour: 'pattern:' }, 'settle')")
    asked = []
    bench.page.on("request", lambda request: "shades.bin" in request.url and asked.append(request.url))
    bench.page.evaluate(
        """async ([start, stop]) => {
          for (let k = 1; k <= 12; k++) {
            lvDebug.changeState({ start, stop: start + k }, "live");
            await new Promise(requestAnimationFrame);
          }
          lvDebug.changeState({ start, stop, threshold: 0.6 }, "settle"); // another pattern: other counts
        }""",
        [start, stop],
    )
    other = pattern_counts(parens, mapped, parens.select(SOURCE, start, stop, 0.6))[:2000].tolist()
    assert shown(bench, "m.colour && JSON.stringify(m.colour.values) === JSON.stringify(arg)", other)["names"]
    assert 0 < len(asked) < 12  # not one a frame


def test_without_tracks_the_pattern_colours_the_map(chromium, tmp_path):
    states = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
    with page(chromium, tmp_path, states={"a.l0.h": states}, tokens=["x"] * 60, lengths=[60]) as (bench, _):
        bench.open(source="a.l0.h", view="map")
        assert shown(bench, "m.n")["colour"] is None
        bench.page.evaluate("() => lvDebug.changeState({ start: 2, stop: 3, before: 0 }, 'settle')")
        assert shown(bench, "m.colour?.values")["colour"]["by"] == "pattern:"


def test_a_filter_narrows_a_region_and_the_units_that_set_it_apart_are_those_of_python(bench, parens):
    m = opened(bench)
    box = m["box"]
    corners = [(box["left"] + box["width"] * x, box["top"] + box["height"] * y) for x, y in REGION]
    state = draw(bench, corners, shift=True)["state"]
    bench.page.evaluate("() => lvDebug.changeLimits({ filters: [{ track: 'depth', low: 2, high: 2 }] })")
    bench.page.wait_for_function("() => lvDebug.state.filters.length === 1")
    rows = bench.ready()["rows"]
    region = parens.region(parens.project(SOURCE), state["lasso"], [lstmviz.Filter("depth", low=2, high=2)])
    assert [row["start"] for row in rows] == region.steps[:50].tolist()
    assert "that the filters allow" in bench.page.locator("#lv-counts").inner_text()
    bench.page.evaluate("() => lvDebug.changeLimits({ filters: [] })")
    bench.page.wait_for_function("() => lvDebug.state.filters.length === 0")
    bench.settle()
    bench.page.get_by_role("button", name="Units that set it apart").click()
    bench.page.locator(".lv-finding-units tbody tr").first.wait_for()
    ranked = parens.rank_region(parens.region(parens.project(SOURCE), state["lasso"])).head(10)
    units = bench.page.locator(".lv-finding-units .lv-link").all_text_contents()
    assert units == [
        f"{source.removeprefix('rnn.')} {unit}" for source, unit in zip(ranked["source"], ranked["unit"], strict=True)
    ]
    f1 = bench.page.locator(".lv-finding-units td:nth-child(3)").all_text_contents()
    assert f1 == [f"{value:.3f}" for value in ranked["f1"]]
    bench.page.locator(".lv-finding-units .lv-link").first.click()
    bench.page.wait_for_function("() => lvDebug.state.held !== null")
    bench.page.locator(".lv-map-stage").focus()
    bench.page.keyboard.press("Escape")  # back to the matches: the list goes with its region
    bench.page.wait_for_function("() => lvDebug.state.lasso === null && lvDebug.presentFinding() === null")


def test_everything_works_by_keyboard(bench, parens):
    m = opened(bench)
    stage = bench.page.locator(".lv-map-stage")
    stage.focus()
    bench.page.keyboard.press("+")
    bench.page.keyboard.press("+")
    nearer = shown(bench, "m.scale > arg", m["scale"] * 1.5)
    assert nearer["scale"] == pytest.approx(m["scale"] * 1.25**2)
    bench.page.keyboard.press("ArrowRight")
    moved = shown(bench)
    assert moved["screen"][0][0] == pytest.approx(nearer["screen"][0][0] - 60)
    assert bench.shown()["state"]["at"] == QUERY["at"]  # the arrow is the map's own
    bench.page.keyboard.press("Enter")
    bench.page.wait_for_function("() => lvDebug.state.lasso !== null")
    state = bench.ready()["state"]
    region = parens.region(parens.project(SOURCE), state["lasso"])
    assert [row["start"] for row in bench.shown()["rows"]] == region.steps[:50].tolist()
    bench.page.keyboard.press("Escape")
    bench.page.wait_for_function("() => lvDebug.state.lasso === null")
    bench.page.keyboard.press("0")
    assert shown(bench, "m.scale < arg", m["scale"] * 1.01)["scale"] == pytest.approx(m["scale"])
    mouse = bench.page.mouse
    mouse.move(m["box"]["left"] + 200, m["box"]["top"] + 100)
    mouse.wheel(0, -300)
    assert shown(bench, "m.scale > arg", m["scale"] * 1.5)["scale"] > m["scale"]


def small(tmp_path, **more):
    rng = np.random.default_rng(0)
    states = np.repeat(np.eye(4, 6), 40, axis=0) * 5 + rng.normal(size=(160, 6)) * 0.2
    vocab = ["<b>a</b>", "\t", "\n", "c"]
    given = {"states": {"a.l0.h": states.astype("float32")}, "tokens": np.arange(160) % 4, "vocab": vocab}
    return {**given, "tracks": {"part": [f"p{i // 40}" for i in range(160)]}, **more}


def test_tsne_shows_how_far_it_is_is_cancelled_and_computed(chromium, tmp_path, monkeypatch):
    real, waits = jobs.compute_map, []

    def slow(*args, progress, cancel, **more):
        """The real one, once nobody cancels for a moment in its middle."""
        waits.append(1)
        while len(waits) == 1:
            progress(0.4, "moving points")
            if cancel():
                raise lstmviz.errors.ProjectionCancelled("cancelled")
        return real(*args, progress=progress, cancel=cancel, **more)

    monkeypatch.setattr(jobs, "compute_map", slow)
    with page(chromium, tmp_path, **small(tmp_path)) as (bench, d):
        bench.open(source="a.l0.h", view="map")
        shown(bench)
        bench.page.get_by_role("button", name=re.compile("^by")).click()
        bench.page.get_by_role("radio", name="t-SNE").click()
        m = shown(bench, "m.job && m.job.share === 0.4")
        assert "t-SNE: moving points, 40 %" in m["words"]
        assert bench.page.get_by_role("progressbar").get_attribute("value") == "0.4"
        bench.page.get_by_role("button", name="Cancel").click()
        bench.page.get_by_role("button", name="Compute").wait_for()
        assert "t-SNE of states of a.l0.h has not been computed here" in shown(bench, "m.job.state === 'none'")["words"]
        bench.page.get_by_role("button", name="Compute").click()
        if not is_long():  # what is computed is tested where it is computed
            bench.page.get_by_role("button", name="Cancel").click()
            bench.page.get_by_role("button", name="Compute").wait_for()
            return
        m = shown(bench, timeout=120_000)
        assert m["points"] == d.project("a.l0.h", "tsne").points.ravel().tolist()
        assert m["colour"] is None or m["colour"]["by"] == "part"
        box = m["box"]
        corners = [
            (box["left"] + 2 + (box["width"] - 4) * x, box["top"] + 2 + (box["height"] - 4) * y)
            for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))
        ]
        draw(bench, corners, shift=True)
        assert len(bench.shown()["rows"]) == 50
        bench.look_again()
        assert len(bench.ready()["rows"]) == 50
        assert shown(bench)["points"] == m["points"]  # kept


def test_what_there_is_no_map_of_is_said_with_a_way_on(chromium, tmp_path, monkeypatch):
    monkeypatch.setattr("lstmviz.maps.in_subprocess.find_spec", lambda name: None)
    with page(chromium, tmp_path, **small(tmp_path)) as (bench, _):
        bench.open(source="a.l0.h", view="map", by="umap")
        words = shown(bench, "m.words.includes('pip install')")["words"]
        assert 'UMAP needs umap-learn: pip install "lstmviz[maps]"; PCA works without it.' in words
        bench.page.get_by_role("button", name="Show PCA").click()
        shown(bench)
        bench.page.get_by_role("button", name=re.compile("^map of")).click()
        bench.page.get_by_role("radio", name="embeddings of the vocabulary").click()
        words = shown(bench, "m.problem !== null")["words"]
        assert "There is no map: no model lies beside" in words
        bench.page.get_by_role("button", name="Show the states").click()
        shown(bench)
        assert any("400" in trouble for trouble in bench.troubles)
        bench.troubles.clear()  # the browser itself logs the refusal


def test_a_link_with_a_lasso_on_a_map_that_is_not_computed_is_told(chromium, tmp_path):
    with page(chromium, tmp_path, **small(tmp_path)) as (bench, _):
        bench.open(source="a.l0.h", map="a.l0.h", by="tsne", lasso="0,0,1,0,1,1")
        words = bench.page.locator("#lv-counts")
        bench.page.wait_for_function("() => document.getElementById('lv-counts').textContent.includes('computed')")
        assert "No matches: the map of a.l0.h by t-SNE has not been computed here" in words.inner_text()


def test_the_export_for_tensorboard_has_the_points_of_the_map(chromium, tmp_path):
    with page(chromium, tmp_path, **small(tmp_path)) as (bench, dump):
        bench.open(source="a.l0.h", view="map")
        shown(bench)
        bench.page.get_by_role("button", name="Export").click()
        with bench.page.expect_download() as download:
            bench.page.get_by_role("button", name="for TensorBoard").click()
        assert download.value.suggested_filename == f"{dump.name}-a.l0.h-projector.zip"
        download.value.save_as(tmp_path / "p.zip")
        with zipfile.ZipFile(tmp_path / "p.zip") as file:
            assert sorted(file.namelist()) == ["metadata.tsv", "projector_config.pbtxt", "tensors.tsv"]
            assert file.read("tensors.tsv").count(b"\n") == dump.n_steps


def test_axe_finds_nothing_serious(bench):
    opened(bench)
    check_further(bench, "map")
    bench.page.get_by_role("button", name="List what is in view").click()
    bench.page.wait_for_function("() => lvDebug.state.lasso !== null")
    bench.settle()
    check(bench, "map with a region")
    bench.page.evaluate("() => lvDebug.changeState({ mapMethod: 'umap', lasso: null }, 'settle')")
    shown(bench, "m.words.includes('Compute')")
    check_further(bench, "a map that is not computed")


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    """Trials of two conditions whose states part: one of a few tokens each."""
    rng = np.random.default_rng(0)
    sign = np.where(np.arange(40) % 3 == 0, -1.0, 1.0)
    time = np.arange(15)[None, :, None] / 15
    states = sign[:, None, None] * time * np.array([1.0, 0.5, 0.0]) + rng.normal(0, 0.05, (40, 15, 3))
    path = lstmviz.write_dump(
        tmp_path_factory.mktemp("trials") / "trials.h5",
        states={"a.l0.h": states.reshape(-1, 3).astype("float32")},
        lengths=[15] * 40,
        sequence_tracks={"choice": ["left" if s < 0 else "right" for s in sign]},
    )
    return lstmviz.open_dump(path)


def test_mean_paths_by_condition_are_those_of_the_api(chromium, trials):
    with browsing.serving([trials]) as address, browsing.workbench(chromium, address) as bench:
        bench.open(view="map")
        shown(bench, "m.n > 0 && m.paths === null")
        bench.page.get_by_role("button", name="paths none").click()
        bench.page.get_by_role("radio", name="by choice").click()
        m = shown(bench, "m.paths && m.colour?.by === 'choice'")
        paths = trajectories_on(trials, trials.project("a.l0.h"), "choice")
        assert [(one["name"], one["n"]) for one in m["paths"]["conditions"]] == [("left", 14), ("right", 26)]
        for one in m["paths"]["conditions"]:
            path = paths[paths["condition"] == one["name"]]
            assert np.allclose(one["spots"], path[["pc1", "pc2", "sd1", "sd2"]], atol=1e-3)
        assert "means of 2 conditions, 40 sequences" in m["words"]
        state = bench.ready()["state"]
        assert (state["mapPaths"], state["mapColour"]) == ("choice", "choice")
        assert "paths=choice" in bench.page.url
        bench.reload()
        shown(bench, "m.paths?.conditions.length === 2")
        bench.page.get_by_role("button", name="paths by choice").click()
        bench.page.get_by_role("radio", name="all sequences").click()
        shown(bench, "m.paths?.conditions.length === 1 && m.paths.conditions[0].n === 40")
        bench.page.keyboard.press("Control+z")
        shown(bench, "m.paths?.conditions.length === 2")
