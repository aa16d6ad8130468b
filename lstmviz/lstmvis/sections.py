"""Read the sections of ``lstm.yml``, one method each; a fault in one does not stop the check of the others."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeGuard

from lstmviz.dump.schema import MAX_NAME
from lstmviz.errors import DumpMissing, LstmvizError, ProjectError
from lstmviz.lstmvis.config import (
    CONFIG_FILE,
    MAX_CONFIG_BYTES,
    SECTIONS,
    Config,
    DatasetRef,
    LstmvizSection,
    Meta,
    StateType,
    Transform,
)
from lstmviz.lstmvis.faults import Faults, find_inside
from lstmviz.system.plain_yaml import read_plain_yaml

MAX_TEXT = 2000  # characters of a name, path or description
NOWHERE = DatasetRef("", "")  # in place of one with a fault; it is never read


def read_config(folder: Path, faults: Faults) -> tuple[Config, bytes]:
    """Read a project's ``lstm.yml``; return it as a record and as bytes. Errors in a section become faults.

    Raises ProjectError or DumpMissing where the file cannot be read at all.
    """
    if not folder.is_dir():
        raise DumpMissing(f"no folder at {folder}; give the folder of an LSTMVis project, the one with {CONFIG_FILE}")
    data = _read(folder)
    try:
        raw = read_plain_yaml(data)
    except ValueError as err:
        raise ProjectError(f"{CONFIG_FILE} is not YAML ({err}); correct it there") from err
    if not isinstance(raw, dict):
        raise ProjectError(
            f"{CONFIG_FILE} holds {_kind(raw)}, not a mapping of {', '.join(SECTIONS[:6])}; see docs/lstmvis.md"
        )
    return Sections(raw, folder.resolve().name, faults).config(), data


def _read(folder: Path) -> bytes:
    try:
        with find_inside(folder, CONFIG_FILE).open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except LstmvizError as err:
        raise ProjectError(f"{CONFIG_FILE}{err}") from err
    except OSError as err:
        raise ProjectError(f"{CONFIG_FILE} cannot be read ({err.strerror}); check its permissions") from err
    if len(data) > MAX_CONFIG_BYTES:
        raise ProjectError(f"{CONFIG_FILE} is larger than {MAX_CONFIG_BYTES} bytes; a configuration is a page long")
    return data


MOST_ENTRIES = 500  # of a section: each may name an array of any size


class Sections:
    """Checks the YAML of a project, section by section, and collects its faults."""

    def __init__(self, raw: dict[Any, Any], folder: str, faults: Faults) -> None:
        self.raw = raw
        self.folder = folder
        self.faults = faults
        self.notes: list[str] = []
        self.files = self._files()

    def config(self) -> Config:
        """Return the configuration; it is valid only if there are no faults."""
        words = self._section("word_sequence", is_needed=True)
        embedding = self._section("word_embedding")
        etc = self._section("etc")
        unread = [as_text(k) for k in self.raw if k not in SECTIONS and not self._is_index(k)]
        if unread:
            self.notes.append(f"{CONFIG_FILE}: not read: {', '.join(unread[:8])}")
        name = self._text(self.raw, "name", "", default=self.folder)
        return Config(
            name=name,
            description=self._text(self.raw, "description", "", default=name),
            files=self.files,
            words=self._ref(words, "word_sequence") if words else NOWHERE,
            word_dict=self._dict_key(words, "dict_file", "word_sequence"),
            states=self._states(),
            metas=tuple(self._meta(k, v) for k, v in self._section("meta").items()),
            embedding=self._ref(embedding, "word_embedding") if embedding else None,
            embedding_dict=self._dict_key(embedding, "dict_file", "word_embedding"),
            has_regex_search=bool(etc.get("regex_search", False)),
            extra=self._extra(),
            notes=tuple(self.notes),
        )

    def _files(self) -> dict[str, str]:
        files = {}
        for key, value in self._section("files", is_needed=True).items():
            if is_text(value):
                files[as_text(key)] = value
            else:
                self._fault(f"files: {as_text(key)!r} is {_kind(value)}, not a file's name; give its relative path")
        return files

    def _states(self) -> tuple[StateType, ...]:
        section = self._section("states", is_needed=True)
        types = section.get("types")
        if section and (not isinstance(types, list) or not types):
            self._fault(f"states: types is {_kind(types)}; give a list of {{type: state, layer: 1, path: states1}}")
        if isinstance(types, list) and len(types) > MOST_ENTRIES:
            self._fault(f"states: types has {len(types):,} entries; a project has at most {MOST_ENTRIES}")
            return ()
        if not isinstance(types, list):
            return ()
        states: list[StateType] = []
        default = section.get("file")
        for i, entry in enumerate(types):
            where = f"states: types: entry {i + 1}"
            if not isinstance(entry, dict):
                self._fault(f"{where} is {_kind(entry)}; give {{type: state, layer: 1, path: states1}}")
                continue
            ref = self._ref({"file": default, **{as_text(k): v for k, v in entry.items()}}, where)
            kind = self._text(entry, "type", where, default="state")
            layer = self._text(entry, "layer", where, default="")
            transform, is_abs = self._transform(entry, where)
            name = storable(f"layer{layer}.{kind}" if layer else kind)
            states.append(StateType(name, ref, kind, layer, transform, is_abs, entry.get("unsigned") is True))
        return _with_unique_names(states)

    def _transform(self, entry: dict[Any, Any], where: str) -> tuple[Transform, bool]:
        if "transform" not in entry:
            return "default", False
        transform = as_text(entry["transform"]).lower()
        if transform in ("tanh", "tanh_abs", "tanhabs"):
            return "tanh", transform != "tanh"
        if transform not in ("none", "raw", "false"):
            self.notes.append(
                f"{CONFIG_FILE}: {where}: transform {transform!r} is not known; read as none, as LSTMVis does"
            )
        return "none", False

    def _meta(self, key: Any, value: Any) -> Meta:
        where = f"meta: {as_text(key)!r}"
        if not isinstance(value, dict):
            self._fault(f"{where} is {_kind(value)}; give file, path and vis")
            value = {}
            ref = NOWHERE
        else:
            ref = self._ref(value, where)
        vis = value.get("vis")
        vis_type = as_text(vis.get("type", "")) if isinstance(vis, dict) else ""
        weights = DatasetRef(ref.file, self._text(value, "weights_path", where)) if "weights_path" in value else None
        is_wordvec = value.get("type", vis_type) == "wordvec"
        dictionary = self._dict_key(value, "dict", where)
        name = storable(as_text(key))
        return Meta(name, ref, weights, dictionary, is_wordvec, self._index(value, where), vis_type)

    def _index(self, value: dict[Any, Any], where: str) -> DatasetRef | None:
        index = value.get("index", "self")
        if index in ("self", None, ""):
            return None
        if not self._is_index(index):
            self._fault(f"{where}: index is {as_text(index)!r}; use self (by position) or word_sequence (by word id)")
            return None
        return self._ref(self.raw[index], index)

    def _is_index(self, key: Any) -> bool:
        return isinstance(key, str) and isinstance(self.raw.get(key), dict) and {"file", "path"} <= set(self.raw[key])

    def _extra(self) -> LstmvizSection:
        section = self._section("lstmviz")
        join, stops = section.get("join"), section.get("sequences")
        return LstmvizSection(
            axis=storable(self._text(section, "axis", "lstmviz", default="text")),
            join=join if isinstance(join, str) else None,
            has_tokens=section.get("has_tokens") is not False,
            has_vocab=section.get("has_vocab") is not False,
            stops=None if stops is None else self._ref(stops, "lstmviz: sequences"),
            sources={k: storable(v) for k, v in self._plain(section, "sources").items() if is_text(v)},
            strings={k: self._ref(v, f"lstmviz: strings: {k}") for k, v in self._plain(section, "strings").items()},
            none={k: v for k, v in self._plain(section, "none").items() if isinstance(v, int)},
        )

    def _plain(self, section: dict[Any, Any], key: str) -> dict[str, Any]:
        value = section.get(key, {})
        if not isinstance(value, dict):
            self._fault(f"lstmviz: {key} is {_kind(value)}; export the dump again")
            return {}
        return {as_text(k): v for k, v in value.items()}

    def _section(self, name: str, is_needed: bool = False) -> dict[Any, Any]:
        value = self.raw.get(name)
        if value is None and is_needed:
            present = ", ".join(as_text(k) for k in list(self.raw)[:12]) or "nothing"
            self._fault(f"no section {name!r}; it has {present}. Add it as docs/lstmvis.md shows")
        if value is not None and not isinstance(value, dict):
            self._fault(f"{name} is {_kind(value)}; give a mapping")
        if isinstance(value, dict) and len(value) > MOST_ENTRIES:
            self._fault(f"{name} has {len(value):,} entries; a project has at most {MOST_ENTRIES}")
            return {}
        return value if isinstance(value, dict) else {}

    def _ref(self, section: Any, where: str) -> DatasetRef:
        if not isinstance(section, dict):
            self._fault(f"{where} is {_kind(section)}; give file and path")
            return NOWHERE
        return DatasetRef(self._key(section.get("file"), "file", where), self._text(section, "path", where))

    def _dict_key(self, section: dict[Any, Any], entry: str, where: str) -> str | None:
        return None if section.get(entry) is None else self._key(section[entry], entry, where)

    def _key(self, key: Any, entry: str, where: str) -> str:
        known = ", ".join(self.files) or "none"
        if key is None:
            self._fault(f"{where} names no {entry}; give one of files: {known}")
        elif as_text(key) not in self.files:
            self._fault(f"{where} names {entry} {as_text(key)!r}, and files has {known}; write one of those")
        return as_text(key)

    def _text(self, section: dict[Any, Any], entry: str, where: str, default: str | None = None) -> str:
        value = section.get(entry)
        prefix = f"{where}: " if where else ""
        if value is None and default is not None:
            return default
        if value is None:
            self._fault(f"{prefix}no {entry}; give one")
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float) or len(as_text(value)) > MAX_TEXT:
            self._fault(f"{prefix}{entry} is {_kind(value)}; give a short text")
            return ""
        return as_text(value)

    def _fault(self, text: str) -> None:
        self.faults.add(CONFIG_FILE, text)


def as_text(value: Any) -> str:
    """Return a YAML scalar as text, anything else as its kind: written out, aliases could fill the memory."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return "a huge number"
    return str(value) if isinstance(value, str | int | float) else _kind(value)


def storable(name: str) -> str:
    """Return a name that a dump can store: no slash, no control characters, 1 to 200 long."""
    name = "".join("_" if unicodedata.category(c) in ("Cc", "Cs") else c for c in name)[:MAX_NAME]
    return name if name not in ("", ".", "..") else "_"


def is_text(value: Any) -> TypeGuard[str]:
    """Tell whether a YAML value is a non-empty text of limited length."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT


def _with_unique_names(states: list[StateType]) -> tuple[StateType, ...]:
    """Make the names of states unique: add the path, and a number where paths are the same too."""
    taken: set[str] = set()
    named = []
    for state in states:
        is_shared = sum(s.name == state.name for s in states) > 1
        name = storable(f"{state.name}.{state.ref.path.strip('/')}") if is_shared else state.name
        base, n = name[:190], 1
        while name in taken:
            n += 1
            name = f"{base}.{n}"
        taken.add(name)
        named.append(replace(state, name=name))
    return tuple(named)


def _kind(value: Any) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "a text", bool: "a yes or no", type(None): "nothing"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float) else f"a {type(value).__name__}")
