"""What is fuzzed: each kind of file that may come from elsewhere, how it is changed, and what is done with it."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import typer
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from safetensors.numpy import save as as_safetensors

import lstmviz
from fuzz.mutators import changed_bytes, changed_hdf5, changed_json, changed_yaml
from lstmviz.cli import app
from lstmviz.doctor.diagnose import diagnose
from lstmviz.dump import added_files
from lstmviz.dump.corpus.manifest import CORPUS_FILE
from lstmviz.dump.corpus.reader import write_corpus
from lstmviz.errors import LstmvizError
from lstmviz.lessons.lesson import builtin_lessons, read_lesson
from lstmviz.lstmvis import open_project
from lstmviz.match.index import store
from lstmviz.rerun.of_dump import reader_of, runner_of
from lstmviz.training.model_config import KEY, ModelDescription, model_beside
from lstmviz.types import Pattern, PatternUnit
from lstmviz.ui.routes import routes
from lstmviz.ui.table import DumpTable
from support.journal import record_blocks
from support.lstmvis_project import plain, several_states

N_STEPS = 120
SOURCE = "rnn.l0.h"

_PATTERN = Pattern("text", (PatternUnit(SOURCE, 0, "high", 0.1), PatternUnit(SOURCE, 1)), ((SOURCE, 0.3),), 2)

Mutator = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Target:
    """One kind of file: ``write`` puts it into a folder, with what it needs beside it, and returns what is changed.

    ``use`` does all that lstmviz does with it and returns what a user would see; an LstmvizError is an answer, too.
    ``share``: how many of 100 inputs are of this kind.
    """

    name: str
    share: float
    write: Callable[[Path], list[Path]]
    mutate: Mutator
    use: Callable[[Path], str]


def write_dump(path: Path, seed: int = 0, **more: Any) -> Path:
    rng = np.random.default_rng(seed)
    states = {name: rng.uniform(-1, 1, (N_STEPS, 6)).astype("f2") for name in (SOURCE, "rnn.l0.c")}
    tracks = {"loss": np.arange(float(N_STEPS)), "part": np.repeat(["a", "b", "c"], N_STEPS // 3)}
    tokens = rng.integers(0, 3, N_STEPS)
    return lstmviz.write_dump(
        path, states=states, tokens=tokens, vocab=["a", "b", "cé"], lengths=[N_STEPS // 3] * 3, tracks=tracks, **more
    )


def _dump(folder: Path) -> list[Path]:
    return [write_dump(folder / "run.h5")]


def _dump_of_today(folder: Path) -> list[Path]:
    """The same in the layout of later versions of HDF5, whose metadata have checksums."""
    old = write_dump(folder / "old.h5")
    with h5py.File(old) as given, h5py.File(folder / "run.h5", "w", libver="latest") as file:
        file.attrs.update(given.attrs)
        for name in given:
            given.copy(name, file)
    old.unlink()
    return [folder / "run.h5"]


def _parts(folder: Path) -> list[Path]:
    record_blocks(folder / "run.h5.parts", 3, 6)
    return sorted((folder / "run.h5.parts").iterdir())


def _corpus(folder: Path) -> list[Path]:
    for i in range(2):
        write_dump(folder / f"part-{i}.h5", i)
    write_corpus(folder)
    return [folder / CORPUS_FILE]


def _project(folder: Path) -> list[Path]:
    project = plain(folder)
    several_states(project)
    project.write()
    return [folder / "lstm.yml"]


def _pattern(folder: Path) -> list[Path]:
    write_dump(folder / "run.h5")
    with closing(lstmviz.open_dump(folder / "run.h5")) as dump:
        pattern = dump.select(SOURCE, 5, 7, 0.1)
        notes = lstmviz.Notes(name="x", dump=dump.uuid, hidden=(lstmviz.Window(3, 5),))
    lstmviz.PatternFile(pattern, notes).write(folder / "pattern.json")
    return [folder / "pattern.json"]


def _lesson(folder: Path) -> list[Path]:
    (folder / "lesson.yaml").write_text(json.dumps(builtin_lessons()[0].model_dump(mode="json", exclude_defaults=True)))
    return [folder / "lesson.yaml"]


def _tracks(folder: Path) -> list[Path]:
    with closing(lstmviz.open_dump(write_dump(folder / "run.h5"))) as dump:
        dump.add_track("mine", np.arange(float(N_STEPS)))
        dump.add_track("named", ["x", "y"] * (N_STEPS // 2))
        dump.rename_track("mine", "ours")
    return [p for p in sorted(added_files.tracks_folder(folder / "run.h5").iterdir()) if p.stat().st_size]


def _model(folder: Path) -> list[Path]:
    path = write_dump(folder / "run.h5")
    about = ModelDescription(vocab=("a", "b", "cé"), n_units=6, n_embedding=4)
    sizes = {"weight_ih_l0": (24, 4), "weight_hh_l0": (24, 6), "bias_ih_l0": (24,), "bias_hh_l0": (24,)}
    weights = {f"rnn.{name}": np.zeros(size, "f2") for name, size in sizes.items()}
    weights |= {"embedding.weight": np.zeros((3, 4), "f2"), "decoder.weight": np.zeros((3, 6), "f2")}
    weights["decoder.bias"] = np.zeros(3, "f2")
    model_beside(path).write_bytes(as_safetensors(weights, metadata={KEY: about.to_json()}))
    return [model_beside(path)]


def _index(folder: Path) -> list[Path]:
    path = write_dump(folder / "run.h5")
    with _all_on_disk(), closing(lstmviz.open_dump(path)) as dump:
        dump.match(_PATTERN)
    return [p for p in sorted((folder / "run.h5.index").iterdir()) if p.stat().st_size]


@contextmanager
def _all_on_disk() -> Iterator[None]:
    """Index small sources on disk too."""
    small, store.SMALL = store.SMALL, 0
    try:
        yield
    finally:
        store.SMALL = small


def changed_index(data: bytes, rng: random.Random) -> bytes:
    return changed_json(data, rng) if data.startswith(b"{") else changed_bytes(data, rng)


def changed_model(data: bytes, rng: random.Random) -> bytes:
    """Change the header of safetensors, or any byte."""
    if rng.random() < 0.4:
        return changed_bytes(data, rng)
    n = int.from_bytes(data[:8], "little")
    header = changed_json(data[8 : 8 + n], rng)
    return (len(header) + rng.choice([0, 0, 0, 1, 2**40])).to_bytes(8, "little") + header + data[8 + n :]


class _Changing:
    """The dumps that the server of this process shows: those of the present input."""

    def __init__(self) -> None:
        self.dumps: list[Any] = []


@cache
def _server() -> tuple[_Changing, FlaskClient]:
    shown, server = _Changing(), Flask("fuzzed")
    server.register_blueprint(routes(DumpTable([], more=lambda: shown.dumps, may_label=True)))
    return shown, server.test_client()


def use_dump(path: Path) -> str:
    """Diagnose and open a dump or corpus, and inspect, match, search or serve it: the next of these each time."""
    seen = ["".join(map(str, diagnose(path)))]
    try:
        dump = lstmviz.open_dump(path)
    except LstmvizError as err:
        _one_line(err)
        return "".join([*seen, str(err)])
    with closing(dump):
        for _ in range(uses_at_a_time):
            try:
                seen.append(next(_uses)(path, dump))
            except LstmvizError as err:
                _one_line(err)
                seen.append(str(err))
    return "".join(seen)


def _inspected(path: Path, dump: Any) -> str:
    return _printed("inspect", path)


def _printed(command: str, path: Path, codes: tuple[int, ...] = (0, 1)) -> str:
    """Return what a command prints about a path."""
    done = CliRunner().invoke(_command_line(), [command, str(path)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in codes, done.output
    return done.output


@cache
def _command_line() -> Any:
    return typer.main.get_command(app)  # made once: it takes longer than most inputs


def _matched(path: Path, dump: Any) -> str:
    source = next(iter(dump.sources), SOURCE)
    return str(dump.match(dump.select(source, 5, 7, 0.1)).to_dict())


def _searched(path: Path, dump: Any) -> str:
    return str(dump.search("a").head().to_dict()) + dump.first.text(0, 20)


def _served(path: Path, dump: Any) -> str:
    shown, client = _server()
    shown.dumps = [dump]
    at = f"/d/{dump.uuid}"
    asked = {"dump": dump.uuid, "source": next(iter(dump.sources), SOURCE), "start": 5, "stop": 7, "at": 0, "span": 20}
    paths = ["about.json", "steps/0/0/20", "states/0/0/60", "unit/0/0?start=5&stop=7", "sequences/0?from=0"]
    answers = [client.get(f"{at}/{path}") for path in (*paths, "search/0?q=a", "survey/0.json", "typing.json")]
    answers += [client.post(f"{at}/{path}", json=asked) for path in ("matches", "summary", "export/matches.csv")]
    for answer in answers:
        assert answer.status_code < 500, answer.data[:300]
    return "".join(answer.data.decode("latin-1") for answer in answers)


_uses = itertools.cycle((_inspected, _matched, _searched, _served))
uses_at_a_time = 1  # four for all of them


def use_run(folder: Path) -> str:
    return use_dump(folder / "run.h5")


def use_parts(folder: Path) -> str:
    path = folder / "run.h5"
    said = "".join(map(str, diagnose(path)))
    said += _printed("recover", path, (0, 1, 3, 4))
    return said + (use_dump(path) if path.exists() else "")


def use_corpus(folder: Path) -> str:
    return use_dump(folder)


def use_project(folder: Path) -> str:
    try:
        imported = open_project(folder)
    except LstmvizError as err:
        return str(err)
    return use_dump(imported.path)


def use_pattern(folder: Path) -> str:
    file = lstmviz.PatternFile.read(folder / "pattern.json")
    assert lstmviz.PatternFile.from_json(file.to_json()) == file
    with closing(lstmviz.open_dump(folder / "run.h5")) as dump:
        seen = str(dump.match(file).to_dict())
        shown, client = _server()
        shown.dumps = [dump]
        asked = {"dump": dump.uuid, "pattern": file.to_json()}
        answer = client.post(f"/d/{dump.uuid}/matches", json=asked)
        assert answer.status_code < 500, answer.data[:300]
        return seen + dump.count(file).totals.to_string() + answer.text


def use_lesson(folder: Path) -> str:
    return read_lesson(folder / "lesson.yaml").model_dump_json()


def use_model(folder: Path) -> str:
    with closing(lstmviz.open_dump(folder / "run.h5")) as dump:
        said = str(reader_of(dump))
        return said + str(runner_of(dump))


def use_index(folder: Path) -> str:
    with closing(lstmviz.open_dump(folder / "run.h5")) as dump, _all_on_disk():
        found = dump.match(_PATTERN)
        said = "".join(map(str, diagnose(folder / "run.h5")))
    with closing(lstmviz.open_dump(folder / "run.h5")) as dump:
        assert dump.match(_PATTERN).equals(found), "a changed index changes the answer"
    return said


def _one_line(err: LstmvizError) -> None:
    assert "\n" not in str(err), str(err)
    assert len(str(err)) < 3_000, str(err)[:200]


TARGETS = {
    target.name: target
    for target in (
        Target("dump", 11, _dump, changed_hdf5, use_run),
        Target("dump-latest", 11, _dump_of_today, changed_hdf5, use_run),
        Target("parts", 1, _parts, changed_index, use_parts),
        Target("corpus", 20, _corpus, changed_json, use_corpus),
        Target("project", 4, _project, changed_yaml, use_project),
        Target("pattern", 26, _pattern, changed_json, use_pattern),
        Target("lesson", 22, _lesson, changed_yaml, use_lesson),
        Target("tracks", 2, _tracks, changed_index, use_run),
        Target("model", 1.5, _model, changed_model, use_model),
        Target("index", 1.5, _index, changed_index, use_index),
    )
}
