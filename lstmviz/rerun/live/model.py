"""``lstmviz.LiveModel``: a torch module of one's own that runs typed texts, with what turns a text into its ids."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from lstmviz.checks import short_repr
from lstmviz.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class LiveModel:
    """A model of your own, in your own process, that runs the texts that somebody types.

    ``Dump.attach`` and ``Dump.serve`` take one, and the module alone where it needs none of the options. The module is
    never copied: it runs in evaluation mode and without gradients while a text is read, one text at a time, and keeps
    its training mode, its hooks, its gradients and its device.

    Args:
        model: The torch module that was recorded.
        encode: Turns a text into what the model reads: ids as a list, an array, a tensor, or what a tokenizer returns;
            strings of the dump's vocabulary; or numbers, (n_steps, n_features). A tokenizer will do. None: a text is
            cut as the dump's vocabulary is joined, into characters or at white space.
        forward: Called as ``forward(model, ids)`` with ids of shape (1, n_steps); returns the logits of the next token,
            (1, n_steps, n_vocab), of a label of each step, (1, n_steps, n_labels), or of the whole text, (1, n_labels);
            or None. It may take batches too: ablation is then many times faster. None: the model is called with ids in
            the layout of its recurrent modules, with an initial state where it needs one, and its logits are looked for
            in what it returns.
        device: Where ids are sent; None for the device of the model.
        labels: Names of the logits, if they are not of the next token.
        untrained: Called without arguments, returns a new model of the same shape, to compare with
            (``untrained=True``); None: there is none to compare with.

    Raises:
        InputError: An argument is of another kind.

    Example:
        >>> import torch
        >>> torch.manual_seed(0).initial_seed()
        0
        >>> net = torch.nn.Sequential(torch.nn.Embedding(2, 3), torch.nn.LSTM(3, 4, batch_first=True))
        >>> path = lstmviz.record_corpus(net, ["abba", "ba"], encode=list, vocab=["a", "b"], path="live.h5")
        >>> letters = lstmviz.open_dump(path)
        >>> letters.attach(lstmviz.LiveModel(net, encode=list))
        >>> letters.rerun("ab").states("1.l0.h").shape
        (2, 4)
    """

    def __init__(
        self,
        model: nn.Module,
        encode: Callable[[str], Any] | Any = None,
        forward: Callable[[nn.Module, Tensor], Any] | None = None,
        device: str | torch.device | None = None,
        *,
        labels: Sequence[str] | None = None,
        untrained: Callable[[], nn.Module] | None = None,
    ) -> None:
        from torch import nn

        if not isinstance(model, nn.Module):
            raise InputError(f"a {type(model).__name__} is no torch module; give the nn.Module that was recorded")
        self.model = model
        self.encode = _encoder("encode", encode)
        self.forward = _function("forward", forward, "lambda model, ids: model(ids)", n_arguments=2)
        self.device = device
        self.labels = _labels(labels)
        self.untrained = _function("untrained", untrained, "lambda: MyModel()", n_arguments=0)

    def __repr__(self) -> str:
        return f"<LiveModel of a {type(self.model).__name__}>"


AnyModel: TypeAlias = "LiveModel | nn.Module"
"""What can run the texts of a dump."""


def as_live(given: Any, encode: Any = None) -> LiveModel:
    """Return a LiveModel of a module, or the one that is given; InputError for anything else."""
    if not isinstance(given, LiveModel):
        return LiveModel(given, encode)
    if encode is not None:
        raise InputError("encode is given beside a LiveModel, which has its own; give it to LiveModel")
    return given


def _encoder(name: str, given: Any) -> Callable[[str], Any] | None:
    """Return a function, or that of a tokenizer that cannot be called itself."""
    encode = given if callable(given) else getattr(given, "encode", given)
    return cast("Callable[[str], Any] | None", _function(name, encode, "str.split", n_arguments=1))


def _function(name: str, given: Any, example: str, n_arguments: int) -> Any:
    if given is None:
        return None
    if not callable(given):
        raise InputError(f"{name} is {short_repr(given)}, which cannot be called; give a function such as {example}")
    if isinstance(given, (FunctionType, MethodType)):  # others do not always say what they take
        try:
            inspect.signature(given).bind(*[None] * n_arguments)
        except TypeError as err:
            wanted = f"is called with {n_arguments} argument{'s' * (n_arguments != 1)}"
            raise InputError(f"{name} {wanted}, and this one cannot be ({err}); such as {example}") from err
    return given


def _labels(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    if isinstance(given, str) or not all(isinstance(label, str) for label in given):
        raise InputError(f"labels are {short_repr(given)}; give a list of names, one for each logit")
    return tuple(given)
