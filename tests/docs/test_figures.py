"""docs/figures.md runs as it is written, and lists every figure there is."""

from __future__ import annotations

from lstmviz import figures
from support.pages import blocks, page, run_python

PAGE = page("figures.md")


def test_the_blocks_run_and_write_what_they_promise(tmp_path):
    run_python(blocks(PAGE), tmp_path)
    begins = {"rows.svg": b"<svg", "rows.pdf": b"%PDF", "rows.png": b"\x89PNG", "view.html": b"<!doctype html>"}
    for name, start in begins.items():
        assert (tmp_path / name).read_bytes().startswith(start)


def test_every_function_is_told_of():
    for name in figures.__all__:
        assert f"figures.{name}(" in PAGE or f"`{name}`" in PAGE, name
        assert len(getattr(figures, name).__doc__) > 100
