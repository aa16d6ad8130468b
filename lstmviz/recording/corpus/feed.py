"""Run a model over batches of texts, in the layout that its modules expect."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lstmviz.errors import InputError, LayoutError
from lstmviz.recording.corpus.documents import Document, next_tokens, padded, step_tracks

if TYPE_CHECKING:
    from lstmviz.recording.recording import Recording

USUAL_TOP_K = 3  # predictions kept a step, where nobody says how many
Forward = Callable[[nn.Module, Tensor, Tensor], Any]
"""Called with the model, ids (batch, steps) and lengths (batch,); returns the output of the model."""


class Feed:
    """Runs a model over batches of documents inside a recording; see ``record_corpus`` for how it is called.

    With ``top_k`` None, predictions are kept where the model gives a score for each token, and nothing is said where
    it does not.
    """

    def __init__(
        self, model: nn.Module, forward: Forward | None, top_k: int | None, n_vocab: int | None = None
    ) -> None:
        self._model = model
        self._forward = forward
        self._top_k = top_k
        self._is_steps_first = forward is None and is_steps_first(model)
        self._pad = _pad_of(model)
        self._n_tokens = n_tokens_of(model, n_vocab) or None
        self._device = device_of(model)
        if forward is None:
            _check_takes_ids(model)

    def batch(self, run: Recording, documents: Sequence[Document]) -> None:
        """Run the model over some documents as one recorded batch."""
        ids = padded(documents, self._pad)
        lengths = [len(d.ids) for d in documents]
        names = documents[0].sequence_tracks
        of_texts = {name: [d.sequence_tracks[name] for d in documents] for name in names} or None
        tracks = step_tracks(documents) or None
        rows = [d.as_written for d in documents]
        as_written = None if rows[0] is None else rows
        try:
            numbers = [d.number for d in documents]
            given: dict[str, Any] = {"documents": numbers, "tracks": tracks, "sequence_tracks": of_texts}
            with run.batch(tokens=ids, lengths=lengths, as_written=as_written, **given):
                output = self._run(torch.from_numpy(ids).to(self._device), torch.tensor(lengths))
                if self._top_k is None:
                    if (logits := scores_in(output, ids.shape, self._n_tokens, self._is_steps_first)) is not None:
                        run.predictions(logits, next_tokens(documents), top_k=USUAL_TOP_K)
                elif self._top_k:
                    self._predict(run, self._logits(output, ids.shape), documents)
        except LayoutError as err:
            if self._forward is not None:
                raise
            raise LayoutError(self._other_layout()) from err

    def _predict(self, run: Recording, logits: Tensor, documents: Sequence[Document]) -> None:
        """Keep predictions: of the next token where there is a score for each token, else of the step or the text."""
        if logits.dim() == 3 and (self._n_tokens is None or logits.shape[-1] in self._n_tokens):
            run.predictions(logits, next_tokens(documents), top_k=self._top_k or USUAL_TOP_K)
        else:
            run.predictions(logits, top_k=self._top_k or USUAL_TOP_K, concerns="step")

    def _other_layout(self) -> str:
        """Say that the guessed layout is wrong; the first batch is not square, so a wrong guess always shows."""
        guess, other = ("(steps, batch)", "ids") if self._is_steps_first else ("(batch, steps)", "ids.T")
        return (
            f"{type(self._model).__name__} does not take ids of {guess}, as its modules suggest; say how with "
            f"forward=lambda model, ids, lengths: model({other})"
        )

    def _run(self, ids: Tensor, lengths: Tensor) -> Any:
        if self._forward is not None:
            return self._forward(self._model, ids, lengths)
        return self._model(ids.t().contiguous() if self._is_steps_first else ids)

    def _logits(self, output: Any, shape: tuple[int, ...]) -> Tensor:
        """Return the logits in an output, as (batch, steps, n_vocab) where the layout is known."""
        logits = output[0] if isinstance(output, (tuple, list)) and output else output
        if not isinstance(logits, Tensor):
            raise InputError(
                f"the model returned a {type(logits).__name__} where top_k needs logits; return them from forward="
            )
        if self._forward is not None:
            return logits
        batch, steps = shape
        if logits.dim() == 2 and len(logits) == batch * steps:  # flattened for the loss
            logits = logits.view(*((steps, batch) if self._is_steps_first else (batch, steps)), -1)
        is_steps_first = self._is_steps_first and logits.shape[:2] == (steps, batch)
        return logits.transpose(0, 1) if is_steps_first else logits


def scores_in(
    output: Any, shape: tuple[int, ...], n_tokens: Collection[int] | None, is_steps_first: bool
) -> Tensor | None:
    """Return the scores for each token (batch, steps, n_vocab) that an output holds alone, first or as ``logits``.

    None where it holds none: the last size has to be one of ``n_tokens``.
    """
    scores = getattr(output, "logits", output)
    scores = scores[0] if isinstance(scores, (tuple, list)) and scores else scores
    if not isinstance(scores, Tensor) or not n_tokens or scores.dim() not in (2, 3) or scores.shape[-1] not in n_tokens:
        return None
    batch, steps = shape
    laid = (steps, batch) if is_steps_first else (batch, steps)
    if scores.dim() == 2 and len(scores) == batch * steps:  # flattened for the loss
        scores = scores.view(*laid, -1)
    if scores.dim() != 3 or tuple(scores.shape[:2]) != laid:
        return None
    return scores.transpose(0, 1) if is_steps_first else scores


def n_tokens_of(model: nn.Module, n_vocab: int | None) -> set[int]:
    """Return the sizes that a vocabulary of the model may have: those of its embeddings, and of the one given."""
    embeddings = [m.num_embeddings for m in model.modules() if isinstance(m, nn.Embedding)]
    return {*embeddings, *([] if n_vocab is None else [n_vocab])}


def device_of(model: nn.Module) -> torch.device:
    """Return the device of a model's first weight."""
    weight = next(model.parameters(), None)
    return torch.device("cpu") if weight is None else weight.device


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Put a model into eval mode, and afterwards each of its modules back into its own mode."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, is_training in modes:
            module.training = is_training


def is_bidirectional(model: nn.Module) -> bool:
    """Tell whether a module of the model also reads from the end, where padding would come first."""
    return any(isinstance(m, nn.RNNBase) and m.bidirectional for m in model.modules())


def is_steps_first(model: nn.Module) -> bool:
    """Tell whether a model takes ids of (steps, batch), as its modules do; InputError where they differ."""
    layouts = {m.batch_first: name for name, m in model.named_modules() if isinstance(m, nn.RNNBase)}
    if len(layouts) == 2:
        raise InputError(
            f"{layouts[True]} is batch_first and {layouts[False]} is not; say how the model is run with "
            "forward=lambda model, ids, lengths: model(ids)"
        )
    return False in layouts


def _check_takes_ids(model: nn.Module) -> None:
    """Raise InputError unless a model can be called with ids alone."""
    parameters = inspect.signature(model.forward).parameters.values()
    needed = [
        p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    needed += [p.name for p in parameters if p.default is p.empty and p.kind is p.KEYWORD_ONLY]
    if len(needed) > 1:
        raise InputError(
            f"{type(model).__name__} is called with ({', '.join(needed)}); say how with "
            "forward=lambda model, ids, lengths: model(ids, lengths), ids being (batch, steps)"
        )


def _pad_of(model: nn.Module) -> int:
    """Return an id that the model's first embedding has: its padding, else 0."""
    embeddings = (m for m in model.modules() if isinstance(m, nn.Embedding))
    first = next(embeddings, None)
    return 0 if first is None or first.padding_idx is None else first.padding_idx
