"""A model of the user's own behind the page: typed into like a sample's, and told when it runs for somebody else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.rerun.alone import alone_with
from support import browser as browsing
from support.typed_text import BOX, brush, settled, write

WORDS = ["<unk>", *["the", "a", "cat", "dog", "owl", "sees", "likes", "finds", "me", "you", "it", "and", "runs", "."]]
SENTENCE = "the owl sees a cat and runs ."
SOURCE = "memory.l0.c"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.look_up, self.memory = nn.Embedding(len(WORDS), 8), nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Linear(16, len(WORDS))

    def forward(self, ids):
        return self.head(self.memory(self.look_up(ids))[0])


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    net, rng = Net(), np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS[1:], 12)) for _ in range(40)]
    path = tmp_path_factory.mktemp("live") / "net.h5"
    dump = lstmviz.open_dump(lstmviz.record_corpus(net, texts, encode=str.split, vocab=WORDS, path=path, top_k=3))
    dump.attach(net)
    return dump, net


@pytest.fixture
def bench(chromium, live):
    with browsing.serving([live[0]]) as address, browsing.workbench(chromium, address) as page:
        yield page


def test_a_strangers_model_reads_what_is_typed_and_its_brush_is_matched(bench, live):
    dump, _ = live
    bench.open(source=SOURCE, t="0.1", before=0)
    shown = write(bench, SENTENCE)
    assert bench.page.inner_text(".lv-typed-reason") == "read by the Net (1 x 16 LSTM), word by word"
    typed = dump.rerun(SENTENCE)
    np.testing.assert_array_equal(np.array(shown["states"][SOURCE]), typed.states(SOURCE)[:].astype(float))
    loss = typed.tracks["loss"][:].tolist()
    assert shown["tracks"]["loss"] == [None if v != v else v for v in loss]
    assert shown["note"].startswith(f"8 tokens, loss {np.nanmean(loss):.3g}"[:18])
    shown = brush(bench, 2, 4)
    pattern = typed.select(SOURCE, 2, 4, 0.1, off_before=0)
    assert shown["units"] == [unit.unit for unit in pattern.units]
    bench.page.locator(BOX).fill(SENTENCE.replace("owl", "zebra"))
    assert (
        "does not know “zebra”: read as its unknown token" in settled(bench, SENTENCE.replace("owl", "zebra"))["note"]
    )


def test_a_model_that_runs_for_somebody_else_or_has_changed_is_said_in_a_line(bench, live):
    _, net = live
    bench.open(source=SOURCE)
    write(bench, "the cat")
    with alone_with(net):
        bench.page.locator(BOX).fill("the dog runs")
        told = "document.querySelector('.lv-typed-note').textContent.includes('for somebody else; your text waits')"
        bench.page.wait_for_function(f"() => {told}")
    assert settled(bench, "the dog runs")["tokens"][1]["token"] == "dog"
    # A model that has changed is said in a line.
    with torch.no_grad():
        net.memory.weight_hh_l0.add_(0.5)
    bench.page.locator(BOX).fill("the dog")
    bench.page.wait_for_function("() => lvDebug.inspectPage().typed.problem.includes('is not the model that net.h5')")
    with torch.no_grad():
        net.memory.weight_hh_l0.sub_(0.5)
    assert {"400 (BAD REQUEST)" in trouble for trouble in bench.troubles} == {True}
    bench.troubles.clear()
