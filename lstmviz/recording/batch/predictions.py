"""A model's predictions as tracks: the likeliest tokens, the loss, and whether the prediction was right.

``Recording.predictions`` keeps what the two public functions return. They read logits chunk by chunk on the model's
device, so that neither a second copy of (batch, steps, n_vocab) nor a gradient is ever made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from lstmviz.checks import short_repr
from lstmviz.dump.values import as_array, is_whole, plain
from lstmviz.dump.vocabulary import read_vocab
from lstmviz.errors import InputError, reason_of

GROUP = "predictions"  # the tracks are drawn together
RIGHT, WRONG = "right", "wrong"
_NONE = -100  # the target of no target, as torch's losses have it
_CHUNK = 4_000_000  # logits read at a time: 16 MB of float32, whatever the size of the vocabulary
_NEAR_ONE = 1e-3  # how far the sum of a row of probabilities may be from 1, in any dtype

Tracks = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Scores:
    """The best ``top_k`` of each row of logits, and the loss of its target: (n, top_k), (n, top_k), (n,)."""

    best: NDArray[np.int64]
    p: NDArray[np.float32]
    loss: NDArray[np.float32]


def token_predictions(
    logits: Any,
    targets: Any,
    shape: tuple[int, int],
    *,
    top_k: int = 5,
    labels: Sequence[str] | None = None,
    needs_all: bool = False,
    is_steps_first: bool | None = None,
) -> Tracks:
    """Return the tracks of per-step predictions by name, each of ``shape``, (batch, steps).

    ``logits`` (batch, steps, n_vocab) may be log-probabilities too; a tensor on any device, or an array. ``targets``
    (batch, steps) are ids, negative where there is none (such as -100), or None. ``labels`` name the ids (default: the
    id itself). Object arrays hold strings (None: no value), for categories; float32 arrays hold numbers:

    - ``top1`` .. ``top<k>``: the likeliest tokens, best first (equal ones in no fixed order); ``p1`` .. ``p<k>``: their
      probabilities. There are never more than n_vocab.
    - with targets, ``loss``: the target's negative log-likelihood in nats (NaN without a target), and ``right``:
      "right" where the target is top1, else "wrong" (None without a target).

    One logit, (batch, steps, 1), is that of yes against no, with two labels. A row of logits with NaN predicts nothing:
    None and NaN. With ``needs_all`` there has to be a label for each id. Raises InputError with a guess at the mistake.
    """
    values, targets = _two_sided(_read_logits(logits), targets)
    _check_logits(values, shape, is_steps_first=is_steps_first)
    _check_labels(labels, values.shape[2], needs_all=needs_all)
    target_ids = None if targets is None else _targets(targets, shape, values.shape[2], labels)
    k = _top_k(top_k, values.shape[2])
    scores = _scores(values, k, target_ids)
    return _tracks(scores, target_ids, shape, labels, lambda i: (f"top{i + 1}", f"p{i + 1}"))


def class_predictions(logits: Any, targets: Any, n_sequences: int, *, labels: Sequence[str] | None = None) -> Tracks:
    """Return the tracks of a classifier's predictions by name, one value a sequence, each (n_sequences,).

    ``logits`` (n_sequences, n_classes), ``targets`` (n_sequences,) and ``labels`` are as in ``token_predictions``. The
    tracks are ``predicted`` and ``p``, and with targets ``loss`` and ``right``. ``logits`` (n_sequences,) are those of
    yes against no.
    """
    given = _read_logits(logits)
    is_one_each = tuple(given.shape) == (n_sequences,)
    values, targets = _two_sided(given[:, None] if is_one_each else given, targets)
    if values.dim() != 2 or len(values) != n_sequences:
        raise InputError(
            f"logits have shape {tuple(values.shape)}; a prediction for each of the {n_sequences} sequences needs "
            f"({n_sequences}, n_classes)"
        )
    values = values[:, None]
    if targets is not None:
        targets = _ids(targets, labels, values.shape[2])
        if tuple(targets.shape) != (n_sequences,):
            raise InputError(
                f"targets have shape {tuple(targets.shape)}; give one class id for each of the {n_sequences} sequences"
            )
        targets = targets[:, None]
    _check_logits(values, (n_sequences, 1))
    _check_labels(labels, values.shape[2], needs_all=True)
    target_ids = None if targets is None else _targets(targets, (n_sequences, 1), values.shape[2])
    scores = _scores(values, 1, target_ids)
    return _tracks(scores, target_ids, (n_sequences,), labels, lambda _: ("predicted", "p"))


def value_tracks(
    values: Any, targets: Any, shape: tuple[int, ...], *, kind: str, labels: Sequence[str] | None = None
) -> Tracks:
    """Return one track for each output of a model that is no softmax, each of ``shape``, (batch, steps) or (batch,).

    ``values`` (..., n), or a tuple of n arrays of ``shape``, are numbers that are kept as they are (``kind``
    "values": forecasts, the mean and scale of a distribution), or logits of n labels of which each is true or not
    ("sigmoids"), whose probabilities are kept. With targets of the same shape there is ``loss``: the cross-entropy in
    nats, or the absolute error, as a mean over the n outputs.
    """
    parts = [torch.as_tensor(v) for v in values] if isinstance(values, (tuple, list)) else None
    tensor = _read_logits(values if parts is None else torch.stack(parts, -1))
    tensor = tensor[..., None] if tuple(tensor.shape) == shape else tensor
    if tensor.dim() != len(shape) + 1 or tuple(tensor.shape[:-1]) != shape:
        raise InputError(f"outputs have shape {tuple(tensor.shape)} and ({', '.join(map(str, shape))}, n) is needed")
    _check_labels(labels, tensor.shape[-1], needs_all=True)
    wide = tensor.double() if tensor.dtype == torch.float64 else tensor.float()
    values_kept = wide.sigmoid() if kind == "sigmoids" else wide
    stem = "p" if kind == "sigmoids" else "output"
    names = [f"{stem} {i}" for i in range(values_kept.shape[-1])] if labels is None else list(labels)
    tracks = {name: values_kept[..., i].float().cpu().numpy() for i, name in enumerate(names)}
    if targets is not None:
        wanted = torch.as_tensor(np.asarray(targets.cpu() if isinstance(targets, Tensor) else targets)).to(wide)
        wanted = wanted[..., None] if tuple(wanted.shape) == shape and wide.shape[-1] == 1 else wanted
        if wanted.shape != wide.shape:
            remedy = "give a target for each output"
            if tuple(wanted.shape) == shape:
                remedy += ", or the one output that has targets in a call of its own, under a name="
            raise InputError(f"targets have shape {tuple(wanted.shape)} and outputs {tuple(wide.shape)}; {remedy}")
        each = _cross_entropy(wide, wanted) if kind == "sigmoids" else (wide - wanted).abs()
        tracks["loss"] = each.mean(-1).float().cpu().numpy()
    return tracks


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(logits, targets, reduction="none")


def _two_sided(logits: Tensor, targets: Any) -> tuple[Tensor, Any]:
    """Return the one logit of yes against no as two, and its targets of 0 and 1 as ids; others unchanged."""
    if logits.dim() < 2 or logits.shape[-1] != 1:
        return logits, targets
    numbers = np.asarray(targets.detach().cpu() if isinstance(targets, Tensor) else targets)
    if numbers.dtype.kind in "bf" and np.isin(numbers, (0, 1)).all():
        targets = numbers.astype(np.int64).reshape(tuple(logits.shape[:-1]) if numbers.size == logits.numel() else -1)
    return torch.cat([torch.zeros_like(logits), logits], dim=-1), targets


def _check_labels(labels: Sequence[str] | None, n: int, *, needs_all: bool) -> None:
    if labels is not None and needs_all and len(labels) != n:
        raise InputError(
            f"labels names {len(labels)} and there are {n} scores; give one label for each, in their order"
        )


def _chunks(logits: Tensor) -> Iterator[Tensor]:
    """Yield logits as chunks (rows, n_vocab), row after row; at most one chunk is copied, where its layout needs it."""
    n_steps, n_labels = logits.shape[1:]
    for sequences in torch.split(logits, max(1, _CHUNK // (n_steps * n_labels))):
        for chunk in torch.split(sequences, max(1, _CHUNK // n_labels), dim=1):
            yield chunk.reshape(-1, n_labels)


@torch.no_grad()
def _scores(logits: Tensor, k: int, targets: NDArray[np.int64] | None) -> _Scores:
    wide = torch.float64 if logits.dtype == torch.float64 else torch.float32
    n, n_labels = logits.shape[0] * logits.shape[1], logits.shape[2]
    flat = torch.full((n,), -1) if targets is None else torch.from_numpy(targets.ravel())
    wanted = flat.to(logits.device)
    best = torch.empty(n, k, dtype=torch.int64, device=logits.device)
    log_p, loss = (torch.empty(size, dtype=wide, device=logits.device) for size in ((n, k), (n,)))
    start = 0
    for chunk in _chunks(logits):
        if not start:
            _refuse_probabilities(chunk)
        at = slice(start, start + len(chunk))
        scores = torch.log_softmax(chunk.to(wide), dim=1)
        torch.topk(scores, k, dim=1, out=(log_p[at], best[at]))
        loss[at] = scores.gather(1, wanted[at].clamp(0, n_labels - 1)[:, None])[:, 0].neg_()
        start += len(chunk)
    loss.masked_fill_(wanted < 0, float("nan"))
    best.masked_fill_(log_p.isnan(), -1)  # topk takes NaN for the largest, so such a row has no log-probability
    return _Scores(best.cpu().numpy(), log_p.exp_().float().cpu().numpy(), loss.float().cpu().numpy())


def _tracks(
    scores: _Scores,
    targets: NDArray[np.int64] | None,
    shape: tuple[int, ...],
    labels: Sequence[str] | None,
    names: Callable[[int], tuple[str, str]],
) -> Tracks:
    tracks: Tracks = {}
    words = _words(scores.best, labels)
    for i in range(scores.best.shape[1]):
        top, p = names(i)
        tracks[top] = words[:, i].reshape(shape)
        tracks[p] = scores.p[:, i].reshape(shape)
    if targets is None:
        return tracks
    flat = targets.ravel()
    right = np.where(scores.best[:, 0] == flat, RIGHT, WRONG).astype(object)
    right[(flat < 0) | (scores.best[:, 0] < 0)] = None
    return {**tracks, "loss": scores.loss.reshape(shape), "right": right.reshape(shape)}


def _words(ids: NDArray[np.int64], labels: Sequence[str] | None) -> NDArray[Any]:
    """Return the label of each id, as one shared string for each; ids past the labels are written ``<id>``."""
    known, place = np.unique(ids, return_inverse=True)
    words = np.empty(len(known), object)
    for i, index in enumerate(known.tolist()):
        if index < 0:
            words[i] = None
        elif labels is None:
            words[i] = str(index)
        else:
            words[i] = labels[index] if index < len(labels) else f"<{index}>"
    return words[place.reshape(ids.shape)]


def _read_logits(given: Any) -> Tensor:
    try:
        values = given.detach() if isinstance(given, Tensor) else torch.as_tensor(np.asarray(given))
    except (TypeError, ValueError, RuntimeError) as err:
        raise InputError(f"logits cannot be read ({reason_of(err)}); give a tensor") from err
    if not values.is_floating_point():
        raise InputError(f"logits are {str(values.dtype).removeprefix('torch.')}; give the model's scores, not ids")
    return values


def _check_logits(logits: Tensor, shape: tuple[int, int], *, is_steps_first: bool | None = None) -> None:
    given = tuple(logits.shape)
    if logits.dim() == 3 and given[:2] == shape and given[2] > 0:
        return
    batch, steps = shape
    guess = "give one row of scores for each step"
    if logits.dim() == 3 and given[:2] == shape[::-1]:
        guess = "did you pass (steps, batch, n_vocab)? give logits.transpose(0, 1)"
    elif logits.dim() == 3 and (given[0], given[2]) == shape:
        guess = "did you pass (batch, n_vocab, steps)? give logits.transpose(1, 2)"
    elif batch == 1 and (logits.dim() == 1 or (logits.dim() == 2 and given[0] == steps)):
        guess = "they have no batch; give logits[None]"
    elif logits.dim() == 2 and given[0] == batch * steps:
        rows = f"logits.view({batch}, {steps}, -1)"
        columns = f"logits.view({steps}, {batch}, -1).transpose(0, 1)"
        both = f"{rows}, or {columns} if the model is (steps, batch)"
        guess = f"they are flattened; give {both if is_steps_first is None else columns if is_steps_first else rows}"
    elif logits.dim() == 3 and given[0] == batch and given[1] != steps:
        guess = f"they have {given[1]} steps; predict once after each token, and leave nothing out"
    raise InputError(f"logits have shape {given} and ({batch}, {steps}, n_vocab) is needed; {guess}")


def _ids(given: Any, labels: Sequence[str] | None, n_labels: int) -> NDArray[np.int64]:
    """Return targets as ids, -100 for none: numbers as they are, strings by the labels, True as 1 of two labels."""
    values = as_array("targets", given, "ids", "give integer ids, -100 where there is no target")
    if values.dtype.kind == "b" and n_labels == 2:
        return values.astype(np.int64)
    if values.dtype.kind == "O":
        number = {label: i for i, label in reversed(list(enumerate(labels or ())))} | {None: _NONE}
        odd = next((v for v in values.flat if v not in number), None)
        if odd is not None:
            kind = "ids" if labels is None else "ids or labels"
            raise InputError(f"targets have {short_repr(odd)}; give {kind}, and None or -100 where there is no target")
        return np.array([number[v] for v in values.flat], np.int64).reshape(values.shape)
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), _NONE, values)
    if values.dtype.kind == "b" or not is_whole(values):
        odd = values[values != np.round(values)].ravel()[:1].tolist() if values.dtype.kind == "f" else values.dtype
        raise InputError(f"targets have {odd}; give integer ids, -100 where there is no target")
    return values.astype(np.int64)


def read_labels(given: Any) -> tuple[str, ...] | None:
    """Return the names of scores as strings, from a list, a column, an enumeration, or a mapping as of a vocabulary."""
    if given is None:
        return None
    if isinstance(given, (list, tuple)) and set(map(type, given)) == {str}:  # a whole vocabulary, at every batch
        return tuple(given)
    if isinstance(given, Mapping):
        return read_vocab(given)
    names = plain(given)
    if isinstance(names, str) or not isinstance(names, (list, np.ndarray)):
        raise InputError(f"labels are {short_repr(given)}; give a list, the name of each score")
    return tuple(str(name) for name in names)


def _targets(
    given: Any, shape: tuple[int, int], n_labels: int, labels: Sequence[str] | None = None
) -> NDArray[np.int64]:
    ids = _ids(given, labels, n_labels)
    if ids.shape != shape:
        guess = "give one id for each step, -100 where there is none"
        if ids.shape == shape[::-1]:
            guess = "did you pass (steps, batch)? give targets.T"
        elif ids.ndim == 1 and len(ids) == shape[0] * shape[1]:
            guess = (
                f"they are flattened; give targets.view{shape}, or targets.view{shape[::-1]}.T if they are "
                "(steps, batch)"
            )
        raise InputError(f"targets have shape {ids.shape} and {shape} is needed; {guess}")
    large = np.argwhere(ids >= n_labels)
    if len(large):
        sequence, step = large[0].tolist()
        raise InputError(
            f"target {ids[sequence, step]} at step {step} of sequence {sequence} is outside the {n_labels} that logits "
            "score; give ids below that, or -100 for no target"
        )
    return ids


def _top_k(given: Any, n_labels: int) -> int:
    if not isinstance(given, (int, np.integer)) or isinstance(given, bool) or given < 1:
        raise InputError(f"top_k is {given!r}; give how many predictions to keep, a whole number of 1 or more")
    return min(int(given), n_labels)


def _refuse_probabilities(logits: Tensor) -> None:
    """Raise InputError for probabilities: taken for logits they give numbers that look right and are not."""
    if logits.shape[1] < 2 or not len(logits):
        return
    low, high = torch.aminmax(logits)
    if bool((low >= 0) & (high <= 1)) and bool(((logits.float().sum(1) - 1).abs() <= _NEAR_ONE).all()):
        raise InputError("logits look like probabilities (each row sums to 1); give logits, or their log()")
