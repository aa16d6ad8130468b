"""Where tests lie: in the folder of what they test, with what several share in tests/support or a conftest.py."""

from __future__ import annotations

import ast

from support.paths import TESTS


def imported(path):
    """The modules that a file imports, at its top and inside its functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
            yield from (alias.name for alias in node.names)


def test_no_test_file_imports_another():
    files = sorted(TESTS.rglob("*.py"))
    tests = {path.stem for path in files if path.name.startswith("test_")}
    assert len(tests) > 80
    found = [
        f"{path.relative_to(TESTS)} imports {name}"
        for path in files
        for name in imported(path)
        if name.startswith(".") or tests & set(name.split(".")) or "conftest" in name.split(".")
    ]
    assert not found, "\n".join(found)


def test_every_test_lies_in_the_folder_of_what_it_tests():
    assert sorted(path.name for path in TESTS.glob("test_*.py")) == ["test_errors.py", "test_types.py"]  # of root files
