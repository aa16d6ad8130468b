"""The Dockerfile, step by step, without Docker: what it copies makes lstmviz, and what it runs is there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile

import pytest

from lstmviz.ui.front import front
from lstmviz.ui.place import Place
from lstmviz.ui.serve import listen, make_app
from support.commands import run
from support.paths import ROOT

TEXT = (ROOT / "Dockerfile").read_text("utf-8")
STEPS = [line.split(maxsplit=1) for line in TEXT.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]


def steps(kind):
    return [what for step, what in STEPS if step == kind]


def copied():
    """The files and folders that come from the project."""
    return [name for what in steps("COPY") if not what.startswith("--from") for name in what.split()[:-1]]


def test_everything_that_is_copied_is_there_and_nothing_else_is_sent():
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    assert sorted(copied()) == sorted(allowed)
    assert all((ROOT / name).exists() for name in copied())


def test_what_is_copied_makes_the_package_that_is_installed(tmp_path):
    for name in copied():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"lstmviz/cli.py", "lstmviz/_assets/page/main.mjs", "lstmviz/_samples/parens/recipe.py"} <= set(names)


def test_versions_are_those_that_are_tested_and_torch_may_come_from_elsewhere():
    pip = [what for what in steps("RUN") if what.startswith("pip install")]
    assert pip
    assert all("--constraint constraints.txt" in what for what in pip)
    assert re.search(r"^torch==", (ROOT / "constraints.txt").read_text(), re.M)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"'\.\[(\w+)\]'", pip[-1])) <= set(extras)
    told = "import sys; print(sys.argv[1:])"
    for given, expected in (
        ("", []),
        ("https://index.example/cpu", ["--extra-index-url", "https://index.example/cpu"]),
    ):
        shown = pip[0].replace("pip install", f"{shlex.quote(sys.executable)} -c {shlex.quote(told)}")
        environment = {"TORCH_INDEX": given, "PATH": "/usr/bin:/bin"}
        said = subprocess.run(["sh", "-c", shown], env=environment, capture_output=True, text=True, check=True).stdout
        assert json.loads(said.replace("'", '"')) == ["--constraint", "constraints.txt", *expected, "torch"]


def test_it_runs_without_rights_what_the_command_line_has():
    assert int(steps("USER")[-1]) >= 1_000
    assert json.loads(steps("ENTRYPOINT")[0]) == ["lstmviz"]
    command, path, *options = json.loads(steps("CMD")[0])
    assert (command, path) == ("serve", "/data")
    helped = run("serve", "--help", env={"COLUMNS": "200"}).stdout
    assert all(option in helped for option in options if option.startswith("-"))


@pytest.mark.parametrize("token", [None, "s3cret"])
def test_its_health_is_that_it_answers(parens, token):
    check = json.loads(steps("HEALTHCHECK")[0].removeprefix("CMD "))
    app, listener = make_app([parens], place=Place(token=token)), listen("127.0.0.1", 0)
    server = front(app.server, listener, app.access.refusal)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    code = check[2].replace("8050", str(listener.getsockname()[1]))
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    server.task_dispatcher.shutdown()
    server.asyncore.close_all(server._map)
    thread.join(5)
    assert subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL).returncode != 0
