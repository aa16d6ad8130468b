"""What lstmviz does in a child process of its own, done in the test's process: a new interpreter each takes a second.

Tests of the children themselves, of what kills or blocks them, use the fixture ``real_children``.
"""

from __future__ import annotations

import pytest

from lstmviz.dump import trial, trial_child
from lstmviz.dump.journal import assemble as assembling
from lstmviz.dump.journal import in_subprocess
from lstmviz.errors import LstmvizError, RecordingError

REAL = (trial, "_read_in_child", trial._read_in_child), (in_subprocess, "_run", in_subprocess._run)


def none():
    """A patch, to be undone, under which no child reads or assembles."""
    patch = pytest.MonkeyPatch()
    patch.setattr(trial, "_read_in_child", _read_here)
    patch.setattr(in_subprocess, "_run", _assemble_here)
    return patch


def real(patch):
    """Have children do it again."""
    for module, name, function in REAL:
        patch.setattr(module, name, function)


def _read_here(path, called):
    trial.check_end(trial_child.read_whole(str(path)), called)


def _assemble_here(parts_dir, path, *options):
    steps = int(options[options.index("--steps") + 1]) if "--steps" in options else None
    asked = {"overwrite": "--overwrite" in options, "is_complete": "--complete" in options, "expected_steps": steps}
    try:
        if "--so-far" in options:
            report = assembling.assemble_so_far(parts_dir, path)
        else:
            report = assembling.assemble(parts_dir, path, **asked)
    except (LstmvizError, OSError, ValueError, RuntimeError) as err:
        raise RecordingError(" ".join(str(err).split())) from err
    trial.know(path)
    return report
