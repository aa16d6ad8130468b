"""The built wheel, installed: it brings its assets and samples, and the page opens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from lstmviz import samples
from support import browser as browsing
from support.paths import ROOT
from support.workbench import start

SAMPLE_FILES = (".py", ".md", ".safetensors")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_assets_samples_and_types(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    folder = ROOT / "sample_models"
    shipped = [f"_samples/{f.relative_to(folder).as_posix()}" for f in folder.rglob("*") if f.suffix in SAMPLE_FILES]
    assert len(shipped) > 30
    for needed in (
        "_assets/loader.js",
        "_assets/page/main.mjs",
        "_assets/page/lib/select.mjs",
        "_assets/style.css",
        "py.typed",
        *shipped,
    ):
        assert f"lstmviz/{needed}" in names
    assert {name.split("/")[0] for name in names} == {"lstmviz", "lstmviz-0.1.0.dist-info"}


def beside_what_is_here(wheel, folder):
    """Install the wheel alone, to run with the packages and samples here; return its Python and environment."""
    place = folder / "place"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place, wheel]
    subprocess.run(install, check=True, capture_output=True, cwd=folder)
    samples.build("parens")
    told = {"PYTHONPATH": str(place), "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"]}
    return Path(sys.executable), place / "bin" / "lstmviz", told


def into_a_clean_environment(wheel, folder):
    """Install the wheel and all that it needs; the sample is recorded by it."""
    subprocess.run([sys.executable, "-m", "venv", folder / "place"], check=True)
    python = folder / "place" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", wheel]
    subprocess.run(install, check=True, capture_output=True, cwd=folder)
    return python, python.with_name("lstmviz"), {}


@pytest.mark.parametrize(
    "install", [beside_what_is_here, pytest.param(into_a_clean_environment, marks=pytest.mark.long)]
)
def test_once_installed_the_page_opens(wheel, tmp_path, chromium, install):
    python, lstmviz, more = install(wheel, tmp_path)
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", "COLUMNS": "200", **more}
    listed = subprocess.run(
        [lstmviz, "samples", "list"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )
    assert all(name in listed.stdout for name in ("parens", "agreement", "recall", "sentiment", "stdlib"))
    where = [python, "-c", "import lstmviz.cli; print(lstmviz.cli.__file__)"]
    loaded = subprocess.run(where, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert loaded.stdout.startswith(str(tmp_path / "place"))
    command = [lstmviz, "demo", "--no-browser"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    watchdog = threading.Timer(300, process.kill)
    watchdog.start()
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "http://" in line:
                break
        address = re.search(r"http://127\.0\.0\.1:\d+", "".join(lines))
        assert address, lines
        with browsing.workbench(chromium, address[0]) as bench:
            bench.page.goto(address[0])
            start(bench, "s.offers[0].state === 'kept'")
            bench.page.locator(".lv-start-card").first.click()
            bench.ready()
            bench.open(source="rnn.l1.c", at=220, span=60)
            assert bench.brush(249, 255)["units"] == [15, 18, 45, 49]
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(30)
        process.stdout.close()
