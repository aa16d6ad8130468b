"""A brush, asked over HTTP as the two pages ask it: lstmviz's match rows beside LSTMVis's precise and fast search.

Both answer from one process, in turn, on the same states: lstmviz's server with its own routes, and LSTMVis's search,
written anew from its description (baseline_lstmvis.py), behind a route that sends each row's words and states back, as
its page shows them. LSTMVis reads contiguous float32. Each question is another pattern, so that nothing is cached.
Times are medians of one run. Corpora are written to --folder once and kept.

    python benchmarks/beside_lstmvis.py --folder FOLDER [--steps 1000000]
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import baseline_lstmvis
import h5py
import waitress
from flask import Flask, jsonify, request

import lstmviz
from lstmviz.match.index.store import build_index
from lstmviz.ui.serve import make_app
from match import SOURCE, make_corpus, patterns

THRESHOLDS = (0.3, 0.305)
WARMING = 0.31  # asked before all: codes are checked when they are read for the first time
UNITS = (3, 8, 20)
CELLS_AROUND = 10  # steps around a match that LSTMVis's page shows
QUESTIONS = 9


def peer(path: Path, dump: lstmviz.Dump) -> Flask:
    """Return a server of LSTMVis's search."""
    app = Flask("peer")

    @app.post("/match")
    def match() -> Any:
        asked = request.get_json()
        units, threshold = asked["units"], asked["threshold"]
        rows = []
        with h5py.File(path) as file:
            for start, length in baseline_lstmvis.search(str(path), units, threshold, asked["fast"]):
                a, b = max(0, start - CELLS_AROUND), start + length + CELLS_AROUND
                counts = (file["states"][a:b][:, units] >= threshold).sum(axis=1)
                rows.append({"start": start, "words": dump.tokens[a:b], "on": counts.tolist()})
        return jsonify(rows)

    return app


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an app on a free port of this machine while the block runs; yield its address."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


def post(address: str, body: dict[str, Any]) -> float:
    """Post a question, read the answer to its end, and return the milliseconds that it took."""
    data = json.dumps(body).encode()
    asked = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    began = time.perf_counter()
    with urllib.request.urlopen(asked) as answer:
        content = json.loads(answer.read())
    took = (time.perf_counter() - began) * 1e3
    if isinstance(content, dict) and "error" in content:
        raise RuntimeError(content["error"])
    return took


def compare(dump: lstmviz.Dump, ours: str, theirs: str, n_units: int, threshold: float) -> str:
    """Return a line: what both take for a number of units and a threshold."""
    times: dict[str, list[float]] = {"lstmviz": [], "precise": [], "fast": []}
    for i, pattern in enumerate(patterns(dump, n_units, QUESTIONS + 1)):
        units = [unit.unit for unit in pattern.units]
        pinned = [{"source": SOURCE, "unit": u, "side": "high", "threshold": threshold} for u in units]
        brush = {"dump": dump.uuid, "source": SOURCE, "threshold": threshold, "before": i % 2, "pinned": pinned}
        spent = {"lstmviz": post(f"{ours}/d/{dump.uuid}/matches", brush)}
        for mode in ("precise", "fast"):
            spent[mode] = post(f"{theirs}/match", {"units": units, "threshold": threshold, "fast": mode == "fast"})
        if i:  # the first one warms all up
            for name, took in spent.items():
                times[name].append(took)
    mine, precise, fast = (statistics.median(times[name]) for name in ("lstmviz", "precise", "fast"))
    return (
        f"{dump.n_steps:>9,} steps {n_units:3} units at {threshold:<6} lstmviz {mine:6.1f} ms   "
        f"precise {precise:7.1f} ms, {precise / mine:5.1f}x   fast {fast:6.1f} ms, {fast / mine:4.1f}x"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where corpora are kept; up to 2 GB")
    parser.add_argument("--steps", type=int, default=1_000_000)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    dump = make_corpus(args.folder, args.steps, 200, with_lstmvis=True)
    build_index(dump, SOURCE)
    contiguous = args.folder / f"{args.steps}x200.lstmvis.h5"
    with served(make_app([dump]).server) as ours, served(peer(contiguous, dump)) as theirs:
        compare(dump, ours, theirs, max(UNITS), WARMING)
        for threshold in THRESHOLDS:
            for n_units in UNITS:
                print(compare(dump, ours, theirs, n_units, threshold), flush=True)


if __name__ == "__main__":
    main()
