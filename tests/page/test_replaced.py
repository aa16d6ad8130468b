"""A recording is made again while a page shows it: the page says so, and shows the new one when asked."""

from __future__ import annotations

import numpy as np

import lstmviz
from support import browser as browsing


def make(path, words):
    states = np.random.default_rng(0).uniform(-1, 1, (600, 6)).astype("f2")
    tokens = np.arange(600) % 2
    return lstmviz.write_dump(
        path, states={"rnn.l0.h": states}, tokens=tokens, vocab=words, lengths=[600], overwrite=True
    )


def test_a_recording_that_was_made_again_is_offered(chromium, tmp_path):
    dump = lstmviz.open_dump(make(tmp_path / "run.h5", ["old", "older"]))
    with browsing.serving([dump]) as address, browsing.workbench(chromium, address) as bench:
        bench.open()
        assert "older" in str(bench.shown())
        make(tmp_path / "run.h5", ["new", "newer"])
        bench.page.evaluate("() => lvDebug.changeState({ at: 500 }, 'settle')")
        bench.page.evaluate("() => lvDebug.changeState({ start: 249, stop: 255 }, 'settle')")
        notice = bench.page.locator("#lv-notice", has_text="run was recorded again since this page was opened")
        notice.wait_for()
        notice.get_by_role("button", name="Show it").click()
        assert "newer" in str(bench.ready())
        bench.troubles.clear()  # the browser reports each answer 410
