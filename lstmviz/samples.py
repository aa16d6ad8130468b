"""The samples that come with lstmviz: which there are, and their dumps, built once and kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import filelock

from lstmviz import cache
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import FORMAT_VERSION
from lstmviz.errors import LstmvizError, UnknownName
from lstmviz.places import samples_dir

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in all) while a sample's dump is built."""

_loading = threading.RLock()


def names() -> list[str]:
    """Return the names of the samples, sorted."""
    return sorted(init.parent.name for init in samples_dir().glob("*/__init__.py"))


def load(name: str) -> ModuleType:
    """Return a sample's code as a module, loaded from where it lies; its parts are its submodules.

    Raises UnknownName, with the samples there are.
    """
    init = _folder(name) / "__init__.py"
    alias = f"lstmviz_sample_{name}"  # one name in both layouts, and none that another package could have
    with _loading:
        if alias in sys.modules:
            return sys.modules[alias]
        spec = importlib.util.spec_from_file_location(alias, init, submodule_search_locations=[str(init.parent)])
        if spec is None or spec.loader is None:
            raise LstmvizError(f"the sample {name!r} cannot be loaded from {init}; install lstmviz again")
        module = importlib.util.module_from_spec(spec)
        sys.modules[alias] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[alias]
            raise
        return module


def build(
    name: str,
    path: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Path:
    """Return the path of a sample's dump, recording it first where that is needed.

    Without ``path`` the dump is kept in the user's cache folder (in a temporary one where that cannot be written), and
    made anew when the sample's code, its weights or the dump's format change. With ``path`` it is recorded there.
    ``progress`` is called with (steps done, steps in all); not at all where a kept dump is used.
    Raises UnknownName, with the samples there are, and DumpExists if something lies at ``path``, unless ``overwrite``.
    """
    folder = _folder(name)
    if path is not None:
        load(name).build(path, progress, overwrite)
        return Path(path)
    home = cache.home("samples") / f"{name}-{_key(folder)}"
    home.mkdir(parents=True, exist_ok=True)
    kept = home / f"{name}.h5"
    with filelock.FileLock(f"{home}.lock"):
        if not _is_dump(kept):
            # Nobody else is at work here while the lock is held: what lies in the way, a killed process left.
            unfinished = home / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            load(name).build(unfinished / kept.name, progress)
            (unfinished / kept.name).replace(kept)
            shutil.rmtree(unfinished, ignore_errors=True)
    return kept


def _folder(name: str) -> Path:
    known = names()
    if name not in known:
        raise UnknownName(f"no sample {name!r}; there is {', '.join(known) or 'none'}")
    return samples_dir() / name


def _key(folder: Path) -> str:
    """Digest what a dump depends on: the sample's code and weights, and the format."""
    digest = hashlib.sha256(f"format {FORMAT_VERSION}".encode())
    for file in sorted(p for p in folder.iterdir() if p.suffix in (".py", ".safetensors")):
        content = file.read_bytes()
        digest.update(f"\n{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _is_dump(path: Path) -> bool:
    try:
        DumpReader(path).close()
    except LstmvizError:
        return False
    return True
