"""Samples: found in both layouts, built once, built again when what they are made from changes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import lstmviz
from lstmviz.errors import DumpExists, LstmvizError, ModelError, UnknownName
from lstmviz.samples import catalog as samples
from lstmviz.system import cache
from lstmviz.system import paths as places

# A sample that needs no torch: it writes a small dump and a line into a log for each time it is built.
INIT = """
from lstmviz.samples.definition import Sample, Variant
import time, lstmviz
from pathlib import Path

class Made(Sample):
    def build(self, variant, path, weights, progress=None, overwrite=False):
        from .parts import states
        with Path(__file__).with_name("log.txt").open("a") as log:
            log.write(f"{variant.name}\\n")
        time.sleep(0.2)
        lstmviz.write_dump(path, states={"rnn.l0.h": states()}, overwrite=overwrite)
        if progress is not None:
            progress(3, 3)

VARIANTS = (Variant("one", "the first"), Variant("two", "the second"), Variant("one-update-5", "early", "one", 5))
SAMPLE = Made(Path(__file__).parent, "made up", "why?", VARIANTS, recipe=None)
"""
PARTS = "import numpy as np\n\ndef states():\n    return np.zeros((3, 2), np.float32)\n"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of samples with one, ``made``, and an empty cache; returns the sample's folder."""
    folder = tmp_path / "sample_models" / "made"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(INIT)
    (folder / "parts.py").write_text(PARTS)
    for variant in ("one", "two", "one-update-5"):
        (folder / f"made-{variant}.safetensors").write_bytes(b"weights")
    (folder / "README.md").write_text("# made\n")
    monkeypatch.setattr(samples, "samples_dir", lambda: folder.parent)
    monkeypatch.setattr(cache.platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    yield folder
    for name in [n for n in sys.modules if n.startswith("lstmviz_sample_made")]:
        del sys.modules[name]


def times_built(folder: Path) -> int:
    log = folder / "log.txt"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_names_lists_the_samples_without_loading_torch() -> None:
    code = """
import sys
from lstmviz.samples import catalog as samples
print(samples.names(), [samples.variants(name) for name in samples.names()])
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("['parens'")
    assert "('2x50', '1x50', '1x50-update-000'" in done.stdout


def test_parens_comes_first(made: Path) -> None:
    for name in ("parens", "zebra", "apes"):
        (made.parent / name).mkdir()
        (made.parent / name / "__init__.py").touch()
    assert samples.names() == ["parens", "apes", "made", "zebra"]


def test_an_unknown_sample_is_told_which_there_are(made: Path) -> None:
    for ask in (samples.build, samples.load):
        with pytest.raises(UnknownName, match=r"^no sample 'nested'; there is made$"):
            ask("nested")
    assert samples.names() == ["made"]


def test_a_variant_is_built_by_name_the_first_one_by_default(made: Path) -> None:
    assert samples.variants("made") == ("one", "two", "one-update-5")
    built = [samples.build("made", variant).name for variant in (None, "one", "two", "one-update-5")]
    assert built == ["made-one.h5", "made-one.h5", "made-two.h5", "made-one-update-5.h5"]
    assert (made / "log.txt").read_text().split() == ["one", "two", "one-update-5"]
    with pytest.raises(UnknownName, match=r"^sample made has no variant 'three'; it has one, two, one-update-5$"):
        samples.build("made", "three")


def test_the_uuid_says_what_the_dump_was_made_of(made: Path, tmp_path: Path) -> None:
    kept = lstmviz.open_dump(samples.build("made")).uuid
    assert lstmviz.open_dump(samples.build("made", path=tmp_path / "again.h5")).uuid == kept
    assert lstmviz.open_dump(samples.build("made", "two")).uuid != kept


def test_weights_that_are_not_shipped_are_asked_for(made: Path) -> None:
    code = (made / "__init__.py").read_text()
    (made / "__init__.py").write_text(code.replace("recipe=None", "recipe=None, is_shipped=False"))
    with pytest.raises(ModelError, match=r"^made-one comes without weights; .* lstmviz samples train made$"):
        samples.build("made")


def test_a_built_dump_is_kept_and_used_again(made: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    first = samples.build("made", progress=lambda done, total: calls.append((done, total)))
    assert tmp_path / "cache" in first.parents
    assert calls == [(3, 3)]
    with_uuid = lstmviz.open_dump(first)
    assert with_uuid.name == "made-one"
    assert samples.build("made", progress=lambda done, total: calls.append((done, total))) == first
    assert lstmviz.open_dump(first).uuid == with_uuid.uuid
    assert (times_built(made), len(calls)) == (1, 1)
    assert sorted(p.name for p in first.parent.iterdir()) == ["made-one.h5"]


@pytest.mark.parametrize("changed", ["parts.py", "made-one.safetensors", "new.py"])
def test_it_is_built_again_and_the_old_one_goes_when_code_or_weights_change(made: Path, changed: str) -> None:
    first = samples.build("made")
    with (made / changed).open("a") as file:
        file.write("# changed\n")
    second = samples.build("made")
    assert second != first
    assert second.name == first.name
    assert not first.parent.exists()
    assert times_built(made) == 2


def test_it_is_built_again_when_the_format_changes_but_not_for_the_card(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = samples.build("made")
    (made / "README.md").write_text("# another card\n")
    assert samples.build("made") == first
    monkeypatch.setattr(samples, "FORMAT_VERSION", samples.FORMAT_VERSION + 1)
    assert samples.build("made") != first
    assert times_built(made) == 2


def test_a_damaged_or_unfinished_build_is_made_anew(made: Path) -> None:
    kept = samples.build("made")
    kept.write_bytes(kept.read_bytes()[:100])
    left = kept.parent / "unfinished"
    left.mkdir()
    (left / kept.name).write_bytes(b"a killed process left this")
    assert samples.build("made") == kept
    assert lstmviz.open_dump(kept).n_steps == 3
    assert not left.exists()
    assert times_built(made) == 2


def test_a_build_that_fails_leaves_nothing_under_the_final_name(made: Path) -> None:
    (made / "parts.py").write_text("def states():\n    raise RuntimeError('no states')\n")
    with pytest.raises(RuntimeError, match="no states"):
        samples.build("made")
    assert not list((made.parent.parent / "cache").rglob("made-one.h5"))


def test_with_a_path_it_is_recorded_there(made: Path, tmp_path: Path) -> None:
    assert samples.build("made", path=tmp_path / "mine.h5") == tmp_path / "mine.h5"
    assert lstmviz.open_dump(tmp_path / "mine.h5").n_steps == 3
    assert not (tmp_path / "cache").exists()
    with pytest.raises(DumpExists):
        samples.build("made", path=tmp_path / "mine.h5")
    samples.build("made", path=tmp_path / "mine.h5", overwrite=True)
    assert times_built(made) == 3


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_folder(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file stands where the folder would be")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    built = samples.build("made")
    assert tmp_path / "temporary" in built.parents
    assert samples.build("made") == built
    assert times_built(made) == 1


def test_a_temporary_folder_that_is_a_link_is_not_trusted(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file stands where the folder would be")
    temporary, elsewhere = tmp_path / "temporary", tmp_path / "elsewhere"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    usual = samples.build("made").parents[1]
    usual.rename(elsewhere)
    usual.symlink_to(elsewhere)
    other = samples.build("made").resolve()
    assert elsewhere not in other.parents
    assert temporary in other.parents


def test_no_place_to_write_is_one_line(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "candidates", lambda kind: iter(()))
    with pytest.raises(LstmvizError, match=r"^no folder to keep .* give a path$"):
        samples.build("made")


def test_two_processes_at_once_build_it_once(made: Path, tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
import lstmviz
from lstmviz.samples import catalog as samples
from lstmviz.system import cache
samples.samples_dir = lambda: Path({str(made.parent)!r})
cache.platformdirs.user_cache_path = lambda name: Path({str(tmp_path / "cache")!r}) / name
meeting = Path({str(tmp_path)!r})
me = meeting / f"here-{{time.time_ns()}}"
me.touch()
while len(list(meeting.glob("here-*"))) < 2:
    time.sleep(0.01)
print(lstmviz.open_dump(samples.build("made")).uuid)
"""
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    uuids = [process.communicate(timeout=60)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len(uuids[0]) == 32
    assert uuids[0] == uuids[1]
    assert times_built(made) == 1


def test_a_sample_is_loaded_once_and_not_half(made: Path) -> None:
    code = (made / "__init__.py").read_text()
    (made / "__init__.py").write_text(code + "\nraise RuntimeError('half way')\n")
    with pytest.raises(RuntimeError, match="half way"):
        samples.load("made")
    (made / "__init__.py").write_text(code)
    assert samples.load("made") is samples.load("made")


@pytest.mark.parametrize(("name", "in_wheel"), [("assets", "_assets"), ("sample_models", "_samples")])
def test_one_function_finds_both_layouts(tmp_path: Path, name: str, in_wheel: str) -> None:
    package = tmp_path / "lstmviz"
    package.mkdir()
    with pytest.raises(LstmvizError, match=f"^no folder '{name}' at .* checkout$"):
        places.find(name, package)
    (tmp_path / name).mkdir()
    assert places.find(name, package) == tmp_path / name
    (package / in_wheel).mkdir()
    assert places.find(name, package) == package / in_wheel


def test_the_places_of_this_lstmviz_are_there() -> None:
    assert (places.samples_dir() / "parens" / "__init__.py").is_file()
    assert places.assets_dir().is_dir()
