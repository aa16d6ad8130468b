"""The docs are true: links lead somewhere, and the README's code runs as it stands."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from lstmviz.api import Dump
from support.paths import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md"))]


@pytest.mark.parametrize("doc", PAGES, ids=lambda p: p.name)
def test_links_within_the_project_lead_somewhere(doc):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", doc.read_text("utf-8"))
    lost = [link for link in links if not (doc.parent / link).exists()]
    assert not lost


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.rnn = nn.LSTM(8, 16, batch_first=True)
        self.out = nn.Linear(16, 20)

    def forward(self, ids):
        return self.out(self.rnn(self.embed(ids))[0])


def test_the_readmes_code_runs(tmp_path, monkeypatch, capsys):
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    served = []

    def serve(dump, model, encode):
        dump.attach(model, encode)
        served.append((dump.path.name, dump.rerun("w3 w1").tokens[:], list(dump.tracks)[-2:]))

    monkeypatch.setattr(Dump, "serve", serve)
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = Tagger().eval()
    words = [f"w{i}" for i in range(20)]
    batches = [(torch.randint(0, 20, (2, 130)), torch.randint(0, 20, (2, 130)), [130, 100]) for _ in range(2)]
    given = {"model": model, "words": words, "batches": batches, "tokenizer": str.split}
    with torch.no_grad():
        exec(block, given)
    assert served == [("run.h5", ["w3", "w1"], ["loss", "right"])]
    assert "n_shared" in capsys.readouterr().out
