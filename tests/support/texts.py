"""Generated texts to train on: sentences of a small grammar, and reviews whose label one word gives away."""

from __future__ import annotations

import random
import re
from pathlib import Path

from support.commands import WIDE, run

ANIMALS, VERBS, WHEN = ["cat", "dog", "bird", "fish", "horse"], ["sees", "chases", "likes"], ["today", "again", "now"]
GOOD, BAD = ["lovely", "bright", "warm"], ["dull", "cold", "weak"]


def sentences(n: int, seed: int = 1) -> str:
    """Return n lines such as "the cat sees the dog now."."""
    rng = random.Random(seed)
    pick = rng.choice
    return "".join(f"the {pick(ANIMALS)} {pick(VERBS)} the {pick(ANIMALS)} {pick(WHEN)}.\n" for _ in range(n))


def reviews(n: int, labels: tuple[str, str] = ("bad", "good"), seed: int = 1) -> tuple[str, str]:
    """Return n lines of reviews, and the label of each."""
    rng = random.Random(seed)
    kinds = [rng.random() < 0.5 for _ in range(n)]
    text = "".join(
        f"the film was {rng.choice(GOOD if good else BAD)} and {rng.choice(['long', 'short'])}\n" for good in kinds
    )
    return text, "".join(f"{labels[good]}\n" for good in kinds)


def train(*arguments: object):
    """Run ``lstmviz train`` in this process."""
    return run("train", *arguments, env=WIDE)


def figures(answer, line: str) -> list[float]:
    """Return the numbers of the line of the answer that begins so."""
    assert answer.exit_code == 0, answer.output
    (found,) = [told for told in answer.stdout.splitlines() if told.startswith(line)]
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\.\d+", found)]


def model_and_dump(folder: Path) -> tuple[Path, Path]:
    """Return the one model and the one dump of a folder."""
    (model,), (dump,) = folder.glob("*.safetensors"), folder.glob("*.h5")
    return model, dump
