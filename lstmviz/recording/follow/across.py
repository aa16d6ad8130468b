"""What functions that compute across a dimension do to steps: each stays itself where that dimension lies inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from torch import Tensor

from lstmviz.recording.follow.rules import Places

ACROSS = ("softmax", "reduce", "einsum", "convolution")


def across(kind: str, places_of: Callable[[Any], Places], args: Any, kwargs: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the places of the result of a function, by source; a source whose steps it mixes is left out.

    ``kind`` is "softmax" for what keeps its shape, "reduce" for what takes a dimension away, "einsum", or "convolution"
    for one whose kernel is a single step wide.
    """
    if kind == "einsum":
        return _einsum(places_of, args)
    places = places_of(args[0])
    if kind == "convolution":
        kernel = args[1] if len(args) > 1 else kwargs["weight"]
        is_pointwise = kernel[0, 0].numel() == 1 and args[0].dim() == kernel.dim()
        return (
            _by_source(places, lambda p: _merge_along(p, (1,)).expand(len(p), len(kernel), *p.shape[2:]))
            if is_pointwise
            else {}
        )
    dims = _dims(args, kwargs, args[0].dim())
    if kind == "softmax":
        return _by_source(places, lambda p: _merge_along(p, dims).expand_as(p))
    keeps = kwargs.get("keepdim", len(args) > 2 and args[2] is True)
    return _by_source(places, lambda p: _merge_along(p, dims) if keeps else _merge_along(p, dims).squeeze(dims))


class _MixedError(Exception):
    """Elements of two tokens are computed together."""


def _by_source(places: Places, function: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """Apply a function to the places of each source; a source of which it mixes tokens is left out."""
    result = {}
    for source, place in places.items():
        try:
            result[source] = function(place)
        except _MixedError:
            continue
    return result


def _merge_along(place: Tensor, dims: Sequence[int]) -> Tensor:
    """Return the places with some dimensions merged to size 1; _MixedError where they differ along one."""
    for dim in dims:
        if place.shape[dim] == 1 or (place.stride(dim) == 0 and place.shape[dim]):
            place = place.narrow(dim, 0, 1)
            continue
        top = place.amax(dim, keepdim=True)
        if not bool(((place == top) | (place < 0)).all()):
            raise _MixedError
        place = top
    return place


def _dims(args: Any, kwargs: Mapping[str, Any], n: int) -> tuple[int, ...]:
    """Return the dimensions that a function was called for: all of them where none is named."""
    given = kwargs.get("dim", next((a for a in args[1:] if isinstance(a, (int, tuple, list))), range(n)))
    return tuple(dim % n for dim in ((given,) if isinstance(given, int) else given))


def _einsum(places_of: Callable[[Any], Places], args: Any) -> dict[str, Tensor]:
    """Return the places of a sum of products in which one operand alone stems from tokens."""
    operands = args[1] if isinstance(args[1], (list, tuple)) else args[1:]
    known = [places_of(operand) for operand in operands]
    if sum(map(bool, known)) != 1:
        return {}
    inputs, _, output = args[0].replace(" ", "").partition("->")
    specs = [_spelled(spec, o.dim()) for spec, o in zip(inputs.split(","), operands, strict=True)]
    sizes = {
        letter: n for spec, o in zip(specs, operands, strict=True) for letter, n in zip(spec, o.shape, strict=True)
    }
    own = next(spec for spec, places in zip(specs, known, strict=True) if places)
    longest = max((spec for spec in specs), key=lambda s: sum(letter in ascii_uppercase for letter in s))
    output = output.replace("...", "".join(letter for letter in longest if letter in ascii_uppercase))
    summed = [dim for dim, letter in enumerate(own) if letter not in output]
    kept = [letter for letter in own if letter in output]

    def moved(place: Tensor) -> Tensor:
        place = _merge_along(place, summed).squeeze(tuple(summed))
        place = place.permute([kept.index(letter) for letter in output if letter in kept])
        for dim, letter in enumerate(output):
            place = place if letter in kept else place.unsqueeze(dim)
        return place.expand([sizes[letter] for letter in output])

    return _by_source(next(filter(None, known)), moved)


def _spelled(spec: str, n: int) -> str:
    """Return the letters of an operand of ``n`` dimensions, capital ones in place of an ellipsis, from the right on."""
    n_more = n - len(spec.replace("...", ""))
    return spec.replace("...", ascii_uppercase[26 - n_more :] if n_more else "")
