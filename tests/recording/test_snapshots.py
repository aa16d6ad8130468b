"""``lstmviz.Snapshots``: moments of a training, which never change the training, and survive its end."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.dump.moments import Moment, moment_of
from lstmviz.errors import InputError, RecordingError, StorageError
from support import faults
from support.budget import some_of
from support.paths import ROOT

WORDS = ["<pad>", *"abcdefg"]
TEXTS = ["abcabc", "gfe", "aaaaabbbbb", "cg"]


class Net(nn.Module):
    """A language model with everything that a run in between could disturb."""

    def __init__(self) -> None:
        super().__init__()
        self.look_up = nn.Embedding(len(WORDS), 6)
        self.rnn = nn.LSTM(6, 8, 2, batch_first=True, dropout=0.4)
        self.norm = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, len(WORDS))
        self.hidden = None

    def forward(self, ids):
        output, hidden = self.rnn(self.look_up(ids))
        self.hidden = tuple(h.detach() for h in hidden)
        return self.head(self.norm(output.transpose(1, 2)).transpose(1, 2))


def encode(text):
    return [WORDS.index(letter) for letter in text]


def made(seed=0):
    torch.manual_seed(seed)
    return Net().train()


def snapshots_of(model, folder, **more):
    return lstmviz.Snapshots(model, folder, texts=TEXTS, encode=encode, vocab=WORDS, **more)


def train(folder, takes):
    """Twelve updates by draws of all three generators; the weights at the end, and what the last batch left behind."""
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    model = made()
    snapshots = snapshots_of(model, folder) if takes else None
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    for update in range(12):
        if snapshots is not None and update % 3 == 0:
            snapshots.take(update, loss=1 / (1 + update))
        ids = torch.randint(1, len(WORDS), (4, 5)) + int(np.random.randint(2)) * 0
        ids[0, 0] = random.randint(1, 5)
        with torch.autocast("cpu", torch.bfloat16):
            loss = nn.functional.cross_entropy(model(ids).flatten(0, 1).float(), ids.flatten())
            if snapshots is not None and update == 7:  # between a run and its gradients, under autocast
                snapshots.take(update)
                assert torch.is_autocast_enabled("cpu")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model, snapshots


def test_a_training_with_moments_is_bit_for_bit_the_one_without(tmp_path):
    alone, _ = train(tmp_path / "alone", takes=False)
    drawn = torch.rand(1), np.random.rand(), random.random()
    beside, snapshots = train(tmp_path / "moments", takes=True)
    assert (torch.rand(1), np.random.rand(), random.random()) == drawn
    assert snapshots.updates == (0, 3, 6, 7, 9)
    assert beside.training
    assert beside.rnn.training
    for name, value in alone.state_dict().items():
        assert torch.equal(value, beside.state_dict()[name]), name
    for (name, one), (_, other) in zip(alone.named_parameters(), beside.named_parameters(), strict=True):
        assert torch.equal(one.grad, other.grad), name
    assert all(torch.equal(one, other) for one, other in zip(alone.hidden, beside.hidden, strict=True))


def test_a_moment_is_a_recording_of_the_probe_with_its_predictions(tmp_path):
    model, snapshots = train(tmp_path / "moments", takes=True)
    path = snapshots.take(12, loss=torch.tensor(0.25))
    assert path == tmp_path / "moments" / "update-00000012.h5"
    recorded = lstmviz.open_dump(
        lstmviz.record_corpus(model, TEXTS, encode=encode, vocab=WORDS, path=tmp_path / "one.h5", top_k=3)
    )
    taken = lstmviz.open_dump(path)
    assert taken.tokens[:] == recorded.tokens[:]
    assert list(taken.sources) == list(recorded.sources)
    for name in recorded.sources:
        np.testing.assert_array_equal(taken.states(name)[:], recorded.states(name)[:])
    assert list(taken.tracks) == list(recorded.tracks)
    assert "loss" in taken.tracks
    np.testing.assert_array_equal(taken.tracks["loss"][:], recorded.tracks["loss"][:])
    moment = moment_of(taken.provenance)
    assert (moment.update, moment.loss, moment.words) == (12, 0.25, "update 12")
    assert taken.provenance["complete"] is True


def test_a_folder_goes_on_with_the_same_probe_and_no_other(tmp_path):
    model, _ = train(tmp_path / "moments", takes=True)
    snapshots = snapshots_of(model, tmp_path / "moments")
    assert snapshots.updates == (0, 3, 6, 7, 9)
    before = lstmviz.open_dump(tmp_path / "moments" / "update-00000009.h5").uuid
    path = snapshots.take(9, loss=float("nan"))
    assert snapshots.updates == (0, 3, 6, 7, 9)
    assert lstmviz.open_dump(path).uuid != before
    assert moment_of(lstmviz.open_dump(path).provenance).loss is None
    for other in ({"texts": TEXTS[1:]}, {"vocab": WORDS[::-1]}):
        asked = {"texts": TEXTS, "encode": encode, "vocab": WORDS} | other
        with pytest.raises(InputError, match="a moment of another text or vocabulary; give the same texts="):
            lstmviz.Snapshots(model, tmp_path / "moments", **asked)
    with pytest.raises(RecordingError, match=r"rnn\.l1\.h has no units now and 8 in .*update-00000000\.h5"):
        snapshots_of(model, tmp_path / "moments", layers="rnn.l0").take(10)
    assert snapshots_of(model, tmp_path / "moments").updates == (0, 3, 6, 7, 9)


def test_what_lies_in_the_folder_besides_is_left_alone(tmp_path):
    (tmp_path / "notes.h5").write_bytes(b"no dump")
    lstmviz.record_corpus(made(), TEXTS, encode=encode, vocab=WORDS, path=tmp_path / "own.h5")
    snapshots = snapshots_of(made(), tmp_path)
    assert snapshots.updates == ()
    snapshots.take(1)
    assert {p.name for p in tmp_path.iterdir()} == {"notes.h5", "own.h5", "update-00000001.h5", ".lock"}


@pytest.mark.parametrize(
    "batches",
    [
        [torch.tensor([encode("abcabc"), encode("gfeabc")])],
        [np.array([encode("abcabc"), encode("gfeabc")])],
        [{"tokens": torch.tensor([encode("abcabc"), encode("gfe") + [0] * 3]), "lengths": [6, 3]}],
        [{"tokens": torch.tensor([encode("abcabc"), encode("gfe") + [0] * 3]), "mask": [[1] * 6, [1, 1, 1, 0, 0, 0]]}],
    ],
)
def test_batches_of_ids_are_recorded_with_the_loss_of_the_next_token(tmp_path, batches):
    model = made()
    dump = lstmviz.open_dump(lstmviz.Snapshots(model, tmp_path / "m", batches=batches, vocab=WORDS).take(5))
    ids = torch.as_tensor(batches[0]["tokens"] if isinstance(batches[0], dict) else batches[0])
    with torch.no_grad():
        logits = model.eval()(ids)
    start = 0
    for row, stop in enumerate(dump.sequences["stop"].tolist()):
        n = stop - start
        assert dump.tokens[start:stop] == [WORDS[i] for i in ids[row, :n].tolist()]
        wanted = nn.functional.cross_entropy(logits[row, : n - 1], ids[row, 1:n], reduction="none")
        np.testing.assert_allclose(dump.tracks["loss"][start : stop - 1], wanted.numpy(), atol=1e-5)
        assert np.isnan(dump.tracks["loss"][stop - 1])
        start = stop


def test_batches_may_be_numbers_or_what_a_tokenizer_returns_run_as_the_user_says(tmp_path):
    torch.manual_seed(0)
    rnn = nn.GRU(2, 4)  # (steps, batch, features)
    numbers = {"inputs": torch.rand(3, 5, 2), "sequence_tracks": {"condition": ["left", "right", "left"]}}
    dump = lstmviz.open_dump(lstmviz.Snapshots(rnn, tmp_path / "gru", batches=[numbers], features=["x", "y"]).take(0))
    assert (dump.n_steps, list(dump.tracks)) == (15, ["x", "y", "condition"])
    wanted = rnn(numbers["inputs"].transpose(0, 1))[0].transpose(0, 1).detach().numpy()
    np.testing.assert_allclose(dump.states("gru.l0.h")[:5], wanted[0], atol=1e-3)
    model = made()
    given = {
        "input_ids": torch.tensor([encode("abc"), [*encode("de"), 0]]),
        "attention_mask": torch.tensor([[1] * 3, [1, 1, 0]]),
    }
    snapshots = lstmviz.Snapshots(
        model, tmp_path / "hf", batches=[given], vocab=WORDS, forward=lambda model, batch: model(batch["input_ids"])
    )
    dump = lstmviz.open_dump(snapshots.take(0))
    assert dump.tokens[:] == [*"abcde"]
    assert "loss" in dump.tracks


def test_a_model_without_scores_of_tokens_is_recorded_without_predictions(tmp_path):
    model = nn.Sequential(nn.Embedding(8, 3), nn.LSTM(3, 4, batch_first=True))
    dump = lstmviz.open_dump(snapshots_of(model, tmp_path).take(0))
    assert list(dump.tracks) == []


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "give either texts= and encode=, or batches="),
        ({"texts": TEXTS, "batches": []}, "give either texts= and encode=, or batches="),
        ({"texts": TEXTS}, "encode is None; give a function from a text to its ids"),
        ({"texts": "abc", "encode": encode}, "texts is one text; give a list of texts"),
        ({"texts": ["", ""], "encode": encode}, "none of the texts has a token"),
        ({"batches": torch.zeros(2, 3)}, r"batches is one Tensor; give a list of batches, such as \[ids\]"),
        ({"batches": []}, "batches is empty"),
        ({"batches": [{"x": 1}]}, "batch 0 has 'x'; give ids"),
        ({"batches": [{"lengths": [1]}]}, "batch 0 has neither tokens nor inputs"),
        ({"batches": [[[1, 2]]], "tracks": {"a": []}}, "tracks= are of texts; give those of batches in the batches"),
        ({"texts": TEXTS, "encode": encode, "overwrite": True}, "overwrite= is not for Snapshots"),
        ({"texts": TEXTS, "encode": encode, "index": True}, "index= is not for Snapshots"),
    ],
)
def test_what_does_not_fit_is_said_before_the_training(tmp_path, given, line):
    with pytest.raises(InputError, match=line):
        lstmviz.Snapshots(made(), tmp_path, **given)
    assert list(tmp_path.iterdir()) == []


def test_steps_and_losses_are_checked(tmp_path):
    snapshots = snapshots_of(made(), tmp_path)
    for step in (1.5, "3", -1, 2**60):
        with pytest.raises(InputError, match="step is"):
            snapshots.take(step)
    with pytest.raises(InputError, match=r"loss is .*; give one number"):
        snapshots.take(1, loss=torch.zeros(2))
    assert moment_of({"moment": {"update": "3", "loss": 1, "probe": "p"}}) is None
    assert moment_of({"moment": {"update": 3, "loss": "much", "probe": "p"}}) == Moment(3, None, "p")
    assert moment_of({"moment": 3}) is moment_of({}) is None


def test_a_full_disk_leaves_the_moments_and_the_training_goes_on(tmp_path, monkeypatch, capfd):
    snapshots = snapshots_of(made(), tmp_path)
    snapshots.take(0)

    def full(*_):
        raise StorageError("the disk is full")

    monkeypatch.setattr("lstmviz.dump.journal.writer.BlockWriter.append", full)
    assert snapshots.take(1) is None
    assert "the disk is full" in capfd.readouterr().err
    monkeypatch.undo()

    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("lstmviz.recording.snapshots.weights.new_file", no_room)
    assert snapshots_of(made(), tmp_path, weights=True).take(1) is None
    line = (
        f"the moment of update 1 is left out of {tmp_path}; the training goes on ([Errno 28] No space left on device)"
    )
    assert capfd.readouterr().err.splitlines()[-1] == line
    assert {p.name for p in tmp_path.iterdir()} == {"update-00000000.h5", ".lock"}
    monkeypatch.undo()
    assert snapshots.take(1) is not None
    assert snapshots.updates == (0, 1)


def test_one_process_takes_moments_at_a_time(tmp_path):
    import filelock

    snapshots = snapshots_of(made(), tmp_path)
    with filelock.FileLock(tmp_path / ".lock"), pytest.raises(RecordingError, match="another process takes a moment"):
        snapshots.take(0)


TAKER = """
import json, os, sys
sys.path[:0] = [{root!r}, {tests!r}]
import torch
import lstmviz, lstmviz.recording.recording
from recording.test_snapshots import made, snapshots_of
torch.set_num_threads(1)
for line in sys.stdin:
    folder, control = json.loads(line)
    if not (pid := os.fork()):
        os.environ["FAULTS"] = control
        try:
            snapshots_of(made(2), folder).take(2)
        finally:
            os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@pytest.fixture
def taker(tmp_path):
    """A process that has torch, and forks one that takes a moment for each line that it is given."""
    code = TAKER.format(root=str(ROOT), tests=str(ROOT / "tests"))
    environment = {**os.environ, "LD_PRELOAD": str(faults.build(tmp_path)), "FAULTS": ""}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, **pipes) as process:
        yield process
        process.stdin.close()


def test_a_training_killed_at_any_write_of_a_moment_leaves_those_before(tmp_path, taker):
    before = tmp_path / "before"
    for update in (0, 1):
        snapshots_of(made(update), before).take(update)

    def take(at, mode):
        """The folder of three moments, the third struck at a write; how its process ended, and how many it made."""
        folder, control = tmp_path / f"{mode}-{at}", tmp_path / f"{mode}-{at}.control"
        shutil.copytree(before, folder)
        control.write_bytes(faults.CONTROL.pack(0, at, faults.MODES.index(mode), os.fsencode(folder)))
        taker.stdin.write(json.dumps([str(folder), str(control)]) + "\n")
        taker.stdin.flush()
        ending = int(taker.stdout.readline())
        return folder, ending, faults.CONTROL.unpack(control.read_bytes())[0]

    whole, ending, n_writes = take(0, "count")
    assert ending == 0
    assert n_writes > 20
    wanted = {update: states_of(whole, update) for update in range(3)}
    n_killed = 0
    for at in some_of(range(1, n_writes + 1), 30):
        folder, ending, _ = take(at, "kill")
        n_killed += ending == -signal.SIGKILL
        snapshots = snapshots_of(made(2), folder)
        assert snapshots.updates in ((0, 1), (0, 1, 2))
        for update in snapshots.updates:
            np.testing.assert_array_equal(states_of(folder, update), wanted[update])
        snapshots.take(2)
        assert {p.name for p in folder.iterdir()} == {*(f"update-{n:08d}.h5" for n in range(3)), ".lock"}
    assert n_killed


def states_of(folder, update):
    return lstmviz.open_dump(folder / f"update-{update:08d}.h5").states("rnn.l1.c")[:]


def test_what_stands_in_the_way_of_a_moment_is_one_line_and_the_training_goes_on(tmp_path, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match=r"no moments can be kept in .*file \(File exists\); give another folder="):
        snapshots_of(made(), tmp_path / "file")
    snapshots = snapshots_of(made(), tmp_path)
    (tmp_path / ".lock").mkdir()
    assert snapshots.take(3) is None
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(f"the moment of update 3 is left out of {tmp_path}; the training goes on ([Errno ")
    (tmp_path / ".lock").rmdir()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "precious").touch()
    (tmp_path / ".taking").symlink_to(tmp_path / "theirs")
    (tmp_path / ".lock").symlink_to(tmp_path / "theirs" / "precious")
    assert snapshots.take(3) == tmp_path / "update-00000003.h5"
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["precious"]
