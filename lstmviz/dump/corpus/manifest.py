"""``corpus.json``: the dumps of a folder that are one corpus, in order; the layout is in docs/corpora.md."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from lstmviz.errors import DumpError, DumpMissing, NewerFormat
from lstmviz.system.atomic import replacing

CORPUS_FILE = "corpus.json"
CORPUS_FORMAT, CORPUS_VERSION = "lstmviz-corpus", 1
MAX_CORPUS_BYTES = 16 * 2**20  # of corpus.json; 100,000 shards take about 2
MAX_SHARDS = 100_000
MAX_NAME = 1_000  # characters of one shard's path
NAMES_SHOWN = 8  # of a folder's dumps, in an error message
DUMP_SUFFIXES = (".h5", ".hdf5")


def _inside(name: str) -> str:
    is_plain = not {"", ".", ".."} & set(name.split("/")) and "\\" not in name and not PureWindowsPath(name).drive
    if not is_plain or not name.isprintable():
        raise ValueError("is not a plain path inside the folder, such as part-0.h5")
    return name


ShardName = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_inside)]


class CorpusFile(BaseModel):
    """What ``corpus.json`` holds: its format and version, and the shards' paths, relative to it, in order."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal["lstmviz-corpus"]
    version: Annotated[int, Field(ge=1, le=CORPUS_VERSION)]
    dumps: Annotated[list[ShardName], Field(min_length=1, max_length=MAX_SHARDS)]


def is_corpus(folder: Path) -> bool:
    """Tell whether a folder is a corpus: it has a ``corpus.json``."""
    return (folder / CORPUS_FILE).exists()


def read_corpus_file(folder: Path) -> list[Path]:
    """Return the paths of a corpus' shards in order, each of them a file inside the folder.

    Raises DumpMissing where there is no corpus.json or a shard is missing, NewerFormat for a later version, and
    DumpError where the file is not as docs/corpora.md says.
    """
    where = folder / CORPUS_FILE
    if not where.is_file():
        raise DumpMissing(f"no {CORPUS_FILE} in {folder}; write one with: lstmviz corpus {folder}")
    if not where.resolve().is_relative_to(folder.resolve()):
        raise DumpError(f"{where} is a link that leads out of the folder; replace it with: lstmviz corpus {folder}")
    if where.stat().st_size > MAX_CORPUS_BYTES:
        raise DumpError(f"{where} is larger than {MAX_CORPUS_BYTES:,} bytes; it only lists the shards")
    text = where.read_bytes()
    _check_version(where, text)
    try:
        names = CorpusFile.model_validate_json(text).dumps
    except ValidationError as err:
        raise DumpError(f"{where} is not a list of shards: {_first_fault(err)}; see docs/corpora.md") from err
    return shard_paths(folder, names)


def shard_paths(folder: Path, names: Sequence[str]) -> list[Path]:
    """Return the files of shards; DumpError for one outside the folder or listed twice, DumpMissing for one missing."""
    root, seen = folder.resolve(), dict[Path, str]()
    for name in names:
        path = folder / name
        if not path.exists():
            raise DumpMissing(
                f"the corpus {folder} lists {name!r}, which is missing; bring it back, or list the shards again"
            )
        real = path.resolve()
        if not real.is_relative_to(root):
            raise DumpError(f"the corpus {folder} lists {name!r}, which leads out of the folder; move the dump into it")
        if real in seen:
            raise DumpError(
                f"the corpus {folder} lists {name!r} and {seen[real]!r}, which are the same file; list it once"
            )
        seen[real] = name
    return [folder / name for name in names]


def shard_names(folder: Path, dumps: Sequence[str | os.PathLike[str]] | None) -> list[str]:
    """Return the names by which the folder's corpus.json lists dumps (None: all dumps in the folder)."""
    if dumps is None:
        paths = dumps_in(folder)
        if not paths:
            raise DumpMissing(f"{folder} holds no dump ({' or '.join(DUMP_SUFFIXES)}); record some into it first")
        return [path.name for path in paths]
    root = folder.absolute()
    names = []
    for given in dumps:
        path = Path(os.path.normpath(Path(given).absolute()))
        if not path.is_relative_to(os.path.normpath(root)):
            raise DumpError(
                f"{given} does not lie in {folder}; a corpus lists dumps of its own folder, so move it there"
            )
        names.append(path.relative_to(os.path.normpath(root)).as_posix())
    if not names:
        raise DumpError(f"no dump is given for the corpus {folder}; name at least one")
    return names


def dumps_in(folder: Path) -> list[Path]:
    """Return the dumps in a folder in the order of their names, part-2 before part-10."""
    paths = [p for p in folder.iterdir() if p.suffix in DUMP_SUFFIXES and p.is_file() and not p.name.startswith(".")]
    return sorted(paths, key=lambda p: [(int(x), "") if x.isdigit() else (-1, x) for x in re.split(r"(\d+)", p.name)])


def folder_line(folder: Path) -> str:
    """Say which dumps a folder that is not a corpus holds, and what to do with them."""
    names = [path.name for path in dumps_in(folder)]
    if not names:
        return f"{folder} is a folder without a dump ({' or '.join(DUMP_SUFFIXES)}); give the path of a dump"
    listed = ", ".join(map(repr, names[:NAMES_SHOWN])) + (", ..." if len(names) > NAMES_SHOWN else "")
    dumps = "one dump" if len(names) == 1 else f"{len(names)} separate dumps"
    remedy = f"open one, or make them shards of one corpus: lstmviz corpus {folder}"
    return f"{folder} is a folder of {dumps} ({listed}); {remedy}"


def write_corpus_file(folder: Path, names: Sequence[str]) -> Path:
    """Write corpus.json in one step: the old one stays until the new one is complete and on disk."""
    try:
        content = CorpusFile(format="lstmviz-corpus", version=CORPUS_VERSION, dumps=list(names))
    except ValidationError as err:
        raise DumpError(f"these dumps cannot be listed: {_first_fault(err)}") from err
    target = folder / CORPUS_FILE
    with replacing(target, sync=True) as temporary:
        temporary.write_text(content.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return target


def _check_version(where: Path, text: bytes) -> None:
    """Raise NewerFormat for a newer file, before it is checked for unknown fields."""
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError):
        return  # the check that follows reports it
    version = content.get("version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > CORPUS_VERSION:
        raise NewerFormat(
            f"{where} is version {version} and this lstmviz reads up to {CORPUS_VERSION}; upgrade lstmviz"
        )


def _first_fault(err: ValidationError) -> str:
    fault = err.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(map(str, fault["loc"]))
    return " ".join(f"{place} {fault['msg']}".split())[:300]
