"""The built wheel in a clean environment: it brings its assets and sample, and the page opens."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

import browser as browsing

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT], check=True, capture_output=True
    )
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_assets_samples_and_types(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("_assets/select.js", "_assets/style.css", "_samples/parens/parens-2x50.safetensors", "py.typed"):
        assert f"lstmviz/{needed}" in names
    assert {name.split("/")[0] for name in names} == {"lstmviz", "lstmviz-0.1.0.dist-info"}


def test_installed_into_a_clean_environment_the_page_opens(wheel, tmp_path, chromium):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", wheel]
    subprocess.run(install, check=True, capture_output=True, cwd=tmp_path)
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"}
    command = [tmp_path / "env" / "bin" / "lstmviz", "demo", "--no-browser"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    watchdog = threading.Timer(300, process.kill)  # it records all samples first
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
            bench.open(source="rnn.l1.c", at=220, span=60)
            assert bench.brush(249, 255)["units"] == [15, 18, 45, 49]
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(30)
        process.stdout.close()
