"""Follow tokens through one forward pass: from the ids that embeddings receive to the inputs of recorded modules.

Inside ``run.batch`` every function of torch that the model's Python code calls passes through ``TokenFollower``, which
calls it unchanged and repeats what it does to the steps of its input on their places. The model's own values are never
touched. What happens where torch does not show it (TorchScript, another thread) ends the trace; nothing is then known.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from lstmviz.recording.follow.across import ACROSS, across
from lstmviz.recording.follow.rules import (
    LOOKUPS,
    RULES,
    Places,
    joined,
    move,
    no_place,
    of_rows,
    outputs_of,
    tensors_in,
    widened,
)

GIVEN = ""  # the source of the tokens that run.batch was given; an embedding always has a name
ONE_HOT = "one_hot"
_NOTHING: Places = {}
_STEP_CALLS = 1000  # calls of one step that are followed in a batch: a loop goes on as it began


_UNKNOWN_FORM = (RuntimeError, TypeError, ValueError, LookupError, AttributeError)
"""What a rule raises for a form of a call that it does not know; nothing is known of the result then."""


class _Trace(NamedTuple):
    """Where a tensor's elements stem from, valid while the tensor has this version."""

    tensor: weakref.ref[Tensor]
    version: int
    places: Places


class TokenFollower(TorchFunctionMode):
    """Follows tokens while a batch runs.

    ``names`` are those of the model's parameters, by identity; ``given`` is the tensor of tokens that the batch was
    given, where it is one, and ``n_vocab`` the width of rows that may be one-hot.
    """

    def __init__(self, names: Mapping[int, str], given: Tensor | None = None, n_vocab: int | None = None) -> None:
        super().__init__()
        self._n_vocab = n_vocab
        self._names = names
        self._traces: dict[int, _Trace] = {}
        self._read: dict[str, list[Tensor]] = {}
        self._n_read: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._n_step_calls = 0
        self._is_on = False
        if given is not None:
            n = given.numel()
            self._keep(given, {GIVEN: torch.arange(n, dtype=torch.int32, device=given.device).view(given.shape)})

    @property
    def is_on(self) -> bool:
        """Whether tokens are followed now; a long loop of single steps is followed at its beginning only."""
        return self._is_on

    def start(self) -> None:
        """Begin to follow."""
        torch._C._push_on_torch_function_stack(self)
        self._is_on = True

    def stop(self) -> None:
        """Stop following; a second call does nothing. Modes that the user's code entered meanwhile stay."""
        if not self._is_on:
            return
        self._is_on = False
        above = []
        while torch._C._len_torch_function_stack():
            top = torch._C._pop_torch_function_stack()
            if top is self:
                break
            above.append(top)
        for mode in reversed(above):
            torch._C._push_on_torch_function_stack(mode)

    def count_step_call(self) -> None:
        """Count a call of one step; a long loop of them is no longer followed, which would slow it down."""
        self._n_step_calls += 1
        if self._n_step_calls == _STEP_CALLS:
            self.stop()

    def add_one_hot(self, values: Tensor) -> None:
        """Take rows that are each 1 at one place and 0 elsewhere for the tokens of these numbers."""
        first = values.reshape(-1, values.shape[-1])[:1]
        if not (_is_one_hot(first) and _is_one_hot(values)):
            return
        self._add_source(ONE_HOT, values.shape[-1], values.argmax(-1), values)

    def rows_of(self, values: Tensor) -> dict[str, Tensor]:
        """Return the places of the rows of a tensor (..., n), by source."""
        return of_rows(self._places_of(values))

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that ids were looked up in."""
        return tuple(self._read)

    def calls(self, source: str) -> list[NDArray[np.int64]]:
        """Return the ids of each lookup of a source, in their own shapes."""
        return [ids.cpu().numpy().astype(np.int64, copy=False) for ids in self._read[source]]

    def n_ids(self, source: str) -> int:
        """Return how many ids a source knows."""
        return self._sizes[source]

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function unchanged, and note where its result stems from."""
        kwargs = kwargs or {}
        kind = RULES.get(func)
        before = self._places_of(args[0]) if kind is not None and args else _NOTHING  # an input may be written over
        result = func(*args, **kwargs)
        if kind == "iterate":
            result = tuple(result)
        if kind is not None and self._is_on:
            with torch.no_grad(), suppress(*_UNKNOWN_FORM):
                self._note(func, kind, args, kwargs, result, before)
        return iter(result) if kind == "iterate" else result

    def _note(self, func: Any, kind: str, args: Any, kwargs: Any, result: Any, before: Places) -> None:
        if kind in ("lookup", "scatter"):
            self._look_up(func, args, kwargs, result)
            return
        if func in LOOKUPS and args and isinstance(args[0], nn.Parameter):
            index = args[1] if func is torch.Tensor.__getitem__ else args[-1]
            if isinstance(index, Tensor) and not (index.is_floating_point() or index.dtype == torch.bool):
                self._add_source(self._name_of(args[0]), len(args[0]), index, result)
            return
        if kind == "row" and not before and args[0].shape[-1] == self._n_vocab:
            self.add_one_hot(args[0])
        if not self._traces or not any(id(t) in self._traces for t in tensors_in((*args, *kwargs.values()))):
            return
        self._note_kind(func, kind, args, kwargs, result, before)

    def _note_kind(self, func: Any, kind: str, args: Any, kwargs: Any, result: Any, before: Places) -> None:
        if kind == "move":
            for source, moved in move(func, self._places_of, args, kwargs, result):
                self._keep_all(result, source, moved)
        elif kind == "keep":
            self._keep(result, self._places_of(args[0]))
        elif kind == "each" or (kind == "reduce" and any(isinstance(a, Tensor) for a in args[1:])):
            parts = [self._places_of(t) for t in tensors_in((*args[1:], *kwargs.values()))]
            self._keep(result, joined([before, *parts], result.shape))
        elif kind in ("row", "addmm"):
            rows, *others = args[1:3] if kind == "addmm" else args[:2]
            if not any(self._places_of(other) for other in others):  # the rows of a product of two texts mix steps
                self._keep(result, widened(of_rows(self._places_of(rows)), result.shape[-1]))
        elif kind in ("cell", "layer"):
            rows = outputs_of(of_rows(self._places_of(args[0])))
            outputs = result[:1] if kind == "layer" else result if isinstance(result, tuple) else (result,)
            for output in outputs:
                self._keep(output, widened(rows, output.shape[-1]))
        elif kind in ACROSS:
            self._keep(result if isinstance(result, Tensor) else result[0], across(kind, self._places_of, args, kwargs))
        else:
            self._note_filling(func, kind, args, kwargs, result, before)

    def _note_filling(self, func: Any, kind: str, args: Any, kwargs: Any, result: Any, before: Places) -> None:
        """Note functions that put something in the place of steps."""
        if kind == "unpack":
            data, sizes, batch_first, _, total = args
            for source, place in self._places_of(data).items():
                padded = torch._VF._pad_packed_sequence(place.contiguous(), sizes, batch_first, -1, total)
                self._keep_all(result[0], source, padded[0])
        elif kind == "pad":
            widths = args[1] if len(args) > 1 else kwargs["pad"]
            places = self._places_of(args[0]).items()
            self._keep(result, {s: functional.pad(p, list(widths), value=-1) for s, p in places})
        elif kind == "where":
            condition, *branches = args
            parts = [self._places_of(b) if isinstance(b, Tensor) else _NOTHING for b in branches]
            sources = dict.fromkeys(source for part in parts for source in part)
            missing = no_place(result)
            yes, no = parts
            chosen = {s: torch.where(condition, yes.get(s, missing), no.get(s, missing)) for s in sources}
            self._keep(result, chosen)
        elif kind in ("mask", "rewrite"):
            places = (before if kind == "rewrite" else self._places_of(args[0])).items()
            self._keep(result, {s: p.masked_fill(args[1], -1) for s, p in places})
        elif kind == "masked":
            added = self._places_of(args[2])
            sources = dict.fromkeys((*before, *added))
            filled = {s: added.get(s, no_place(args[2])).contiguous() for s in sources}
            empty = no_place(result)
            self._keep(result, {s: before.get(s, empty).masked_scatter(args[1], filled[s]) for s in sources})
        elif kind == "sequence":
            parts = [self._places_of(t) for t in args[0]]
            for source in dict.fromkeys(name for part in parts for name in part):
                rows = [p.get(source, no_place(t)) for p, t in zip(parts, args[0], strict=True)]
                self._keep_all(result, source, func(rows, args[1], -1.0, *args[3:]))
        elif kind == "write":
            self._write(func, args, before)

    def _write(self, func: Any, args: Any, before: Places) -> None:
        """Note ``x[index] = y`` and the like; other writes end the trace of x, whose version they change."""
        target, value = args[0], args[1 if func is torch.Tensor.copy_ else -1]
        after = self._places_of(value) if isinstance(value, Tensor) else _NOTHING
        places = {}
        for source in dict.fromkeys((*before, *after)):
            place = before.get(source, no_place(target)).clone(memory_format=torch.contiguous_format)
            new = after.get(source, -1)
            if func is torch.Tensor.copy_:
                place.copy_(torch.as_tensor(new))
            elif func is torch.Tensor.__setitem__:
                place[args[1]] = new
            else:
                place.index_copy_(args[1], args[2], new if isinstance(new, Tensor) else no_place(value))
            places[source] = place
        self._keep(target, places)

    def _look_up(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        """Note a function that turns ids into rows; a bag of one token is that token, one of several is none."""
        if func in (torch.scatter, torch.Tensor.scatter, torch.Tensor.scatter_):
            values, dim, index, one = args
            if one == 1 and dim in (-1, values.dim() - 1) and index.shape == (*values.shape[:-1], 1):
                self._add_source(ONE_HOT, values.shape[-1], index[..., 0], result)
        elif func is functional.one_hot:
            self._add_source(ONE_HOT, result.shape[-1], args[0], result)
        elif func is functional.embedding_bag:
            ids, table = args[:2] if args[1].is_floating_point() else args[1::-1]
            if ids.numel() == len(result) > 0 and (ids.dim() == 2 or _counts(kwargs["offsets"])):
                self._add_source(self._name_of(table), len(table), ids.reshape(-1), result)
        else:
            ids, table = args[:2] if func is functional.embedding else args[1::-1]
            self._add_source(self._name_of(table), len(table), ids, result)

    def _add_source(self, name: str, n_ids: int, ids: Tensor, result: Tensor) -> None:
        """Note a lookup: each row of the result stems from one of the ids, and from what the ids stem from."""
        start = self._n_read.get(name, 0)
        stop = start + ids.numel()
        places = torch.arange(start, stop, dtype=torch.int32, device=ids.device).view(ids.shape)
        self._read.setdefault(name, []).append(ids.detach().clone())
        self._n_read[name] = stop
        self._sizes[name] = n_ids
        given = {s: p for s, p in self._places_of(ids).items() if s == GIVEN}
        self._keep(result, widened({**given, name: places}, result.shape[-1]))

    def _name_of(self, table: Tensor) -> str:
        return self._names.get(id(table), "embedding")

    def _places_of(self, values: Any) -> Places:
        trace = self._traces.get(id(values))
        if trace is None or trace.tensor() is not values or trace.version != _version(values):
            return _NOTHING
        return trace.places

    def _keep_all(self, result: Any, source: str, moved: Any) -> None:
        """Keep the places of every tensor in a result."""
        if isinstance(result, Tensor):
            self._keep(result, {**self._places_of(result), source: moved})
        else:
            for one, place in zip(result, moved, strict=True):
                if isinstance(one, Tensor) and one.shape == place.shape:
                    self._keep(one, {**self._places_of(one), source: place})

    def _keep(self, values: Tensor, places: Places) -> None:
        if places:
            self._traces[id(values)] = _Trace(weakref.ref(values), _version(values), places)
        else:
            self._traces.pop(id(values), None)


def _version(values: Any) -> int:
    return 0 if values.is_inference() else values._version


def _counts(starts: Tensor) -> bool:
    """Tell whether bags begin at 0, 1, 2 ..., so that each has one token, but perhaps the last."""
    return bool((starts == torch.arange(len(starts), device=starts.device)).all())


def _is_one_hot(values: Tensor) -> bool:
    return bool(((values == 0) | (values == 1)).all() & (values.sum(-1) == 1).all())
