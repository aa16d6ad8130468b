"""docs/maps.md runs as it is written."""

from __future__ import annotations

from support.budget import is_long
from support.pages import blocks, page, run_python

PAGE = page("maps.md")


def test_the_blocks_run(tmp_path):
    code = blocks(PAGE)
    assert '"umap"' in code
    run_python(code if is_long() else code.replace('"umap"', '"tsne"'), tmp_path)  # which takes half as long
    assert (tmp_path / "parens-projector" / "tensors.tsv").stat().st_size > 1_000_000
