"""The one reader of values: lists, tensors and columns of data frames, as plain lists and arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.errors import InputError, reason_of

Values = Any
"""A torch tensor, an array of any framework, a column of a data frame, or nested lists."""
_MISSING = ("NAType", "NaTType")  # of pandas
_PLAIN = (int, float, bool, str)  # types of elements that stay as they are


def plain(values: Values) -> Any:
    """Return values of any container as nested lists or a NumPy array, each element as Python has it.

    A missing value (None, pandas' NA and NaT, a masked element) is None, or NaN in an array of numbers. Bytes are text
    in UTF-8, a member of an enumeration is its text or number. Anything else is returned as it is.
    """
    if hasattr(values, "detach"):  # a torch tensor, on any device, with or without a gradient
        return _of_tensor(values)
    if isinstance(values, np.ma.MaskedArray):
        return _of_masked(values)
    if isinstance(values, np.ndarray):
        return values if values.dtype.kind in "iufbcM" else plain(values.tolist())
    if isinstance(values, (list, tuple)):
        kinds = set(map(type, values))
        return list(values) if kinds <= set(_PLAIN) else [plain(value) for value in values]
    if hasattr(values, "to_pylist"):  # of pyarrow
        return plain(values.to_pylist())
    if hasattr(values, "to_numpy") and hasattr(values, "__len__"):  # a column or a frame of pandas or polars
        return _of_column(values)
    if isinstance(values, (str, bytes, bytearray, Mapping, set, frozenset)) or not isinstance(values, Iterable):
        return _element(values)
    if hasattr(values, "__array__"):  # of TensorFlow or JAX
        return plain(np.asarray(values))
    return values if isinstance(values, Iterator) else [plain(v) for v in values]


def as_array(name: str, values: Values, shape: str, remedy: str) -> NDArray[Any]:
    """Return values of any container as one NumPy array: numbers (NaN: no value), or objects (None: no value).

    ``shape`` and ``remedy`` go into the error message.
    """
    if isinstance(values, (Iterator, set, frozenset)):
        why = "can be read once only" if isinstance(values, Iterator) else "has no order"
        raise InputError(f"{name} is a {type(values).__name__}, which {why}; give a list of {shape}")
    elements = plain(values)
    try:
        array = np.asarray(elements)
    except (ValueError, TypeError, RuntimeError, OverflowError):  # text beside bytes, or rows of different lengths
        array = np.empty(0, object)
    try:
        if array.dtype.kind in "USO":
            array = _objects(elements)
    except (ValueError, TypeError, RuntimeError, OverflowError) as err:
        reason = reason_of(err)
        raise InputError(f"{name} cannot be read as one array of {shape} ({reason}); {remedy}") from err
    if array.dtype.kind == "O" and array.size and all(is_number(x) or x is None for x in array.flat):
        return with_numbers(array) if any(x is not None for x in array.flat) else array
    return array


def with_numbers(array: NDArray[Any]) -> NDArray[Any]:
    """Return objects that are numbers or None as an array of numbers, NaN for None."""
    return np.array([math.nan if x is None else x for x in array.flat]).reshape(array.shape)


def is_number(value: object) -> bool:
    """Tell whether a value is a number, of Python or NumPy."""
    return isinstance(value, (Number, np.bool_))


def is_whole(array: NDArray[Any]) -> bool:
    """Tell whether an array holds whole numbers, of an integer type or as floats."""
    return array.dtype.kind in "iu" or (
        array.dtype.kind == "f" and bool(np.isfinite(array).all()) and bool((array == np.round(array)).all())
    )


def _of_tensor(values: Any) -> Any:
    values = values.detach().cpu()
    if str(values.dtype) == "torch.bfloat16":
        values = values.float()
    return values.numpy() if values.ndim else values.item()


def _of_masked(values: Any) -> Any:
    if values.dtype.kind in "iufb":
        return values.astype(np.float64).filled(np.nan) if np.ma.is_masked(values) else values.data
    return plain(values.astype(object).filled(None))


def _of_column(values: Any) -> Any:
    """Return a column or a frame; nullable numbers are floats where one is missing."""
    array = np.asarray(values.to_numpy())
    return array if array.dtype.kind in "iufbc" else plain(array)


def _element(value: Any) -> Any:
    """Return one element as Python has it; None for a missing one."""
    if type(value).__name__ in _MISSING:
        return None
    if isinstance(value, Enum):
        return value.value if isinstance(value, int) or isinstance(value.value, str) else value.name
    if isinstance(value, (bytes, bytearray)):
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return bytes(value)
    if isinstance(value, (Decimal, Fraction)):
        return float(value)
    return str(value) if isinstance(value, np.str_) else value


def _objects(elements: Any) -> NDArray[Any]:
    """Return nested lists as an array of objects; ValueError where they are of different lengths."""
    shape, level = [], elements
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
    array = np.empty(shape, object)
    _fill(array, elements)
    return array


def _fill(array: NDArray[Any], elements: Any) -> None:
    if not array.ndim:
        array[()] = elements
        return
    if not isinstance(elements, list) or len(elements) != len(array):
        raise ValueError("its parts are of different lengths")
    for i, element in enumerate(elements):
        if array.ndim > 1:
            _fill(array[i], element)
        elif isinstance(element, (list, np.ndarray)):
            raise ValueError("its parts are of different lengths")
        else:
            array[i] = element
