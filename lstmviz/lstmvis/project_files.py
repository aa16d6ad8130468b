"""The files of a project, each opened once: HDF5 safely, dictionaries as words by id."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.safe import find_dataset, open_foreign
from lstmviz.dump.schema import unpack_strings
from lstmviz.errors import LstmvizError, reason_of
from lstmviz.lstmvis.config import Config, DatasetRef
from lstmviz.lstmvis.dictionary import Dictionary, read_dictionary
from lstmviz.lstmvis.documents import PaddedDocuments, StepDataset, are_documents
from lstmviz.lstmvis.faults import Faults, find_inside

MAX_TABLE_BYTES = 2**29  # of a table by word id, which is read whole


class ProjectFiles:
    """The files that a configuration names; each fault is added under the file's name in the configuration."""

    def __init__(self, folder: Path, config: Config, faults: Faults, lengths: tuple[int, ...] = ()) -> None:
        self._folder, self._config, self._faults = folder, config, faults
        self._lengths, self._stops = lengths, np.cumsum(lengths, dtype=np.int64)
        self._paths: dict[str, Path | None] = {}
        self._hdf5: dict[str, h5py.File | None] = {}
        self._dictionaries: dict[str, Dictionary | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._hdf5.values():
            if file is not None:
                file.close()

    def file_name(self, key: str) -> str:
        """Return a file's name as ``lstm.yml`` writes it."""
        return self._config.files[key]

    def dataset(
        self, ref: DatasetRef, n_dims: tuple[int, ...], may_be_empty: bool = False, is_table: bool = False
    ) -> StepDataset | None:
        """Return a data set of numbers; None, with a fault, where there is none or its shape does not fit.

        Of padded documents the valid steps stand one after another. With ``is_table`` a data set of two dimensions is
        by word id, and stays as it is.
        """
        file = self._file(ref.file)
        if file is None or not ref.path:
            return None
        file_name = self.file_name(ref.file)
        try:
            dataset: StepDataset = find_dataset(file, ref.path, Path(file_name))
        except LstmvizError as err:
            self._faults.add_error(file_name, err)
            return None
        is_by_document = self._lengths and are_documents(dataset.shape, self._lengths)
        if is_by_document and not (is_table and dataset.ndim == 2):
            dataset = PaddedDocuments(dataset, self._stops)
        if dataset.dtype.kind not in "iuf" or dataset.dtype.itemsize > 8:
            self._faults.add(file_name, f"{ref.path!r} holds {dataset.dtype}, not numbers; write integers or floats")
        elif dataset.ndim not in n_dims or (0 in dataset.shape and not may_be_empty):
            wanted = "(n_steps,)" if 1 in n_dims else "(n_steps, n_units)"
            remedy = self._documents_remedy(dataset.shape, n_dims)
            self._faults.add(file_name, f"{ref.path!r} has shape {dataset.shape}; it needs {wanted}, {remedy}")
        else:
            return dataset
        return None

    def _documents_remedy(self, shape: tuple[int, ...], n_dims: tuple[int, ...]) -> str:
        """Say what to do about a shape that does not fit."""
        if 0 in shape or len(shape) != max(n_dims) + 1:
            return "neither of them 0"
        if not self._lengths:
            return (
                f"or, where these are documents padded to {shape[1]} steps, their lengths:"
                " lstmviz import-lstmvis FOLDER --lengths FILE"
            )
        n, most = len(self._lengths), max(self._lengths)
        return f"or a row of at least {most} steps for each of the {n} documents that lengths were given of"

    def table(self, ref: DatasetRef, dataset: StepDataset) -> NDArray[Any] | None:
        """Return a whole table; None, with a fault, where it is too large to hold."""
        file_name = self.file_name(ref.file)
        if dataset.nbytes > MAX_TABLE_BYTES:
            self._faults.add(
                file_name, f"{ref.path!r} has {dataset.nbytes} bytes; a table by id may have {MAX_TABLE_BYTES}"
            )
            return None
        try:
            return np.asarray(dataset[()])
        except OSError as err:
            self._faults.add(file_name, f"{ref.path!r} cannot be read ({reason_of(err)}); make or copy it again")
            return None

    def dictionary(self, key: str) -> Dictionary | None:
        """Return a dictionary; its words are exact where an export by lstmviz stored them."""
        if key not in self._dictionaries:
            path = self._path(key)
            dictionary = None if path is None else self._read_dictionary(key, path)
            self._dictionaries[key] = dictionary
        return self._dictionaries[key]

    def _read_dictionary(self, key: str, path: Path) -> Dictionary | None:
        file_name = self.file_name(key)
        exact = self._config.extra.strings.get(key)
        try:
            if exact is None:
                dictionary = read_dictionary(path, file_name, self._faults)
                return dictionary if dictionary.words else None
            parts = [
                self.dataset(DatasetRef(exact.file, f"{exact.path}/{n}"), (1,), True) for n in ("bytes", "offsets")
            ]
            if parts[0] is None or parts[1] is None:
                return None
            table = unpack_strings(parts[0][()], parts[1][()], self.file_name(exact.file))
            return Dictionary(dict(enumerate(table)), (), file_name)
        except OSError as err:
            self._faults.add(file_name, f"cannot be read ({reason_of(err)}); check its permissions")
        except LstmvizError as err:
            self._faults.add_error(file_name, err)
        return None

    def _file(self, key: str) -> h5py.File | None:
        if key not in self._hdf5:
            path = self._path(key)
            self._hdf5[key] = None
            if path is not None:
                try:
                    self._hdf5[key] = open_foreign(path, Path(self.file_name(key)))
                except (LstmvizError, OSError) as err:
                    self._faults.add(self.file_name(key), str(err).removeprefix(self.file_name(key)))
        return self._hdf5[key]

    def _path(self, key: str) -> Path | None:
        if key not in self._paths:
            self._paths[key] = None
            if key in self._config.files:  # if not, lstm.yml has a fault already
                try:
                    self._paths[key] = find_inside(self._folder, self._config.files[key])
                except LstmvizError as err:
                    self._faults.add(self.file_name(key), str(err))
        return self._paths[key]
