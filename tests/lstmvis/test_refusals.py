"""What is wrong in an LSTMVis project is said file by file, all of it at once; a hostile one reads nothing else."""

from __future__ import annotations

import subprocess
import sys

import h5py
import numpy as np
import pytest
import yaml

import lstmviz
from lstmviz.dump import safe
from lstmviz.errors import DumpError, LstmvizError, ProjectError
from lstmviz.lstmvis import Options, config, dictionary, import_project, open_project, project_files
from lstmviz.system import cache
from support.commands import run
from support.lstmvis_project import N_STEPS, metas, metas_by_word_id, plain, word_vectors, write


@pytest.fixture(autouse=True)
def user_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(cache.platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)


@pytest.fixture
def project(tmp_path):
    return plain(tmp_path / "project")


def problems(project, **options):
    project.write()
    return problems_in(project.folder, **options)


def problems_in(folder, **options):
    with pytest.raises(ProjectError) as caught:
        open_project(folder, Options(**options))
    lines = caught.value.problems
    assert "\n".join(lines) == str(caught.value)
    assert all(line and line.isprintable() and len(line) < 700 for line in lines)
    return lines


def set_at(mapping, path, value):
    *parents, last = path.split("/")
    for key in parents:
        mapping = mapping[int(key)] if isinstance(mapping, list) else mapping.setdefault(key, {})
    if value is None:
        del mapping[last]
    else:
        mapping[last] = value


CONFIG_FAULTS = [
    ("files", None, ["no section 'files'; it has name, description, word_sequence, states. Add it"]),
    ("files", ["a"], ["files is a list; give a mapping"]),
    ("files/states", 3, ["files: 'states' is a number, not a file's name"]),
    ("word_sequence", None, ["no section 'word_sequence'"]),
    (
        "word_sequence/file",
        "trian",
        ["word_sequence names file 'trian', and files has states, train, words; write one"],
    ),
    ("word_sequence/file", None, ["word_sequence names no file; give one of files: states, train, words"]),
    ("word_sequence/path", None, ["word_sequence: no path; give one"]),
    ("word_sequence/path", ["x"], ["word_sequence: path is a list; give a short text"]),
    ("word_sequence/dict_file", "wrds", ["word_sequence names dict_file 'wrds'"]),
    ("states", None, ["no section 'states'"]),
    ("states/types", None, ["states: types is nothing; give a list of"]),
    ("states/types", [], ["states: types is a list; give a list of {type: state"]),
    ("states/types", ["states1"], ["states: types: entry 1 is a text"]),
    ("states/file", None, ["states: types: entry 1 names no file"]),
    ("states/types/0/path", None, ["states: types: entry 1: no path"]),
    ("states/types/0/file", "x", ["states: types: entry 1 names file 'x'"]),
    ("meta", ["pos"], ["meta is a list"]),
    ("meta/pos", "x", ["meta: 'pos' is a text; give file, path and vis"]),
    ("meta/pos", {"file": "train", "path": "words", "dict": "y"}, ["meta: 'pos' names dict 'y'"]),
    ("meta/pos", {"file": "train", "path": "words", "index": "words"}, ["index is 'words'; use self"]),
    ("word_embedding", {"file": "train"}, ["word_embedding: no path"]),
    ("lstmviz", {"sources": []}, ["lstmviz: sources is a list"]),
    ("name", {"a": 1}, ["name is a mapping; give a short text"]),
    ("name", "x" * 3000, ["name is a text; give a short text"]),
]


@pytest.mark.parametrize(("path", "value", "words"), CONFIG_FAULTS)
def test_what_is_wrong_in_the_configuration(project, path, value, words):
    set_at(project.config, path, value)
    found = problems(project)
    for text in words:
        assert any(line.startswith("lstm.yml: ") and text in line for line in found), found


def test_everything_wrong_is_told_at_once_file_by_file(project):
    metas(project)
    project.config["states"]["types"] += [
        {"path": "states2", "type": "state", "layer": 2},
        {"path": "p", "file": "nowhere"},
    ]
    project.config["files"]["lost"] = "lost.h5"
    project.config["word_embedding"] = {"file": "lost", "path": "x"}
    project.arrays["pos.h5"]["pos"][11] = 9
    project.dictionaries["words.dict"] = b"<s> 1\nthe\n4\nthe four\n\nx -5\n" + b"la\n" * 20
    found = problems(project)
    assert found[0].startswith(
        "lstm.yml: states: types: entry 3 names file 'nowhere', and files has states, train, words"
    )
    assert (
        "lost.h5 is not there; the folder has lstm.yml, pos.h5, pos.txt, states.hdf5, train.hdf5, words.dict" in found
    )
    assert "states.hdf5 has no data set 'states2'; it has 'states1'" in found
    assert "pos.h5: 'pos' has id 9 at step 11, and pos.txt has no word for it; add a line such as '<unk> 9'" in found
    broken = [line for line in found if line.startswith("words.dict")]
    assert broken[0] == "words.dict: line 2 ends in 'the', which is not an id; write a word, a space and its id"
    assert broken[1] == "words.dict: line 3 holds '4' alone; write a word, a space and its id"
    assert broken[2].startswith("words.dict: line 4 ends in 'four'")
    assert broken[3].startswith("words.dict: line 6 ends in '-5'")
    assert (len(broken), broken[-1]) == (11, "words.dict: 14 more like these")
    names = [line.split(":")[0].split(" ")[0] for line in found]
    assert [n for i, n in enumerate(names) if n not in names[:i]] == list(dict.fromkeys(names))


def test_lengths_that_disagree_name_the_first_step(project):
    project.arrays["states.hdf5"]["states2"] = np.zeros((70, 2), "f4")
    project.config["states"]["types"].append({"type": "state", "layer": 2, "path": "states2"})
    (line,) = problems(project)
    assert line == (
        "states.hdf5: 'states2' has 70 steps and 'states1' in states.hdf5 80; step 70 is the first where they disagree."
        " Make them agree, or import with --steps 70"
    )
    assert lstmviz.open_dump(open_project(project.folder, Options(steps=70)).path).n_steps == 70
    found = problems(project, steps=75)
    assert found == ["states.hdf5: 'states2' has 70 steps and 75 are asked for; ask for fewer"]


def test_transposed_states_are_called_so_and_read_with_transpose(project):
    wanted = project.arrays["states.hdf5"]["states1"]
    project.arrays["states.hdf5"]["states1"] = wanted.T
    assert problems(project) == [
        "states.hdf5: 'states1' has shape (6, 80) and there are 80 words: it is transposed, units by steps."
        " Read it with: lstmviz import-lstmvis FOLDER --transpose"
    ]
    dump = lstmviz.open_dump(open_project(project.folder, Options(is_transposed=True)).path)
    np.testing.assert_array_equal(dump.states("layer1.state")[:], wanted)
    done = run("import-lstmvis", project.folder, "--transpose", "--out", project.folder / "out.h5")
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(lstmviz.open_dump(project.folder / "out.h5").states("layer1.state")[:], wanted)


@pytest.mark.parametrize(
    ("file", "path", "values", "words"),
    [
        ("states.hdf5", "states1", np.zeros((N_STEPS, 2), "S3"), "'states1' holds |S3, not numbers"),
        ("states.hdf5", "states1", np.zeros((N_STEPS, 2), "c8"), "of type complex64; only integers"),
        ("states.hdf5", "states1", np.zeros((N_STEPS, 2), np.longdouble), "float128, not numbers"),
        ("states.hdf5", "states1", np.zeros(N_STEPS), "'states1' has shape (80,); it needs (n_steps, n_units)"),
        ("states.hdf5", "states1", np.zeros((8, 10, 3)), "'states1' has shape (8, 10, 3); it needs (n_steps, n_units)"),
        ("states.hdf5", "states1", np.zeros((0, 3)), "'states1' has shape (0, 3)"),
        ("states.hdf5", "states1/x", np.zeros((3, 3)), "has a group at 'states1', not a data set; it has 'states1/x'"),
        (
            "train.hdf5",
            "words",
            np.zeros((N_STEPS, 2), int),
            "'words' has shape (80, 2); it needs (n_steps,), one word id",
        ),
        (
            "train.hdf5",
            "words",
            np.full(N_STEPS, 2.5),
            "'words' has 2.5 at step 0, which is not an id; ids count from 0",
        ),
        ("train.hdf5", "words", np.append(np.ones(79), np.nan), "'words' has nan at step 79, which is not an id"),
        ("train.hdf5", "words", np.full(N_STEPS, -1), "'words' has -1 at step 0, which is not an id"),
        ("train.hdf5", "words", np.full(N_STEPS, 2**40), "which is not an id"),
        (
            "train.hdf5",
            "words",
            np.append(np.ones(79, int), 8),
            "'words' has id 8 at step 79, and words.dict has no word",
        ),
        ("train.hdf5", "wrods", np.ones(N_STEPS, int), "train.hdf5 has no data set 'words'; it has 'wrods'"),
    ],
)
def test_what_is_wrong_with_an_array(project, file, path, values, words):
    project.arrays[file] = {path: values}
    (line,) = problems(project)
    assert line.startswith(file)
    assert words in line


def test_what_is_wrong_with_annotations(tmp_path):
    project = plain(tmp_path / "by id")
    metas_by_word_id(project)
    arrays = project.arrays["by_id.h5"]
    arrays["frequency"], arrays["kind"], arrays["weights"] = (
        arrays["frequency"][:6],
        arrays["kind"] + 9,
        arrays["weights"][:3],
    )
    found = problems(project)
    assert all(line.startswith("by_id.h5: ") for line in found)
    assert "'frequency' has 6 rows and none for id" in found[1]
    assert "kinds.dict has no word for it" in found[2]
    assert "'weights' has shape (3, 2) and its words (8, 2)" in found[0]
    project = plain(tmp_path / "vectors")
    word_vectors(project)
    project.arrays["top.hdf5"]["preds"][7, 2] = 77
    (line,) = problems(project)
    assert line.startswith("top.hdf5: 'preds' has id 77 at step 7, and words.dict has no word for it")


def test_what_is_wrong_with_a_dictionary(project, monkeypatch):
    for data, words in (
        (b"", "words.dict: holds no entry"),
        (b"a 1\n \t \n", "line 2 holds only white space"),
        (b"a 99999999\n", "line 1 has id 99999999, and ids up to 16777215 are read"),
        (b"a " + b"9" * 5000, "line 1 has id 999999999999"),
    ):
        project.dictionaries["words.dict"] = data
        assert any(words in line for line in problems(project))
    monkeypatch.setattr(dictionary, "MAX_BYTES", 10)
    project.dictionaries["words.dict"] = b"a 1\n" * 10
    assert problems(project) == ["words.dict: is larger than 10 bytes; a dictionary holds one line a word"]


def test_files_that_are_no_hdf5_are_damaged_or_too_large_for_a_table(project, monkeypatch):
    project.write()
    whole = (project.folder / "states.hdf5").read_bytes()
    for data, words in (
        (b"", "is not an HDF5 file"),
        (b"text", "is not an HDF5 file"),
        (whole[:900], "truncated or damaged"),
    ):
        (project.folder / "states.hdf5").write_bytes(data)
        (line,) = problems_in(project.folder)
        assert line.startswith("states.hdf5 ")
        assert words in line
    (project.folder / "states.hdf5").unlink()
    (project.folder / "states.hdf5").mkdir()
    assert problems_in(project.folder) == ["states.hdf5 is not a file; give one"]
    (project.folder / "states.hdf5").rmdir()
    metas_by_word_id(project)
    monkeypatch.setattr(project_files, "MAX_TABLE_BYTES", 40)
    assert any("a table by id may have 40" in line for line in problems(project))


def test_a_damaged_block_is_told_and_leaves_no_file(project, tmp_path):
    project.write()
    with h5py.File(project.folder / "states.hdf5", "w") as file:
        data = np.random.default_rng(0).normal(size=(N_STEPS, 6)).astype("f4")
        file.create_dataset("states1", data=data, chunks=(8, 6), fletcher32=True)
        offset = file["states1"].id.get_chunk_info(3).byte_offset
    with (project.folder / "states.hdf5").open("r+b") as file:
        file.seek(offset + 5)
        file.write(b"spoiled")
    with pytest.raises(DumpError, match=r"states1' cannot be read .*; make or copy it again"):
        import_project(project.folder, tmp_path / "made.h5")
    assert not list(tmp_path.glob("*.h5")) + list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "lstm.yml is not YAML"),
        ("", "lstm.yml holds nothing, not a mapping of name"),
        ("- a", "lstm.yml holds a list"),
        ("!!python/object/apply:os.system ['touch hacked']", "lstm.yml is not YAML"),
        ("a: " + "[" * 5000, "lstm.yml is not YAML"),
        ("layer: " + "9" * 6000, "lstm.yml is not YAML"),
        ("x" * 300_000, "lstm.yml is larger than 262144 bytes"),
        ("name: \x00", "lstm.yml is not YAML"),
    ],
)
def test_a_hostile_configuration_is_refused(tmp_path, text, words, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lstm.yml").write_text(text)
    (line,) = problems_in(tmp_path)
    assert line.startswith(words)
    assert not (tmp_path / "hacked").exists()


def test_aliases_are_refused(project):
    """Nine levels of ten aliases each: ten billion items, were they read or written into a message."""
    bomb = "\n".join(f"b{i}: &b{i} [{', '.join(f'*b{i - 1}' for _ in range(10))}]" for i in range(1, 10))
    project.write()
    text = yaml.safe_dump(project.config).replace("path: words", "path: *b9")
    (project.folder / "lstm.yml").write_text(f"b0: &b0 [x]\n{bomb}\n{text}")
    (line,) = problems_in(project.folder)
    assert "it has an alias; write it out" in line
    text = yaml.safe_dump(project.config).replace("types:", "types: &all", 1)
    (project.folder / "lstm.yml").write_text(text + "meta: {" + ", ".join(f"a{i}: *all" for i in range(1_000)) + "}\n")
    (line,) = problems_in(project.folder)
    assert "it has an alias; write it out" in line


def test_a_configuration_of_thousands_of_entries_is_refused(project):
    project.config["states"]["types"] = [dict(t) for t in project.config["states"]["types"] * 600]
    assert any("entries; a project has at most 500" in line for line in problems(project))


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../secret.h5",
        "sub/../../secret.h5",
        "C:\\secret.h5",
        "..\\secret.h5",
        "link.h5",
        "linked/secret.h5",
        "a\0b",
    ],
)
def test_no_file_outside_the_folder_is_read(project, tmp_path, name):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["states1"] = np.zeros((N_STEPS, 6))
    project.config["files"]["states"] = name
    project.write()
    (project.folder / "sub").mkdir()
    (project.folder / "link.h5").symlink_to(tmp_path / "secret.h5")
    (project.folder / "linked").symlink_to(tmp_path)
    (line,) = problems_in(project.folder)
    assert ("is not text" if "\0" in name else "lies outside the project's folder") in line


def test_a_link_inside_the_folder_is_followed(project):
    project.write()
    (project.folder / "states.hdf5").rename(project.folder / "real.hdf5")
    (project.folder / "states.hdf5").symlink_to("real.hdf5")
    assert lstmviz.open_dump(open_project(project.folder).path).n_steps == N_STEPS
    (project.folder / "states.hdf5").unlink()
    (project.folder / "states.hdf5").symlink_to("states.hdf5")
    assert "is not there" in problems_in(project.folder)[0]


def test_a_configuration_that_is_a_link_out_is_refused(project, tmp_path):
    project.write()
    (project.folder / "lstm.yml").rename(tmp_path / "lstm.yml")
    (project.folder / "lstm.yml").symlink_to(tmp_path / "lstm.yml")
    assert "lies outside" in problems_in(project.folder)[0]


def test_hdf5_that_would_read_another_file_is_refused(project, tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 10_000)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["states1"] = np.zeros((N_STEPS, 6))
    project.write()

    def external(file):
        file.create_dataset("states1", (N_STEPS, 6), "f4", external=[(str(secret), 0, N_STEPS * 24)])

    def virtual(file):
        layout = h5py.VirtualLayout((N_STEPS, 6), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "states1", (N_STEPS, 6))
        file.create_virtual_dataset("states1", layout)

    def external_link(file):
        file["states1"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "states1")

    def soft_link(file):
        file["real"], file["states1"] = np.zeros((N_STEPS, 6)), h5py.SoftLink("/real")

    def bomb(file):
        file.create_dataset("states1", (10**9, 6), "f4", chunks=(10**6, 6), compression="gzip")

    def never_written(file):
        file.create_dataset("states1", (10**9, 6), "f4")

    def any_text(file):
        file["states1"] = np.array([["x"] * 6] * N_STEPS, dtype=h5py.string_dtype())

    for spoil, words in (
        (external, "in another file (external or virtual)"),
        (virtual, "in another file (external or virtual)"),
        (external_link, "has a ExternalLink at 'states1'"),
        (soft_link, "has a SoftLink at 'states1'"),
        (bomb, "none are stored"),
        (never_written, "none are stored"),
        (any_text, "only integers, floats and bytes are read"),
    ):
        with h5py.File(project.folder / "states.hdf5", "w") as file:
            spoil(file)
        (line,) = problems_in(project.folder)
        assert line.startswith("states.hdf5 ")
        assert words in line, spoil


def test_paths_in_hdf5_that_lead_nowhere(project):
    project.write()
    with h5py.File(project.folder / "states.hdf5", "a") as file:
        file["group/deep/more"] = [1]
    for path in ("/", ".", "..", "./states1", "states1/x", "group", "x" * 200, "group//deep"):
        project.config["states"]["types"][0]["path"] = path
        (project.folder / "lstm.yml").write_text(yaml.safe_dump(project.config))
        (line,) = problems_in(project.folder)
        assert "it has 'states1', 'group/deep/more'" in line


def test_names_that_a_dump_cannot_hold_are_mended(project):
    metas(project)
    project.config["meta"] = {"a/b\n": project.config["meta"]["mood"], "a_b_": project.config["meta"]["tag id"]}
    project.config["states"]["types"][0] |= {"type": "x/y", "layer": "z" * 400}
    dump = lstmviz.open_dump(open_project(project.write().folder).path)
    assert list(dump.tracks) == ["a/b_", "a_b_"]
    assert [len(name) for name in dump.sources] == [200]


def test_an_exports_own_section_is_checked(tmp_path):
    folder = tmp_path / "exported"
    dump = lstmviz.open_dump(open_project(write(tmp_path / "project", "several_states").folder).path)
    from lstmviz.lstmvis import export_project

    export_project(dump, folder)
    text = yaml.safe_load((folder / "lstm.yml").read_text("utf-8"))
    with h5py.File(folder / "lstmviz.hdf5", "a") as file:
        file["bad/stop"], file["bad/empty"] = [3, 2, N_STEPS], np.zeros((0,), "i8")
        file["bad/bytes"], file["bad/offsets"] = np.zeros(3, "u1"), [0, 9]
    text["lstmviz"]["sequences"]["path"] = "bad/stop"
    text["lstmviz"]["strings"] = {"words_dict": {"file": "lstmviz", "path": "bad"}}
    text["lstmviz"]["sources"] = dict.fromkeys(text["lstmviz"]["sources"], "same")
    (folder / "lstm.yml").write_text(yaml.safe_dump(text))
    found = problems_in(folder)
    assert any("are not ends of sequences" in line for line in found)
    assert any("offsets of a string table do not fit" in line for line in found)
    assert any("names 'same' twice" in line for line in found)


def test_no_project_at_all(tmp_path):
    assert problems_in(tmp_path) == ["lstm.yml is not there; the folder has no file"]
    with pytest.raises(LstmvizError, match="no folder"):
        open_project(tmp_path / "none")
    assert config.MAX_CONFIG_BYTES < safe.MAX_CHUNK_BYTES


def test_import_and_export_on_the_command_line(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project.write()
    answer = run("import-lstmvis", project.folder)
    assert (answer.exit_code, answer.stdout) == (0, "wrote project.h5\n")
    assert "note: layer1.state: values reach" in answer.stderr
    answer = run("import-lstmvis", project.folder, "--out", "raw.h5", "--view", "layer1.state=raw", "--steps", 9)
    dump = lstmviz.open_dump("raw.h5")
    assert (answer.exit_code, dump.n_steps, dump.source("layer1.state").view) == (0, 9, "raw")
    answer = run("export-lstmvis", "project.h5", "back")
    assert (answer.exit_code, answer.stdout) == (0, "wrote back\n")
    assert run("import-lstmvis", "back", "--out", "again.h5").exit_code == 0
    np.testing.assert_array_equal(
        lstmviz.open_dump("again.h5").states("layer1.state")[:],
        lstmviz.open_dump("project.h5").states("layer1.state")[:],
    )
    for arguments, words in (
        (["import-lstmvis", project.folder], "project.h5 is already there"),
        (["import-lstmvis", project.folder, "--overwrite", "--view", "blue"], "--view 'blue' is not a view"),
        (["export-lstmvis", "project.h5", "back"], "give a new folder"),
        (["export-lstmvis", "none.h5", "back2"], "no file at none.h5"),
    ):
        answer = run(*arguments)
        assert answer.exit_code == 1
        assert answer.stderr.startswith("lstmviz: ")
        assert words in answer.stderr


def test_the_command_line_prints_a_line_a_fault(project):
    project.arrays["train.hdf5"]["words"][:] = 9
    project.config["states"]["types"].append({"path": "x"})
    project.write()
    for command in ("import-lstmvis", "serve"):
        done = subprocess.run(
            [sys.executable, "-m", "lstmviz.cli", command, str(project.folder)], capture_output=True, text=True
        )
        assert (done.returncode, done.stdout) == (1, "")
        first, second = done.stderr.splitlines()
        assert first == "lstmviz: states.hdf5 has no data set 'x'; it has 'states1'"
        assert second.startswith("lstmviz: train.hdf5: 'words' has id 9 at step 0")


def test_a_server_from_the_environment_reads_a_project(project):
    from lstmviz.ui.serve import server_from_environment

    client = server_from_environment({"LSTMVIZ_DUMPS": str(project.write().folder)}).test_client()
    uuid = lstmviz.open_dump(open_project(project.folder).path).uuid
    about = client.get(f"/d/{uuid}/about.json").json
    assert (about["name"], about["model"]) == ("children-books", "children books")
