"""Points for TensorBoard's Embedding Projector: tensors, metadata about each point, and a configuration.

Tensors and metadata are text with one line a point and tabs between the cells. The metadata begins with a line of
column names; TensorBoard expects it if there is more than one column, as there always is here.
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

from lstmviz.checks import check_whole
from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import DumpExists, ProjectionError
from lstmviz.maps.embeddings import embeddings, token_counts
from lstmviz.maps.projection import EMBEDDING
from lstmviz.maps.sampling import MAX_STEPS, N_STEPS, sample
from lstmviz.match.order.bins import values_at
from lstmviz.system.atomic import replacing
from lstmviz.visible import visible_text

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

    ``path`` is a folder, or a file if it ends in .zip. The points are those of ``compute_map`` with the same
    ``n_steps`` and ``seed``, in all their units. Each has its token, step, sequence and tracks; invisible characters
    are spelled out. Returns the path. Raises DumpExists if something is there, unless ``overwrite``; UnknownName for
    the source; and ProjectionError if there is nothing to write or the disk does not take it.
    """
    target = Path(path)
    with _disk_errors(target):
        if target.suffix == ".zip":
            if target.exists() and not overwrite:
                raise DumpExists(f"{target} is already there; overwrite it with overwrite=True (--overwrite)")
            content = projector_zip(dump, source, n_steps, seed)
            with replacing(target) as temporary:
                temporary.write_bytes(content)
            return target
        existing = [name for name in FILES if (target / name).exists()]
        if (existing or (target.exists() and not target.is_dir())) and not overwrite:
            raise DumpExists(
                f"{target} already holds {existing[0] if existing else 'a file'}; give another folder, or overwrite"
            )
        texts = _texts(dump, source, n_steps, seed)
        target.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with replacing(target / name) as temporary:
                temporary.write_text(text, "utf-8", newline="\n")
    return target


def default_source(dump: DumpReader) -> str:
    """Return the default source: the last cell state, else the last source of all."""
    names = list(dump.sources)
    if not names:
        raise ProjectionError(f"{dump.path.name} has no source")
    return next((name for name in reversed(names) if name.endswith(".c")), names[-1])


def projector_zip(dump: DumpReader, source: str, n_steps: int = N_STEPS, seed: int = 0) -> bytes:
    """Return the same files as one zip. Raises what ``to_projector`` raises."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in _texts(dump, source, n_steps, seed).items():
            file.writestr(name, text.encode())
    return buffer.getvalue()


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        if isinstance(err, DumpExists):
            raise
        raise ProjectionError(f"{target} cannot be written ({err.strerror or err}); give another path") from err


def _texts(dump: DumpReader, source: str, n_steps: int, seed: int) -> dict[str, str]:
    if source == EMBEDDING and EMBEDDING not in dump.sources:
        embedded = embeddings(dump)
        values, tokens = embedded.matrix, map(visible_text, embedded.vocab)
        table = pd.DataFrame({"token": tokens, "n_steps": token_counts(dump)})
    else:
        n_steps, seed = check_whole("n_steps", n_steps), check_whole("seed", seed)
        if not 1 <= n_steps <= MAX_STEPS:
            raise ProjectionError(f"n_steps={n_steps} is out of range; give 1 to {MAX_STEPS:,}")
        states = sample(dump, source, n_steps, seed)
        values, table = states.values, _metadata(dump, source, states.steps)
    if not len(values):
        raise ProjectionError(f"{source} has no sampled step without NaN; there is nothing to write")
    return dict(zip(FILES, (_tensors(values), _table_lines(table), _config(source, values.shape)), strict=True))


def _tensors(values: NDArray[np.float32]) -> str:
    buffer = io.StringIO()
    np.savetxt(buffer, values, fmt="%.7g", delimiter="\t", newline="\n")
    return buffer.getvalue()


def _metadata(dump: DumpReader, source: str, steps: NDArray[np.int64]) -> pd.DataFrame:
    """Return one row a step: its token (if the axis has tokens), number, sequence and tracks."""
    axis = dump.axis_of(source)
    token = {} if axis.tokens is None else {"token": [visible_text(axis.tokens[step]) for step in steps.tolist()]}
    sequence = np.searchsorted(axis.stops, steps, side="right")
    tracks = {name: _column(track, values_at(track, steps)) for name, track in axis.tracks.items()}
    columns = {**token, "step": steps.tolist(), "sequence": sequence.tolist()}
    named = {f"track {name}" if name in columns else name: values for name, values in tracks.items()}
    return pd.DataFrame(columns | named)


def _column(track: Track, values: NDArray[np.generic]) -> list[str]:
    """Return a track's values as text: visible labels, or numbers; "" where there is no value."""
    if track.info.kind == "category":
        labels = [*map(visible_text, track.labels), ""]
        return [labels[code] if 0 <= code < len(track.labels) else "" for code in values.tolist()]
    return [
        "" if value != value else f"{value:.7g}" if isinstance(value, float) else str(value)
        for value in values.tolist()
    ]


def _table_lines(table: pd.DataFrame) -> str:
    lines = ["\t".join(visible_text(str(name)) for name in table)]
    lines += ["\t".join(map(str, row)) for row in zip(*(table[name].tolist() for name in table), strict=True)]
    return "\n".join(lines) + "\n"


def _config(source: str, shape: tuple[int, ...]) -> str:
    """Return the configuration that TensorBoard looks for, as protobuf text."""
    name = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in source)
    lines = [
        f'tensor_name: "{name}"',
        *(f"tensor_shape: {size}" for size in shape),
        f'tensor_path: "{FILES[0]}"',
        f'metadata_path: "{FILES[1]}"',
    ]
    return "embeddings {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"
