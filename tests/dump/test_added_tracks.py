"""Tracks beside a dump: written whole or not at all, seen at once by whoever reads, and never trusted."""

from __future__ import annotations

import json
import pickle
import shutil
import threading
import warnings

import numpy as np
import pytest

import lstmviz
from lstmviz.annotate.paint import paint
from lstmviz.dump.added_files import MAX_TRACKS, MAX_UNDO, _values_offset
from support import faults
from support.budget import some_of
from support.commands import run
from support.track_faults import NAME, Zygote

TEXT = ["the", "dog", "barks", "and", "the", "old", "dog", "barks", "at", "noon"]


@pytest.fixture
def path(tmp_path):
    states = {"rnn.l0.h": np.random.default_rng(0).uniform(-1, 1, (20, 3)).astype("float32")}
    vocab = sorted(set(TEXT))
    tokens = [vocab.index(word) for word in TEXT * 2]
    return lstmviz.write_dump(
        tmp_path / "run.h5", states=states, tokens=tokens, vocab=vocab, lengths=[10, 10], tracks={"depth": range(20)}
    )


@pytest.fixture
def dump(path):
    return lstmviz.open_dump(path)


def labels(dump, name):
    track = dump.tracks[name]
    return [track.labels[code] if code >= 0 else None for code in track[:].tolist()]


def test_a_track_is_there_at_once_for_all_who_have_the_dump_open_and_the_dump_stays_as_it_was(path, dump):
    before, other = path.read_bytes(), lstmviz.open_dump(path)
    assert list(other.tracks) == ["depth"]
    assert other.tracks_revision == ""
    values = [None, *(["x"] * 9), *(["y"] * 10)]
    dump.add_track("mine", values)
    dump.add_track("number", np.arange(20) / 2)
    dump.add_track("topic", ["a", "b"])
    for reader in (dump, other, lstmviz.open_dump(path), pickle.loads(pickle.dumps(dump))):
        assert list(reader.tracks) == ["depth", "mine", "number", "topic"]
        assert labels(reader, "mine") == values
        assert reader.tracks["number"][3:5].tolist() == [1.5, 2.0]
        assert reader.tracks["topic"].info.per == "sequence"
        assert reader.sequences["topic"].tolist() == ["a", "b"]
        assert labels(reader, "topic") == ["a"] * 10 + ["b"] * 10
    assert path.read_bytes() == before
    assert other.tracks_revision == dump.tracks_revision != ""


def test_rename_remove_and_undo_step_by_step(dump):
    dump.add_track("a", [0] * 20)
    dump.add_track("b", [1] * 20)
    dump.rename_track("a", "c")
    dump.remove_track("b")
    assert list(dump.tracks) == ["depth", "c"]
    assert dump.undo_tracks() == "removed 'b'"
    assert dump.tracks["b"][0] == 1
    assert [dump.undo_tracks() for _ in range(3)] == ["renamed 'a' to 'c'", "added 'b'", "added 'a'"]
    assert list(dump.tracks) == ["depth"]
    with pytest.raises(lstmviz.DumpError, match=r"no change of the tracks of run\.h5 to undo"):
        dump.undo_tracks()


def test_overwriting_can_be_undone_and_what_cannot_be_undone_any_more_is_deleted(dump, path):
    for i in range(MAX_UNDO + 5):
        dump.add_track("a", [i] * 20, overwrite=True)
    assert dump.tracks["a"][0] == MAX_UNDO + 4
    assert len(list(path.with_name("run.h5.tracks").glob("*.npy"))) == MAX_UNDO + 1
    for _ in range(MAX_UNDO):
        dump.undo_tracks()
    assert dump.tracks["a"][0] == 4


@pytest.mark.parametrize(
    ("name", "values", "error", "words"),
    [
        ("depth", [0] * 20, lstmviz.DumpExists, "was recorded with a track 'depth'"),
        ("there", [0] * 20, lstmviz.DumpExists, "has a track 'there' already"),
        ("", [0] * 20, lstmviz.InputError, "track name '' cannot be stored"),
        ("a\nb", [0] * 20, lstmviz.InputError, "no control characters"),
        ("x" * 201, [0] * 20, lstmviz.InputError, "1 to 200 characters"),
        ("start", [0, 1], lstmviz.InputError, "cannot be named 'start'"),
        (
            "x",
            [0] * 19,
            lstmviz.InputError,
            "has 19 values; give one for each of the 20 steps, or one for each of the 2",
        ),
        ("x", [[0] * 10, [0] * 9], lstmviz.InputError, "sequence 1 has 9 values and 10 steps"),
        ("x", ["a", 1] * 10, lstmviz.InputError, "holds 1 among text"),
        ("x", np.zeros(20, complex), lstmviz.InputError, "complex"),
        ("x", None, lstmviz.InputError, "nothing is given for track 'x'"),
    ],
)
def test_what_cannot_be_added_is_refused_in_a_line_and_changes_nothing(dump, name, values, error, words):
    dump.add_track("there", [1] * 20)
    with pytest.raises(error, match=words):
        dump.add_track(name, values)
    assert list(dump.tracks) == ["depth", "there"]


def test_recorded_tracks_are_neither_renamed_nor_removed(dump):
    for change in (lambda: dump.remove_track("depth"), lambda: dump.rename_track("depth", "x")):
        with pytest.raises(lstmviz.UnknownName, match=r"'depth' was recorded, not added in run\.h5; added: none"):
            change()
    dump.add_track("a", [0] * 20)
    with pytest.raises(lstmviz.DumpExists, match="was recorded with a track 'depth'"):
        dump.rename_track("a", "depth")


def test_tracks_of_a_recording_that_was_there_before_are_set_aside_not_lost(dump, path):
    dump.add_track("a", [0] * 20)
    lstmviz.write_dump(path, states={"rnn.l0.h": np.zeros((20, 1), "float32")}, overwrite=True)
    new = lstmviz.open_dump(path)
    with pytest.warns(UserWarning, match="has the tracks of another recording"):
        assert list(new.tracks) == []
    new.add_track("b", [1] * 20)
    assert list(new.tracks) == list(lstmviz.open_dump(path).tracks) == ["b"]
    assert (path.with_name("run.h5.tracks.1") / "tracks.json").read_text().count('"a"')


def test_inspect_and_doctor_read_added_tracks_and_tell_what_is_wrong_with_them(dump, path):
    dump.add_track("kind", ["a", "b"] * 10)
    dump.add_track("topic", [1, 2])
    for command in ("inspect", "doctor"):
        done = run(command, path)
        assert done.exit_code == 0, done.output
        assert "kind" in done.output
    for values in path.with_name("run.h5.tracks").glob("*.npy"):
        values.write_bytes(values.read_bytes()[:-1] + b"\x07")
    _values_offset.cache_clear()
    for command in ("inspect", "doctor"):
        done = run(command, path)
        assert done.exit_code != 0
        assert "is damaged: it is not what was written" in " ".join(done.output.split()), command


def test_there_is_a_most(dump, monkeypatch):
    monkeypatch.setattr("lstmviz.dump.change_tracks.MAX_TRACKS", 2)
    for name in "ab":
        dump.add_track(name, [0] * 20)
    with pytest.raises(lstmviz.DumpError, match="has 2 added tracks, the most there can be"):
        dump.add_track("c", [0] * 20)
    assert MAX_TRACKS >= 100


def test_missing_values_labels_of_any_script_and_lone_surrogates_come_back(dump):
    dump.add_track("n", [np.nan] * 19 + [2.5])
    dump.add_track("odd", ["é\u202e", "<b>", "\ud800", "日本"] * 5)
    assert np.isnan(dump.tracks["n"][:19]).all()
    assert set(labels(dump, "odd")) == {"é\u202e", "<b>", "\\ud800", "日本"}


def test_nothing_is_written_through_a_link(dump, path, tmp_path):
    target = tmp_path / "elsewhere"
    target.mkdir()
    path.with_name("run.h5.tracks").symlink_to(target)
    with pytest.raises(lstmviz.DumpError, match="is a link; nothing is written through it"):
        dump.add_track("a", [0] * 20)
    assert not list(target.iterdir())


def test_a_linked_list_is_replaced_not_followed_and_never_read(dump, path, tmp_path):
    dump.add_track("a", [0] * 20)
    folder = path.with_name("run.h5.tracks")
    moved, said = tmp_path / "moved.json", (folder / "tracks.json").read_text()
    (folder / "tracks.json").rename(moved)
    (folder / "tracks.json").symlink_to(moved)
    with pytest.warns(UserWarning, match="added tracks are left out"):
        assert list(lstmviz.open_dump(path).tracks) == ["depth"]
    with pytest.raises(lstmviz.DumpError, match="cannot be read"):
        dump.add_track("b", [0] * 20)
    assert moved.read_text() == said


def damaged(path):
    """Each way in which the files beside a dump can be wrong: a name, and what to do to the folder."""
    folder = path.with_name("run.h5.tracks")
    (values,) = folder.glob("*.npy")
    (about,) = folder.glob("????????????????????????????????.json")
    listed, said = json.loads((folder / "tracks.json").read_text()), json.loads(about.read_text())

    def put(file, **changes):
        file.write_text(json.dumps({**(listed if file.name == "tracks.json" else said), **changes}))

    return {
        "no JSON": lambda: (folder / "tracks.json").write_text("{"),
        "another dump's": lambda: put(folder / "tracks.json", dump="0" * 32),
        "newer": lambda: put(folder / "tracks.json", version=2),
        "a path for an id": lambda: put(folder / "tracks.json", tracks=[{"name": "a", "id": "../../../etc/passwd"}]),
        "a name twice": lambda: put(folder / "tracks.json", tracks=listed["tracks"] * 2),
        "no such axis": lambda: put(about, axis="other"),
        "too few values": lambda: put(about, n_values=19),
        "a dtype that is none": lambda: put(about, dtype="O"),
        "a field more": lambda: put(about, more=1),
        "no values": values.unlink,
        "cut short": lambda: values.write_bytes(values.read_bytes()[:-4]),
        "a bit flipped": lambda: values.write_bytes(values.read_bytes()[:-1] + b"\x07"),
        "a pickle": lambda: values.write_bytes(b"\x93NUMPY\x01\x00\x10\x00{'descr': '|O', }"),
        "another type": lambda: np.save(values, np.ones(20, "f8")),
    }


def test_damaged_files_never_bring_the_dump_down(dump, path):
    dump.add_track("a", [0] * 20)
    folder = path.with_name("run.h5.tracks")
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept)
    for what in damaged(path):
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        damaged(path)[what]()

        _values_offset.cache_clear()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            opened = lstmviz.open_dump(path)
            assert opened.tracks["depth"][3] == 3, what
            with pytest.raises((lstmviz.DumpError, KeyError)) as refused:
                opened.tracks["a"][:]
            assert "\n" not in str(refused.value), what
        assert len(said) <= 1, what


def test_two_writers_both_get_what_they_wrote(path):
    def write(who):
        mine = lstmviz.open_dump(path)
        for i in range(8):
            mine.add_track(f"{who}{i}", [i] * 20)
            paint(mine, "both", mine.first.name, [(ord(who) - ord("a"), ord(who) - ord("a") + 1)], who)

    writers = [threading.Thread(target=write, args=(who,)) for who in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    dump = lstmviz.open_dump(path)
    assert {f"{who}{i}" for who in "abc" for i in range(8)} <= set(dump.tracks)
    assert labels(dump, "both")[:4] == ["a", "b", "c", None]


def test_painting_keeps_what_was_painted_and_takes_labels_away(dump):
    axis = dump.first.name
    paint(dump, "who", axis, [(0, 3), (10, 12)], "subject")
    paint(dump, "who", axis, [(2, 4)], "verb")
    paint(dump, "who", axis, [(0, 1)], None)
    assert labels(dump, "who")[:5] == [None, "subject", "verb", "verb", None]
    assert labels(dump, "who")[10:13] == ["subject", "subject", None]
    for spans in ([(3, 3)], [(-1, 2)], [(19, 21)]):
        with pytest.raises(lstmviz.InputError, match="empty or outside the 20 steps"):
            paint(dump, "who", axis, spans, "x")
    dump.add_track("n", [0] * 20)
    with pytest.raises(lstmviz.InputError, match="cannot be painted"):
        paint(dump, "n", axis, [(0, 1)], "x")


def test_a_text_in_memory_takes_no_track(parens):
    typed = parens.rerun("0(1)0")
    with pytest.raises(lstmviz.InputError, match="is no file, so no track can be added"):
        typed.add_track("a", [0] * typed.n_steps)


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    made = Zygote(faults.build(tmp_path_factory.mktemp("shim")))
    yield made
    made.close()


EXPECTED = {
    "regex": (NAME, lambda track: [track.labels[c] for c in track[:4].tolist()] == ["other", "dog", "dog", "other"]),
    "painted": ("kept", lambda track: [track.labels[c] for c in track[2:5].tolist()] == ["subject"] * 3),
    "tagger": (NAME, lambda track: [track.labels[c] for c in track[:2].tolist()] == ["determiner", "noun"]),
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_kill_at_any_write_leaves_the_tracks_before_or_the_tracks_after(path, tmp_path, zygote, kind):
    lstmviz.open_dump(path).add_track("kept", ["old"] * 20)
    name, is_whole = EXPECTED[kind]

    def copied(number):
        folder = tmp_path / f"{kind}{number}" / "disk"
        folder.mkdir(parents=True)
        shutil.copy(path, folder / "run.h5")
        shutil.copytree(path.with_name("run.h5.tracks"), folder / "run.h5.tracks")
        return folder / "run.h5"

    whole = copied(0)
    code, n_calls = zygote.run(whole, kind, "count")
    assert code == 0
    assert n_calls > 8
    assert is_whole(lstmviz.open_dump(whole).tracks[name])
    n_after = 0
    for at in some_of(range(1, n_calls + 1), 5):
        place = copied(at)
        server = lstmviz.open_dump(place)  # has it open all the while
        assert server.tracks["kept"].labels == ("old",)
        code, _ = zygote.run(place, kind, "kill", at)
        assert code in (-9, 0), at
        for reader in (server, lstmviz.open_dump(place)):
            if reader.tracks_revision != lstmviz.open_dump(path).tracks_revision:
                assert is_whole(reader.tracks[name]), at
                n_after += 1
            else:
                assert list(reader.tracks) == ["depth", "kept"], at
                assert labels(reader, "kept") == ["old"] * 20, at
        server.add_track("again", [1] * 20)
        assert lstmviz.open_dump(place).tracks["again"][5] == 1
        left = {p.name for p in place.with_name("run.h5.tracks").iterdir()} - {"lock", "tracks.json"}
        assert len(left) % 2 == 0, left
        assert not [p for p in left if p.endswith(".tmp")], at
    assert n_after
