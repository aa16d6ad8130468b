"""What each function of torch does to the steps of its input: moves them, keeps them, or looks tokens up.

Every rule takes the places of the inputs and returns those of the result, by repeating a movement on them. A function
without a rule may mix steps, so nothing is known of what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Places = Mapping[str, Tensor]
"""By source of tokens: the place, among the source's tokens, of the one that each element was made of; -1 for none."""

_MOVES = (
    "view reshape flatten unflatten view_as reshape_as transpose permute t swapaxes swapdims movedim moveaxis flip "
    "fliplr flipud roll rot90 gather take_along_dim index_select __getitem__ select narrow unbind split "
    "split_with_sizes chunk tensor_split hsplit vsplit cat concat concatenate stack hstack vstack dstack squeeze "
    "unsqueeze expand expand_as repeat tile repeat_interleave masked_select broadcast_to unfold take "
    "_pack_padded_sequence"
)
_KEEPS = (
    "to float double half bfloat16 long int type type_as cuda cpu clone detach detach_ contiguous requires_grad_ "
    "pin_memory alias"
)
_EACH = (
    "add sub mul div true_divide multiply subtract divide floor_divide remainder fmod pow neg abs exp log log1p sqrt "
    "rsqrt sigmoid tanh relu relu6 leaky_relu elu selu celu gelu silu mish softplus softsign hardtanh hardsigmoid "
    "hardswish logsigmoid clamp clip minimum maximum lerp dropout dropout1d feature_dropout alpha_dropout sin cos erf "
    "sign square reciprocal round floor ceil prelu rrelu batch_norm threshold addcmul addcdiv __add__ __radd__ __sub__ "
    "__rsub__ __mul__ __rmul__ __truediv__ __rtruediv__ __div__ __rdiv__ __floordiv__ __mod__ __pow__ __neg__ __abs__ "
    "rsub __iadd__ __isub__ __imul__ __itruediv__ __idiv__ nan_to_num exp2 log2 softshrink hardshrink tanhshrink "
    "dropout2d dropout3d"
)
_ROWS = "linear matmul mm bmm __matmul__ layer_norm rms_norm glu"
_CELLS = "lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell"
_LAYERS = "lstm gru rnn_tanh rnn_relu"
_GETTERS = {"T": "move", "mT": "move", "data": "keep"}


def _rules() -> dict[Any, str]:
    """Return the kind of rule of each function, of torch, of its tensors and of ``torch.nn.functional``."""
    kinds = {
        "move": _MOVES,
        "keep": _KEEPS,
        "each": _EACH,
        "row": _ROWS,
        "cell": _CELLS,
        "layer": _LAYERS,
        "addmm": "addmm",
        "unpack": "_pad_packed_sequence",
        "pad": "pad",
        "where": "where",
        "mask": "masked_fill",
        "write": "__setitem__ copy_ index_copy_",
        "lookup": "embedding",
        "rewrite": "masked_fill_",
        "scatter": "scatter scatter_",
        "iterate": "__iter__",
        "softmax": "softmax log_softmax softmin normalize",
        "reduce": "sum mean prod amax amin max min logsumexp",
        "einsum": "einsum",
        "convolution": "conv1d conv2d",
        "masked": "masked_scatter masked_scatter_",
    }
    rules: dict[Any, str] = {}
    for kind, names in kinds.items():
        for name in names.split():
            for home in (torch, torch.Tensor, functional):
                if (function := getattr(home, name, None)) is not None:
                    rules[function] = kind
    for name in _EACH.split():
        if (function := getattr(torch.Tensor, f"{name}_", None)) is not None:
            rules[function] = "each"
    rules |= {functional.embedding_bag: "lookup", functional.one_hot: "lookup", torch._C._nn.pad_sequence: "sequence"}
    for name, kind in _GETTERS.items():
        rules[getattr(torch.Tensor, name).__get__] = kind
    return rules


RULES = _rules()
LOOKUPS = (torch.Tensor.__getitem__, torch.index_select, torch.Tensor.index_select)  # in a parameter: a table's rows


def tensors_in(args: Sequence[Any]) -> Iterator[Tensor]:
    """Yield the tensors among arguments, those in lists too."""
    for arg in args:
        if isinstance(arg, Tensor):
            yield arg
        elif isinstance(arg, (list, tuple)):
            yield from (a for a in arg if isinstance(a, Tensor))


def no_place(like: Tensor) -> Tensor:
    """Return the places of a tensor that stems from no token: -1 everywhere, in no memory of its own."""
    return torch.full((), -1, dtype=torch.int32, device=like.device).expand(like.shape)


_THROUGH = "\0"


def through(source: str) -> str:
    """Return the name under which a source is known in the outputs of a recurrent module.

    An output stands at its step's token, and knows earlier ones too: where it comes back as an input of a later step,
    that step has not read the token again.
    """
    return source if source.endswith(_THROUGH) else source + _THROUGH


def plain(source: str) -> str:
    """Return the name of a source itself."""
    return source.removesuffix(_THROUGH)


_BY_ROWS = {getattr(torch, name) for name in ("flip", "index_select", "cat", "stack")}
_BY_ROWS |= {getattr(torch.Tensor, name) for name in ("flip", "index_select", "__getitem__")}


def move(
    function: Callable[..., Any], places_of: Callable[[Tensor], Places], args: Any, kwargs: Any, result: Any
) -> list[Any]:
    """Repeat a movement on the places of its input; return what that gives for each source, as (source, places)."""
    moved = args[0] if args else kwargs.get("input", kwargs.get("tensors"))
    parts = [moved] if isinstance(moved, Tensor) else list(moved)
    known = [places_of(part) for part in parts]
    results = []
    for source in dict.fromkeys(name for places in known for name in places):
        inputs = [p[source] if source in p else no_place(part) for p, part in zip(known, parts, strict=True)]
        given = inputs[0] if isinstance(moved, Tensor) else inputs
        rest = {k: v for k, v in kwargs.items() if k not in ("input", "tensors")}
        rows = _moved_rows(function, inputs, isinstance(moved, Tensor), args, rest, result)
        results.append((source, function(given, *args[1:], **rest) if rows is None else rows))
    return results


def _moved_rows(
    function: Callable[..., Any], inputs: Sequence[Tensor], is_one: bool, args: Any, kwargs: Any, result: Any
) -> Tensor | None:
    """Repeat a movement of whole rows on one column of their places, which is all there is to them; else None."""
    if function not in _BY_ROWS or any(p.dim() < 2 or p.stride(-1) for p in inputs):
        return None
    columns = [p[..., :1] for p in inputs]
    try:
        moved = function(columns[0] if is_one else columns, *args[1:], **kwargs)
    except (RuntimeError, IndexError):
        return None
    is_whole = moved.shape == (*result.shape[:-1], 1) and result.shape[-1] == inputs[0].shape[-1]
    return moved.expand(result.shape) if is_whole else None


def joined(parts: Sequence[Places], shape: torch.Size) -> dict[str, Tensor]:
    """Return the places of what is computed element by element from several tensors.

    A source is left out where an element stems from two of its tokens: steps are mixed there.
    """
    result: dict[str, Tensor] = {}
    mixed = set()
    for places in parts:
        for source, place in places.items():
            wide = place.expand(shape)
            before = result.get(source)
            if before is None or (before.data_ptr() == wide.data_ptr() and before.stride() == wide.stride()):
                result[source] = wide
            elif bool(((before == wide) | (before < 0) | (wide < 0)).all()):
                result[source] = torch.maximum(before, wide)
            else:
                mixed.add(source)
    return {source: place for source, place in result.items() if source not in mixed}


def of_rows(places: Places) -> dict[str, Tensor]:
    """Return the place of each row (..., n), as (...,); a source that has two tokens in one row is left out."""
    rows = {}
    for source, place in places.items():
        if place.dim() == 0:
            continue
        if place.shape[-1] == 0 or place.stride(-1) == 0 or place.shape[-1] == 1:
            rows[source] = place[..., 0] if place.shape[-1] else place.sum(-1) - 1
            continue
        top = place.amax(-1)
        if bool(((place == top[..., None]) | (place < 0)).all()):
            rows[source] = top
    return rows


def outputs_of(rows: Places) -> dict[str, Tensor]:
    """Return the places of a recurrent module's outputs, by those of the rows that it read."""
    indirect = {source: place for source, place in rows.items() if source != plain(source)}
    return indirect | {through(source): place for source, place in rows.items() if source == plain(source)}


def widened(rows: Places, n: int) -> dict[str, Tensor]:
    """Return the places of rows of n columns, each of the place of its row."""
    return {source: row[..., None].expand(*row.shape, n) for source, row in rows.items()}
