"""Docstrings of public names: every parameter and field is described, and every example gives what it shows."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import inspect
import re

import pytest

import lstmviz
from support.paths import ROOT

MODULES = tuple(f"lstmviz{part}" for part in ("", ".annotate", ".match", ".types", ".figures", ".samples", ".errors"))
RESULTS = re.findall(r"autoclass:: ([\w.]+)", (ROOT / "docs" / "api" / "results.md").read_text("utf-8"))


def public_names():
    """Yield the full name of every public function and class, and the thing."""
    for module in map(importlib.import_module, MODULES):
        names = getattr(module, "__all__", None) or [n for n, v in vars(module).items() if is_own(v, module)]
        for name in names:
            yield f"{module.__name__}.{name}", getattr(module, name)
    yield "lstmviz.Recording", lstmviz.Recording
    yield "lstmviz.Batch", lstmviz.Batch
    for name in RESULTS:
        module, _, attribute = name.rpartition(".")
        yield name, getattr(importlib.import_module(module), attribute)


def is_own(value, module):
    return inspect.isclass(value) and value.__module__ == module.__name__ and not value.__name__.startswith("_")


ALL = {name: value for name, value in public_names() if inspect.isfunction(value) or inspect.isclass(value)}


def methods(cls):
    """The public methods and properties of a class, inherited ones of lstmviz too."""
    for name, value in inspect.getmembers(cls):
        if name.startswith("_") or not (inspect.isroutine(value) or isinstance(value, property)):
            continue
        function = value.fget if isinstance(value, property) else inspect.unwrap(value)
        if getattr(function, "__module__", "").startswith("lstmviz"):
            yield name, value


def section(doc, title):
    """The names that the items of a docstring's section begin with."""
    found = re.search(rf"^{title}:\n((?:    .*\n|\n)*)", doc + "\n", re.M)
    items = re.findall(r"^    ([\w*, ]+?): ", found[1], re.M) if found else []
    return {name for item in items for name in item.replace("*", "").split(", ")}


def missing(thing):
    """The parameters that a docstring leaves out."""
    parameters = [n for n in inspect.signature(thing).parameters if n not in ("self", "cls")]
    return [n for n in parameters if n not in section(inspect.getdoc(thing) or "", "Args")]


@pytest.mark.parametrize("name", ALL)
def test_every_parameter_field_and_method_is_described(name):
    thing = ALL[name]
    doc = inspect.getdoc(thing)
    assert doc
    if inspect.isfunction(thing):
        assert not missing(thing)
        assert "Returns:" in doc
        return
    if dataclasses.is_dataclass(thing):
        fields = [field.name for field in dataclasses.fields(thing) if not field.name.startswith("_")]
        assert not [f for f in fields if f not in section(doc, "Attributes")]
    for method, value in methods(thing):
        assert inspect.getdoc(value), method
        if inspect.isroutine(value) and thing is not lstmviz.Batch:  # whose methods are those of the recording
            assert not missing(value), method


def is_error(thing) -> bool:
    """Whether a name is an exception; the example of their base shows how each is caught."""
    return inspect.isclass(thing) and issubclass(thing, lstmviz.LstmvizError)


@pytest.mark.parametrize("module", MODULES[:-1])
def test_every_public_name_has_an_example(module):
    named = {name: thing for name, thing in ALL.items() if name.rpartition(".")[0] == module}
    names = [name for name, thing in named.items() if thing is lstmviz.LstmvizError or not is_error(thing)]
    assert names
    assert [name for name in names if ">>>" not in inspect.getdoc(ALL[name])] == []


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """What the examples begin with, as docs/api/lstmviz.md says, in a folder of its own."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api" / "lstmviz.md").read_text("utf-8"), re.S)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("examples"))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        names = {}
        exec(code, names)
        yield names


def texts(name):
    """The docstrings of a name, and of the methods that it does not inherit."""
    thing = ALL[name]
    own = [value for _, value in methods(thing) if owner(value) == thing.__name__] if inspect.isclass(thing) else []
    return [inspect.getdoc(part) or "" for part in (thing, *own)]


def owner(method):
    function = method.fget if isinstance(method, property) else inspect.unwrap(method)
    return function.__qualname__.split(".")[0]


@pytest.mark.parametrize("name", [name for name in ALL if ">>>" in "".join(texts(name))])
def test_an_example_gives_what_it_shows(name, start, capsys):
    runner, parser = doctest.DocTestRunner(), doctest.DocTestParser()
    for text in texts(name):
        runner.run(parser.get_doctest(text, dict(start), name, None, None))
    assert runner.tries
    assert not runner.failures, capsys.readouterr().out
