"""The contents of an ``lstm.yml`` as records; ``sections.read_config`` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CONFIG_FILE = "lstm.yml"
MAX_CONFIG_BYTES = 256 * 1024
SECTIONS = ("name", "description", "files", "word_sequence", "states", "meta", "word_embedding", "etc", "lstmviz")

Transform = Literal["tanh", "none", "default"]


@dataclass(frozen=True)
class DatasetRef:
    """A data set: the key of its file among ``files``, and its path in that file."""

    file: str
    path: str


@dataclass(frozen=True)
class StateType:
    """One entry of ``states: types:``; without a transform (``default``) LSTMVis uses tanh."""

    name: str
    ref: DatasetRef
    kind: str
    layer: str
    transform: Transform
    is_abs: bool
    is_unsigned: bool


@dataclass(frozen=True)
class Meta:
    """One annotation: values by step, or by the ids that ``index`` gives for each step."""

    name: str
    ref: DatasetRef
    weights: DatasetRef | None
    dictionary: str | None
    is_wordvec: bool
    index: DatasetRef | None
    vis: str


@dataclass(frozen=True)
class LstmvizSection:
    """The section ``lstmviz``, which an export adds: what LSTMVis's format cannot express about a dump."""

    axis: str = "text"
    join: str | None = None
    has_tokens: bool = True
    has_vocab: bool = True
    stops: DatasetRef | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    strings: Mapping[str, DatasetRef] = field(default_factory=dict)
    none: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """A project's configuration."""

    name: str
    description: str
    files: Mapping[str, str]
    words: DatasetRef
    word_dict: str | None
    states: tuple[StateType, ...]
    metas: tuple[Meta, ...]
    embedding: DatasetRef | None
    embedding_dict: str | None
    has_regex_search: bool
    extra: LstmvizSection
    notes: tuple[str, ...]

    def used_files(self) -> tuple[str, ...]:
        """The keys of the files that are read, sorted."""
        refs = [self.words, self.embedding, self.extra.stops, *self.extra.strings.values()]
        refs += [s.ref for s in self.states]
        refs += [ref for m in self.metas for ref in (m.ref, m.index)]
        dictionaries = [self.word_dict, self.embedding_dict, *(m.dictionary for m in self.metas)]
        keys = {ref.file for ref in refs if ref is not None} | {key for key in dictionaries if key is not None}
        return tuple(sorted(keys))
