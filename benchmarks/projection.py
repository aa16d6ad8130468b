"""Maps of 20,000 steps of 128 units: seconds, processor seconds and memory of PCA, t-SNE and UMAP, beside their floors.

``python benchmarks/projection.py [--steps N] [--units N] [METHOD ...]``. The states are those of an untrained LSTM over
random tokens; no map kept from before is used. A floor is the one matrix product that a method cannot do without:
the covariance for PCA, all distances between points for the others.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import lstmviz

SOURCE = "rnn.l0.h"


def main() -> None:
    """Measure each method once, in the order args."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", default=["pca", "umap", "tsne"], help="pca, umap, tsne")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--units", type=int, default=128)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # an empty cache
        dump = random_dump(Path(folder) / "states.h5", args.steps, args.units)
        print(f"{args.steps:,} steps x {args.units} units, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        floors(dump)
        for method in args.methods:
            measure(dump, method, args.steps)


def random_dump(path: Path, n_steps: int, n_units: int) -> lstmviz.Dump:
    torch.manual_seed(0)
    tokens = torch.randint(0, 64, (n_steps,))
    with torch.no_grad():
        states = torch.nn.LSTM(32, n_units)(torch.nn.Embedding(64, 32)(tokens))[0].numpy()
    lstmviz.write_dump(path, states={SOURCE: states.astype("float16")}, tokens=tokens.numpy())
    return lstmviz.open_dump(path)


def floors(dump: lstmviz.Dump) -> None:
    values = dump.states(SOURCE)[:].astype(np.float64)
    narrow = values[:, :50].astype(np.float32)
    began = time.perf_counter()
    _ = values.T @ values
    print(f"floor of PCA: {time.perf_counter() - began:.2f} s (the covariance)")
    began = time.perf_counter()
    for first in range(0, len(narrow), 2_000):
        _ = narrow[first : first + 2_000] @ narrow.T
    print(f"floor of the others: {time.perf_counter() - began:.2f} s (all distances)")


def measure(dump: lstmviz.Dump, method: str, n_steps: int) -> None:
    began, used = time.perf_counter(), cpu_seconds()
    mapped = dump.project(SOURCE, method, n_steps)
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - used
    process = resource.RUSAGE_SELF if method == "pca" else resource.RUSAGE_CHILDREN
    memory = resource.getrusage(process).ru_maxrss / 1024
    began = time.perf_counter()
    dump.project(SOURCE, method, n_steps)
    again = time.perf_counter() - began
    cost = f"{seconds:.1f} s, {cpu:.1f} CPU s, {memory:,.0f} MiB at most"
    print(f"{method}: {cost}; again {again * 1000:.0f} ms; {len(mapped.ids):,} points", flush=True)


def cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


if __name__ == "__main__":
    main()
