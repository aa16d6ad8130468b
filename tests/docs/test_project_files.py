"""The files that other tools read: hooks, templates, the citation, and the version that is said once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

import lstmviz

ROOT = Path(lstmviz.__file__).parent.parent


TEXTS = {".py", ".md", ".js", ".mjs", ".css", ".toml", ".yml", ".yaml", ".cff", ".c"}
FOLDERS = (".github", "assets", "benchmarks", "docs", "lstmviz", "sample_models", "tests")


def texts():
    """The text files of the project, without what a build or a tool has left."""
    files = [*ROOT.iterdir(), *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))]
    return [file for file in files if file.suffix in TEXTS]


def read(name):
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_every_hook_runs_a_program_that_the_environment_has():
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config"], cwd=ROOT, check=True)
    programs = {hook["entry"].split()[0] for repo in read(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]}
    node = {"node_modules/.bin/biome", "node_modules/.bin/tsc"}
    assert node < programs
    for program in programs - node:
        folder, name = program.rsplit("/", 1)
        assert (folder, (Path(sys.executable).parent / name).exists()) == (".venv/bin", True), program
    assert {"@biomejs/biome", "typescript"} <= read("package.json")["devDependencies"].keys()


def test_the_fixers_leave_every_file_as_it_is():
    files = texts()
    assert len(files) > 400
    for file in files:
        text = file.read_text("utf-8")
        assert "\r" not in text, file
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), file
        assert not [n for n, line in enumerate(text.splitlines(), 1) if line != line.rstrip()], file


def test_github_reads_the_workflow_and_the_templates():
    workflow = read(".github/workflows/ci.yml")
    assert workflow["jobs"]["linux"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert "make test" in [step.get("run") for step in workflow["jobs"]["linux"]["steps"]]
    for template in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        assert read(template), template.name


def test_the_citation_names_title_licence_and_the_paper_before_it():
    citation = read("CITATION.cff")
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)
    assert citation["references"][0]["doi"] == "10.1109/TVCG.2017.2744158"


def test_the_version_is_said_once():
    said = [file for file in texts() if file.suffix != ".md" and is_version_said(file)]
    assert said == [ROOT / "lstmviz" / "_version.py"]


def is_version_said(path):
    text = path.read_text("utf-8")
    return any(f"version{how}{lstmviz.__version__}" in text for how in ('__ = "', ' = "', ": ", ': "'))
