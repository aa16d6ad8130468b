"""List the arrays of another tool's HDF5 file: their names, shapes and types, without reading one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from lstmviz.dump.safe import find_dataset
from lstmviz.errors import DumpError, reason_of

MAX_OBJECTS = 2_000  # groups and arrays that are listed
MAX_DEPTH = 16  # groups in groups
# Keras 3 names weights vars/0, and Keras 2 kernel:0.
WEIGHT_LIKE = re.compile(r"kernel|weight|bias|gamma|beta|optimizer|(^|/)vars/|:\d+$|(^|/)embeddings$", re.I)


@dataclass(frozen=True)
class Array:
    """One array of a file, whose values were not read."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def is_weights(self) -> bool:
        """Whether its name is that of a model's weights."""
        return WEIGHT_LIKE.search(self.path) is not None

    @property
    def is_floats(self) -> bool:
        """Whether it holds floats of a type that states are stored in."""
        return self.dtype.kind == "f" and self.dtype.itemsize <= 8

    @property
    def n_steps(self) -> int:
        """Steps, where the last dimension is units (floats) or every value a step."""
        return int(np.prod(self.shape[:-1] if self.is_floats and len(self.shape) > 1 else self.shape, dtype=np.int64))


@dataclass
class FileSurvey:
    """The arrays of a file that can be read safely, and what was skipped."""

    arrays: list[Array] = field(default_factory=list)
    strings: list[Array] = field(default_factory=list)  # lists of strings, which lstmviz does not read
    links: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    is_cut: bool = False


def survey_file(file: h5py.File, path: Path) -> FileSurvey:
    """List the arrays of a file that pass the checks of ``safe``, without reading one."""
    survey = FileSurvey()
    groups: list[tuple[str, h5py.Group, int]] = [("", file, 0)]
    n_seen, seen = 0, {h5py.h5o.get_info(file.id).addr}
    while groups and not survey.is_cut:
        prefix, group, depth = groups.pop(0)
        for name in group:
            n_seen += 1
            if n_seen > MAX_OBJECTS or depth > MAX_DEPTH:
                survey.is_cut = True
                break
            place = f"{prefix}{name}"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                survey.links.append(place)
                continue
            item = _opened(group, name, place, survey)
            if isinstance(item, h5py.Group):
                address = h5py.h5o.get_info(item.id).addr
                if address not in seen:
                    seen.add(address)
                    groups.append((f"{place}/", item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                _add(survey, file, place, path, item)
    return survey


def _opened(group: h5py.Group, name: str, place: str, survey: FileSurvey) -> object:
    try:
        return group[name]
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as err:
        survey.refused.append(f"{place}: {reason_of(err)}")
        return None


def _add(survey: FileSurvey, file: h5py.File, place: str, path: Path, item: h5py.Dataset) -> None:
    try:
        if _is_strings(item):
            survey.strings.append(Array(place, item.shape, item.dtype))
            return
        dataset = find_dataset(file, place, path)
        survey.arrays.append(Array(place, dataset.shape, dataset.dtype))
    except (DumpError, ValueError, OSError, RuntimeError, KeyError, TypeError) as err:
        survey.refused.append(f"{place}: {str(err).removeprefix(f'{path} ')}")


def _is_strings(item: h5py.Dataset) -> bool:
    """Tell whether a data set is a list of strings that is stored in this file."""
    is_list = item.ndim == 1 and len(item) > 0 and h5py.check_string_dtype(item.dtype) is not None
    return is_list and item.external is None and not item.is_virtual
