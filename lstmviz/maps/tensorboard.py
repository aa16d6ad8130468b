"""Points as TensorBoard's Embedding Projector reads them: tensors, a table of what each point is, and a description.

The tensors and the table are text of one line a point, cells parted by tabs. The table begins with the names of its
columns, for it has more than one (with a single column TensorBoard takes the first line for a point).
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import DumpExists, ProjectionError
from lstmviz.maps.embeddings import embeddings, token_counts
from lstmviz.maps.projection import EMBEDDING
from lstmviz.maps.sampling import MOST_STEPS, N_STEPS, sample
from lstmviz.match.order.bins import values_at
from lstmviz.types import check_whole
from lstmviz.visible import shown

FILES = ("tensors.tsv", "metadata.tsv", "projector_config.pbtxt")


def to_projector(
    dump: DumpReader,
    path: str | os.PathLike[str],
    source: str,
    n_steps: int = N_STEPS,
    seed: int = 0,
    overwrite: bool = False,
) -> Path:
    """Write a source's states at sampled steps, or the model's embeddings ("embedding"), for the Embedding Projector.

    ``path`` is a folder, or a file where it ends in .zip. The points are those of ``compute_map`` with the same
    ``n_steps`` and ``seed``, in all their units. Each has its token, step, sequence and tracks; what of a token would
    break a line or a cell is spelled out. Returns the path. Raises DumpExists where something is there, unless
    ``overwrite``, UnknownName for the source, and ProjectionError where there is nothing to write or no room.
    """
    target = Path(path)
    with _catching(target):
        if target.suffix == ".zip":
            if target.exists() and not overwrite:
                raise DumpExists(f"{target} is already there; overwrite it with overwrite=True (--overwrite)")
            target.write_bytes(projector_zip(dump, source, n_steps, seed))
            return target
        there = [name for name in FILES if (target / name).exists()]
        if (there or (target.exists() and not target.is_dir())) and not overwrite:
            raise DumpExists(
                f"{target} already holds {there[0] if there else 'a file'}; give another folder, or overwrite"
            )
        texts = _texts(dump, source, n_steps, seed)
        target.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (target / name).write_text(text, "utf-8", newline="\n")
    return target


def default_source(dump: DumpReader) -> str:
    """Return the source that is taken where none is named: the last cell state, else the last of all."""
    names = list(dump.sources)
    if not names:
        raise ProjectionError(f"{dump.path.name} has no source of states")
    return next((name for name in reversed(names) if name.endswith(".c")), names[-1])


def projector_zip(dump: DumpReader, source: str, n_steps: int = N_STEPS, seed: int = 0) -> bytes:
    """Return the same files as one zip. Raises what ``to_projector`` raises."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in _texts(dump, source, n_steps, seed).items():
            file.writestr(name, text.encode())
    return held.getvalue()


@contextmanager
def _catching(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        if isinstance(err, DumpExists):
            raise
        raise ProjectionError(f"{target} cannot be written ({err.strerror or err}); give another path") from err


def _texts(dump: DumpReader, source: str, n_steps: int, seed: int) -> dict[str, str]:
    if source == EMBEDDING and EMBEDDING not in dump.sources:
        found = embeddings(dump)
        values, table = found.matrix, pd.DataFrame({"token": map(shown, found.vocab), "n_steps": token_counts(dump)})
    else:
        n_steps, seed = check_whole("n_steps", n_steps), check_whole("seed", seed)
        if not 1 <= n_steps <= MOST_STEPS:
            raise ProjectionError(f"n_steps={n_steps} is out of range; give 1 to {MOST_STEPS:,}")
        taken = sample(dump, source, n_steps, seed)
        values, table = taken.values, _table(dump, source, taken.steps)
    if not len(values):
        raise ProjectionError(f"{source} has no sampled step without NaN; there is nothing to write")
    return dict(zip(FILES, (_tensors(values), _metadata(table), _config(source, values.shape)), strict=True))


def _tensors(values: NDArray[np.float32]) -> str:
    held = io.StringIO()
    np.savetxt(held, values, fmt="%.7g", delimiter="\t", newline="\n")
    return held.getvalue()


def _table(dump: DumpReader, source: str, steps: NDArray[np.int64]) -> pd.DataFrame:
    """Return what each step is: its token (if there are any), number, sequence and tracks."""
    axis = dump.axis_of(source)
    token = {} if axis.tokens is None else {"token": [shown(axis.tokens[step]) for step in steps.tolist()]}
    sequence = np.searchsorted(axis.stops, steps, side="right")
    tracks = {name: _column(track, values_at(track, steps)) for name, track in axis.tracks.items()}
    own = {**token, "step": steps.tolist(), "sequence": sequence.tolist()}
    return pd.DataFrame(own | {name if name not in own else f"track {name}": values for name, values in tracks.items()})


def _column(track: Track, values: NDArray[np.generic]) -> list[str]:
    """Return a track's values as text: labels as they are shown, numbers, nothing where there is no value."""
    if track.info.kind == "category":
        labels = [*map(shown, track.labels), ""]
        return [labels[code] if 0 <= code < len(track.labels) else "" for code in values.tolist()]
    return [
        "" if value != value else f"{value:.7g}" if isinstance(value, float) else str(value)
        for value in values.tolist()
    ]


def _metadata(table: pd.DataFrame) -> str:
    lines = ["\t".join(shown(str(name)) for name in table)]
    lines += ["\t".join(map(str, row)) for row in zip(*(table[name].tolist() for name in table), strict=True)]
    return "\n".join(lines) + "\n"


def _config(source: str, shape: tuple[int, ...]) -> str:
    """Return the description that TensorBoard looks for, in its text form."""
    name = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in source)
    lines = [
        f'tensor_name: "{name}"',
        *(f"tensor_shape: {size}" for size in shape),
        f'tensor_path: "{FILES[0]}"',
        f'metadata_path: "{FILES[1]}"',
    ]
    return "embeddings {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"
