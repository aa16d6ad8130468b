"""What an ``lstm.yml`` says, as records; ``sections.read_config`` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CONFIG_FILE = "lstm.yml"
MAX_CONFIG_BYTES = 256 * 1024
KNOWN = ("name", "description", "files", "word_sequence", "states", "meta", "word_embedding", "etc", "lstmviz")

Transform = Literal["tanh", "none", "default"]


@dataclass(frozen=True)
class Ref:
    """A data set: the key of its file among ``files``, and its path in that file."""

    file: str
    path: str


@dataclass(frozen=True)
class StateType:
    """One entry of ``states: types:``; ``default`` is a transform that is not stated, for which LSTMVis takes tanh."""

    name: str
    ref: Ref
    kind: str
    layer: str
    transform: Transform
    is_abs: bool
    is_unsigned: bool


@dataclass(frozen=True)
class Meta:
    """One annotation: values by step, or by the ids that ``index`` gives for each step."""

    name: str
    ref: Ref
    weights: Ref | None
    dictionary: str | None
    is_wordvec: bool
    index: Ref | None
    vis: str


@dataclass(frozen=True)
class Extra:
    """Our own section, which an export adds: what LSTMVis's format cannot say of a dump."""

    axis: str = "text"
    join: str | None = None
    has_tokens: bool = True
    has_vocab: bool = True
    stops: Ref | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    strings: Mapping[str, Ref] = field(default_factory=dict)
    none: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """A project's configuration."""

    name: str
    description: str
    files: Mapping[str, str]
    words: Ref
    word_dict: str | None
    states: tuple[StateType, ...]
    metas: tuple[Meta, ...]
    embedding: Ref | None
    embedding_dict: str | None
    has_regex_search: bool
    extra: Extra
    notes: tuple[str, ...]

    def used_files(self) -> tuple[str, ...]:
        """The keys of the files that are read, sorted."""
        refs = [self.words, self.embedding, self.extra.stops, *self.extra.strings.values()]
        refs += [s.ref for s in self.states]
        refs += [ref for m in self.metas for ref in (m.ref, m.index)]
        dictionaries = [self.word_dict, self.embedding_dict, *(m.dictionary for m in self.metas)]
        keys = {ref.file for ref in refs if ref is not None} | {key for key in dictionaries if key is not None}
        return tuple(sorted(keys))
