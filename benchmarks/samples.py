"""Train every sample from its seed: CPU seconds, the loss beside the card's, and the units that the stdlib card names.

``python benchmarks/samples.py [NAME ...]``; stdlib takes about two minutes on an idle core. Its figures are those of
the Python that its card names; another one has another standard library.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import lstmviz
from lstmviz import samples
from lstmviz.training.model import load, save
from lstmviz.training.recipe import train
from lstmviz.training.record_model import record_model
from support.cards import Card, labels, matched, precision_and_recall, r_of_units


def retrain(name: str, variant: str, folder: Path) -> None:
    """Train one model, print its seconds and its loss, and for stdlib what its units show."""
    card = Card(name)
    recipe = card.part("recipe").recipe(variant)
    began = time.process_time()
    trained = train(recipe)
    seconds = time.process_time() - began
    weights = folder / f"{name}-{variant}.safetensors"
    save(trained.model, weights)
    loss, printed = recipe.loss(load(weights)), dict(card.table("what | nats"))[variant]
    print(f"{name} {variant}: {seconds:.0f} CPU s, held-out loss {loss:.4f}; the card says {printed}", flush=True)
    if name == "stdlib":
        record_model(weights, recipe.corpus(), folder / "stdlib.h5")
        show_units(card, lstmviz.open_dump(folder / "stdlib.h5"))


def truths(dump: lstmviz.Dump) -> dict[str, np.ndarray]:
    """Return the truth that the stdlib card's units are compared with, by the card's words."""
    where = labels(dump, "where")
    leading = labels(dump, "leading") == "leading"
    return {"leading spaces": leading, "in a comment": where == "comment", "in a string": where == "string"}


def show_units(card: Card, dump: lstmviz.Dump) -> None:
    """Print the card's table of detectors and the indentation's unit as measured now, beside what is printed."""
    is_true = truths(dump)
    for name, source, unit, side, threshold, *printed in card.table("what | source"):
        measured = precision_and_recall(matched(dump, [(source, int(unit), side, float(threshold))]), is_true[name])
        f1 = 2 * measured[0] * measured[1] / sum(measured)
        now = ", ".join(f"{value:.3f}" for value in (*measured, f1, is_true[name].mean()))
        print(f"  {name}: {source} unit {unit}: {now}; the card says {', '.join(printed)}")
    for source, unit, r in card.table("source | unit | r"):
        now = r_of_units(dump, source, dump.tracks["indent"][:].astype(float))
        best = int(np.nanargmax(np.abs(now)))
        print(f"  indentation: {source} unit {best}: {now[best]:.3f}; the card says unit {unit}: {r}")


def main() -> None:
    """Train the samples that are named, or all."""
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or samples.names():
            for variant in samples.sample(name).variants:
                if variant.checkpoint_of is None:
                    retrain(name, variant.name, Path(folder))


if __name__ == "__main__":
    main()
