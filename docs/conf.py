"""The documentation site (``make docs``): the repository's own pages, and a reference made from the docstrings.

The source folder is the repository itself, so a relative link leads to the same page here and on a code host. Every
warning ends the build: a broken link, an unknown name, a page that stands in no table of contents.
"""

from __future__ import annotations

import inspect
from typing import Any

from docutils import nodes
from sphinx.domains.python import PyObject
from sphinx.util.inspect import stringify_signature
from sphinx.util.nodes import make_refnode

import lstmviz
from lstmviz import samples

project = "lstmviz"
version = release = lstmviz.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_nb"]
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "docs/api/*.md",
    "docs/notebooks/*.ipynb",
    "sample_models/*/README.md",
]
# Folders without pages, which take half of the build to walk through.
exclude_patterns = [".*", "assets", "benchmarks", "build", "dist", "lstmviz", "node_modules", "tests"]
root_doc = "README"
templates_path = ["templates"]
nitpicky = True
nitpick_ignore = [
    ("py:class", name) for name in ("collections.abc.Callable", "torch.Tensor", "torch.nn.modules.module.Module")
]

CONTENTS = {
    "Guides": [
        *("page", "samples", "lessons", "classroom", "recording", "pairs", "training", "moments", "python", "security"),
        *("explain", "labels", "maps", "figures", "corpora", "lstmvis"),
    ],
    "Notebooks": [f"notebooks/{name}" for name in ("own_model", "live", "sample", "corpus")],
    "Reference": ["cli", "matching", "format", "benchmarks"],
    "Python API": [
        f"api/{name}" for name in ("lstmviz", "results", "types", "match", "annotate", "figures", "samples", "errors")
    ],
    "Samples": [f"../sample_models/{name}/README" for name in samples.names()],
    "Project": ["glossary", "../CONTRIBUTING", "releasing", "../CHANGELOG"],
}
"""The side bar: a page that is not listed here ends the build."""

html_theme = "furo"
html_title = f"lstmviz {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "index.html"}  # leads to the root page, which is README.html
html_copy_source = False
html_show_sphinx = False

myst_heading_anchors = 3
nb_execution_mode = "off"  # a test runs the notebooks
nb_ipywidgets_js: dict[str, Any] = {}  # comes from another host, and no notebook has widgets

autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False  # the signature has them
python_maximum_signature_line_length = 88


def add_contents(_app: Any, docname: str, source: list[str]) -> None:
    """Give the root page the tables of contents that the side bar shows."""
    if docname == root_doc:
        for caption, pages in CONTENTS.items():
            listed = "\n".join(f"docs/{page}".replace("docs/../", "") for page in pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n"


def signature_as_written(
    _app: Any, kind: str, _name: str, obj: Any, _options: Any, signature: str | None, _returns: str | None
) -> tuple[str, str | None] | None:
    """Show annotations as the source has them, not what they stand for; a signature given by hand stays."""
    if kind not in {"class", "function", "method"} or signature == "()":
        return None
    written = inspect.signature(obj)
    is_bound = kind == "method" and next(iter(written.parameters), "") == "self"
    parameters = list(written.parameters.values())[is_bound:]
    returns = None if written.return_annotation is written.empty else written.return_annotation
    return stringify_signature(inspect.Signature(parameters)), returns


def find_name(app: Any, env: Any, node: Any, shown: Any) -> Any:
    """Resolve a name as a reader writes it (``Pattern``) to the one class or alias of ours that ends in it."""
    name = node.get("reftarget", "").rsplit(".", 1)[-1]
    if node.get("refdomain") != "py":
        return None
    python = env.get_domain("py")
    named = [entry for full, entry in python.objects.items() if full.rsplit(".", 1)[-1] == name]
    places = {(e.docname, e.node_id) for e in named if e.objtype in {"class", "exception", "data"}}
    if len(places) == 1:
        return make_refnode(app.builder, node["refdoc"], *places.pop(), shown, name)
    is_annotation = isinstance(shown, nodes.Text)  # the type checker knows that it exists; it need not be ours
    return shown if is_annotation else None


def setup(app: Any) -> None:
    """Register what this file adds to Sphinx, which calls attributes variables."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    app.connect("source-read", add_contents)
    app.connect("autodoc-process-signature", signature_as_written)
    app.connect("missing-reference", find_name)
