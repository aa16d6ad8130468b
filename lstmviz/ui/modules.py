"""The page's JavaScript modules (``assets/page``): where a browser gets them, and how long it may keep them.

The path of each contains a version that is made from the contents of all. So a browser keeps a module forever, and asks
for all of them again once one has changed; no module needs a query after its name.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from posixpath import dirname, join, normpath

from flask import Blueprint, Response, abort

from lstmviz.ui import ids

EARLY = "early.mjs"  # begins to load the states while the other modules come
ENTRY = "main.mjs"
IMPORT = re.compile(r'^import [^"]*"([^"]+)";', re.MULTILINE)  # as all of them are written
FRESH = 1.0  # seconds
FOREVER = "public, max-age=31536000, immutable"


class Modules:
    """Every module of a folder by its path there, and the common version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.version, self._read_at = "", -FRESH
        self.load()

    def load(self) -> None:
        """Read the modules as they are now, unless they were read a moment ago: many pages may come at once."""
        if time.monotonic() - self._read_at < FRESH:
            return
        self._read_at = time.monotonic()
        paths = sorted(self.folder.rglob("*.mjs"))
        self.files = {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}
        digest = hashlib.sha256()
        for name, content in self.files.items():
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        if (version := digest.hexdigest()[:12]) != self.version:
            self.version = version
            self.early = self._imported_by(EARLY)
            self.imported = self._imported_by(ENTRY) - self.early

    def head(self, prefix: str, served: Sequence[str]) -> str:
        """Return the modules' part of the page's head: the data they begin with, and the modules that start the page.

        ``prefix`` is the path that the app is served under; ``served`` has the uuids of the dumps.
        """
        data = {"lv-ids": ids.by_name(), "lv-served": served}
        scripts = [f'<script type="application/json" id="{name}">{json.dumps(data[name])}</script>' for name in data]
        base = self._base(prefix)
        early = f'<script type="module" async src="{base}{EARLY}"></script>'
        entry = f'<script type="module" async id="lv-main" src="{base}{ENTRY}"></script>'
        return "".join([*scripts, self._links(prefix, self.early), early, entry])

    def first_answers(self, prefix: str, served: Sequence[str], asked: str | None) -> str:
        """Return the preloads of what the page asks for first; it would ask only once its scripts are here.

        That is Dash's layout, and about the dump that is shown, where that is known already: ``asked`` is the uuid that
        the address names.
        """
        uuid = asked or (served[0] if len(served) == 1 else None)
        paths = ["_dash-layout", "_dash-dependencies", *([f"d/{uuid}/about.json"] if uuid in served else [])]
        return "".join(f'<link rel="preload" as="fetch" crossorigin href="{escape(prefix)}{path}">' for path in paths)

    def preloads(self, prefix: str) -> str:
        """Return the preloads of all that the entry imports, after Dash's scripts: these take longer to begin.

        What it loads later, once something is to be seen, is not among them.
        """
        return self._links(prefix, self.imported)

    def _links(self, prefix: str, names: Iterable[str]) -> str:
        base = self._base(prefix)
        return "".join(f'<link rel="modulepreload" href="{base}{name}">' for name in sorted(names))

    def _imported_by(self, entry: str) -> set[str]:
        """Return a module, what it imports, what that imports, and so on."""
        imported: set[str] = set()
        new = {entry}
        while new:
            imported |= new
            imports = ((name, path) for name in new for path in IMPORT.findall(self.files[name].decode()))
            new = {normpath(join(dirname(name), path)) for name, path in imports} - imported
        return imported

    def _base(self, prefix: str) -> str:
        return f"{escape(prefix)}page/{self.version}/"


def module_routes(modules: Modules) -> Blueprint:
    """Return the route of the modules; browsers keep only those of the present version."""
    blueprint = Blueprint("modules", __name__)

    @blueprint.get("/page/<version>/<path:name>")
    def module(version: str, name: str) -> Response:
        if name not in modules.files:
            abort(404)
        response = Response(modules.files[name], mimetype="text/javascript")
        response.headers["Cache-Control"] = FOREVER if version == modules.version else "no-cache"
        return response

    return blueprint
