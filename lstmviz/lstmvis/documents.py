"""Arrays of padded documents, (documents, steps, ...), read as if their valid steps stood one after another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.safe import find_dataset, open_foreign
from lstmviz.errors import LstmvizError

READ_BYTES = 2**24  # of padded documents, read at a time
MOST_BYTES = 2**27  # of a file of lengths
MOST_STEPS = 2**53  # of a document: a number that floats hold exactly
HDF5_ENDS = (".h5", ".hdf5", ".he5")


@dataclass(frozen=True)
class PaddedDocuments:
    """A data set of shape (documents, padded steps, ...) as one of shape (steps, ...): its documents' valid steps.

    ``stops`` has where each document ends among the valid steps; none is empty.
    """

    dataset: h5py.Dataset
    stops: NDArray[np.int64]

    @property
    def name(self) -> str:
        """The path of the data set."""
        return str(self.dataset.name)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape without padding."""
        return int(self.stops[-1]), *self.dataset.shape[2:]

    @property
    def ndim(self) -> int:
        """One less than the data set has."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The data set's own."""
        dtype: np.dtype[Any] = self.dataset.dtype
        return dtype

    @property
    def size(self) -> int:
        """Values without padding."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes without padding."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, steps: Any) -> NDArray[Any]:
        """Return the values at a slice of the steps, or at all of them with ``[()]``."""
        start, stop, _ = (slice(None) if steps == () else steps).indices(len(self))
        parts = [np.zeros((0, *self.shape[1:]), self.dtype)]
        padded = max(1, self.dtype.itemsize * int(np.prod(self.dataset.shape[1:], dtype=np.int64)))
        at_once = max(1, READ_BYTES // padded)
        first = int(np.searchsorted(self.stops, start, side="right"))
        last = int(np.searchsorted(self.stops, stop, side="left"))
        for begin in range(first, last + 1 if stop > start else first, at_once):
            end = min(begin + at_once, last + 1)
            block = np.asarray(self.dataset[begin:end])
            parts += [block[i - begin, slice(*self._within(i, start, stop))] for i in range(begin, end)]
        return np.concatenate(parts)

    def _within(self, document: int, start: int, stop: int) -> tuple[int, int]:
        """Return which steps of a document lie in [start, stop) of all."""
        began = int(self.stops[document - 1]) if document else 0
        return max(0, start - began), min(int(self.stops[document]), stop) - began


StepDataset: TypeAlias = h5py.Dataset | PaddedDocuments


def are_documents(shape: Sequence[int], lengths: Sequence[int]) -> bool:
    """Tell whether an array of a shape has a padded row for each document."""
    return len(shape) >= 2 and shape[0] == len(lengths) and shape[1] >= max(lengths)


def read_lengths(where: str | os.PathLike[str]) -> tuple[int, ...]:
    """Return the number of steps of each document, from a file.

    Args:
        where: A text of whole numbers with spaces, commas or line breaks between them, a ``.npy`` file, or
            ``FILE.h5:PATH``, a data set in an HDF5 file.

    Returns:
        The lengths, in the documents' order.

    Raises:
        LstmvizError: It cannot be read, or holds something other than numbers of 1 or more.
    """
    text = os.fspath(where)
    file, _, inside = text.rpartition(":")
    if not file.lower().endswith(HDF5_ENDS):
        file, inside = text, ""
    path = Path(file)
    try:
        values = _from_hdf5(path, inside) if path.suffix.lower() in HDF5_ENDS else _from_file(path)
    except LstmvizError:
        raise
    except OSError as err:
        raise LstmvizError(f"{path}: the lengths cannot be read ({err.strerror or err}); check its name") from err
    except (ValueError, TypeError, EOFError, MemoryError) as err:
        raise LstmvizError(
            f"{path}: these are not lengths; give one whole number for each document, such as 12 7 30"
        ) from err
    flat = np.asarray(values).ravel()
    bad = np.flatnonzero(~((flat >= 1) & (flat < MOST_STEPS) & (flat == np.floor(flat))))
    if not len(flat) or len(bad):
        problem = f"{flat[bad[0]]} as length {bad[0] + 1}" if len(bad) else "no length"
        raise LstmvizError(f"{path} has {problem}; give one whole number of 1 or more for each document")
    return tuple(int(v) for v in flat.tolist())


def _from_hdf5(path: Path, inside: str) -> NDArray[Any]:
    if not inside:
        raise LstmvizError(f"{path} is an HDF5 file; name the data set in it too: {path}:lengths")
    with open_foreign(path, path) as file:
        dataset = find_dataset(file, inside, path)
        if dataset.dtype.kind not in "iuf" or dataset.nbytes > MOST_BYTES:
            raise LstmvizError(f"{path}: {inside!r} holds {dataset.dtype} of shape {dataset.shape}, no lengths")
        return np.asarray(dataset[()], np.float64)


def _from_file(path: Path) -> NDArray[np.float64]:
    if path.stat().st_size > MOST_BYTES:
        raise LstmvizError(f"{path} has {path.stat().st_size:,} bytes; a file of lengths may have {MOST_BYTES:,}")
    if path.suffix.lower() == ".npy":
        return np.asarray(np.load(path, allow_pickle=False), np.float64)
    return np.array(path.read_text("utf-8-sig").replace(",", " ").split(), np.float64)
