"""What several tests share: the parens sample's dump, one browser, one server."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import lstmviz
from support import browser as browsing
from support import children
from support.budget import FEWEST_EXAMPLES
from support.cards import built
from support.shards import three_shards

TESTS = Path(__file__).parent
N_WIDE = 2000  # units a layer of the wide dump
# Files of few tests that take long each. They come first, so that no worker has one alone at the end.
LONG_FILES = (
    "recording/test_faults.py",
    "page/test_samples.py",
    "explain/test_calibration.py",
    "docs/test_site.py",
    "docs/test_notebooks.py",
    "docs/test_recording.py",
    "samples/test_cards.py",
    "training/test_train.py",
)

# CI tries the same examples each time, so that it speaks of the change alone; everybody else's runs look for new ones.
settings.register_profile(
    "short",
    max_examples=FEWEST_EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("ci", settings.get_profile("short"), derandomize=True)
settings.register_profile("long", settings.get_profile("short"), max_examples=100)
settings.load_profile("ci" if os.environ.get("CI") else "short")


def pytest_configure(config):
    """Let each worker collect from another folder on, so that it finds compiled what the others began with."""
    if "PYTEST_XDIST_WORKER" in os.environ and [Path(arg).resolve() for arg in config.args] == [TESTS]:
        places = sorted(place for place in TESTS.iterdir() if place.is_dir() or place.match("test_*.py"))
        worker = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
        first = worker * len(places) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        config.args = [str(place) for place in (*places[first:], *places[:first])]


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Collect without looking for garbage, of which there is none: to look took a third of the time.

    What has been collected is never looked at again.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)  # 700 and 10 are for programs that have little memory
        gc.enable()


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: (not item.path.as_posix().endswith(LONG_FILES), item.path))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and call.when == "call":
        report.sections += [("page", told) for told in browsing.open_pages()]
    return report


@pytest.fixture(scope="session", autouse=True)
def user_cache(tmp_path_factory):
    """What lstmviz keeps for later, such as dumps of samples, lies in one new folder for all workers of the run."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_children():
    patch = children.none()
    yield
    patch.undo()


@pytest.fixture
def real_children(monkeypatch):
    children.real(monkeypatch)


@pytest.fixture(scope="module")
def one_thread():
    """Torch on one thread: for thousands of tiny products, threads only wait for each other."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def parens(tmp_path_factory):
    return lstmviz.open_dump(built("parens", None, tmp_path_factory.mktemp("parens") / "parens.h5"))


@pytest.fixture(scope="session")
def chromium():
    with browsing.chromium(browsing.SHORT_LIVED) as browser:
        yield browser


@pytest.fixture(scope="session")
def parens_address(parens):
    with browsing.serving([parens]) as address:
        yield address


@pytest.fixture(scope="session")
def wide(tmp_path_factory):
    """A dump of 2,000 units a layer, two layers, with a track of numbers and one of labels."""
    rng = np.random.default_rng(3)
    n = 1200
    states = {f"rnn.l{k}.h": rng.uniform(-1, 1, (n // 4, N_WIDE)).repeat(4, 0).astype("float16") for k in (0, 1)}
    path = lstmviz.write_dump(
        tmp_path_factory.mktemp("wide") / "wide.h5",
        states=states,
        tokens=rng.integers(0, 26, n),
        vocab=[chr(97 + i) for i in range(26)],
        lengths=[300] * 4,
        tracks={"loss": rng.random(n).astype("float32"), "tag": [["noun", "verb"][i] for i in rng.integers(0, 2, n)]},
    )
    return lstmviz.open_dump(path)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A dump of values far below the usual threshold."""
    values = np.random.default_rng(8).uniform(-0.1, 0.1, (400, 20)).repeat(5, axis=0).astype("float16")
    path = tmp_path_factory.mktemp("small") / "small.h5"
    return lstmviz.open_dump(
        lstmviz.write_dump(path, states={"a.l0.h": values}, tokens=["a"] * 2000, lengths=[100] * 20)
    )


@pytest.fixture(scope="session")
def wide_address(wide):
    with browsing.serving([wide]) as address:
        yield address


@pytest.fixture
def parts(tmp_path):
    """One dump, and the same as a corpus of three shards."""
    return three_shards(tmp_path)


@pytest.fixture
def bench(chromium, parens_address):
    with browsing.workbench(chromium, parens_address) as page:
        yield page
