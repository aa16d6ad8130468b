"""The description that rebuilds a small text model, all but its weights: sizes, vocabulary, labels. No torch."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Literal, get_args

from lstmviz.errors import MALFORMED, InputError, ModelError, reason_of
from lstmviz.system.own_files import open_own

Task = Literal["next", "label"]
Cell = Literal["lstm", "gru", "rnn"]
Level = Literal["char", "word"]

FORMAT = "lstmviz-model"
VERSION = 1
KEY = "lstmviz"  # of the description in the header of a model's file
MAX_UNITS, MAX_LAYERS, MAX_VOCAB = 4096, 16, 1_000_000
GATES: dict[Cell, int] = {"lstm": 4, "gru": 3, "rnn": 1}  # rows of weights that each unit has
N_LENGTH = 8  # bytes at the beginning of a safetensors file, which say how long its header is
MOST_HEADER = 2**25  # bytes: of a million words, and read in some seconds whatever they say
MOST_TENSORS = 1_000  # of a file; the largest model has 131
MOST_VALUE = 8  # bytes of a weight


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """An embedding, a recurrent module named ``rnn`` and a linear decoder, over a vocabulary.

    ``task`` "next" predicts the token that follows; "label" predicts at each step the label of the whole sequence, one
    of ``labels``. ``vocab`` lists the tokens by id; ``unknown`` is the id of all tokens that are not in it, or None.
    ``level`` says how text becomes tokens. Raises InputError for an invalid field, or fields that do not fit together.
    """

    vocab: tuple[str, ...]
    task: Task = "next"
    cell: Cell = "lstm"
    level: Level = "word"
    n_layers: int = 1
    n_units: int = 50
    n_embedding: int = 16
    is_bidirectional: bool = False
    dropout: float = 0.0
    labels: tuple[str, ...] = ()
    unknown: int | None = None

    def __post_init__(self) -> None:
        self._check_types()
        for name, kinds in (("task", Task), ("cell", Cell), ("level", Level)):
            if getattr(self, name) not in get_args(kinds):
                raise InputError(f"{name} {getattr(self, name)!r} is not known; use {', '.join(get_args(kinds))}")
        limits = {"n_layers": MAX_LAYERS, "n_units": MAX_UNITS, "n_embedding": MAX_UNITS}
        for name, most in limits.items():
            if not 1 <= getattr(self, name) <= most:
                raise InputError(f"{name} is {str(getattr(self, name))[:40]}; give 1 to {most:,}")
        if not 1 <= len(self.vocab) <= MAX_VOCAB or len(set(self.vocab)) < len(self.vocab):
            raise InputError(f"the vocabulary has {len(self.vocab):,} entries; give 1 to {MAX_VOCAB:,} different ones")
        if self.unknown is not None and not 0 <= self.unknown < len(self.vocab):
            raise InputError(f"the unknown token is entry {self.unknown} of a vocabulary of {len(self.vocab)}")
        if not 0.0 <= self.dropout < 1.0:
            raise InputError(f"dropout is {self.dropout}; give at least 0 and less than 1")
        if (self.task == "label") != bool(self.labels):
            raise InputError("a model that predicts labels needs a list of them, and one that predicts tokens has none")
        if self.task == "next" and self.is_bidirectional:
            raise InputError("a bidirectional model sees the token it is to predict; give labels, or one direction")

    def _check_types(self) -> None:
        """Raise InputError for a size that is not a whole number: sizes may come from any file."""
        whole = {name: getattr(self, name) for name in ("n_layers", "n_units", "n_embedding")}
        if self.unknown is not None:
            whole["unknown"] = self.unknown
        not_whole = next((name for name, value in whole.items() if type(value) is not int), None)
        if not_whole is not None:
            raise InputError(f"{not_whole} is {whole[not_whole]!r:.40}; give a whole number")
        if not isinstance(self.is_bidirectional, bool):
            raise InputError(f"is_bidirectional is {self.is_bidirectional!r:.40}; give true or false")

    @property
    def n_outputs(self) -> int:
        """Number of labels, or of tokens, that the decoder chooses from."""
        return len(self.labels) if self.task == "label" else len(self.vocab)

    @property
    def n_weights(self) -> int:
        """Number of all weights."""
        n_directions, n = 2 if self.is_bidirectional else 1, self.n_units
        inputs = [self.n_embedding] + [n * n_directions] * (self.n_layers - 1)
        recurrent = sum(n_directions * GATES[self.cell] * n * (n_in + n + 2) for n_in in inputs)
        return len(self.vocab) * self.n_embedding + recurrent + self.n_outputs * (n * n_directions + 1)

    @property
    def words(self) -> str:
        """The model in a few words, such as "2 x 128 LSTM"."""
        direction = "bidirectional " if self.is_bidirectional else ""
        return f"{self.n_layers} x {self.n_units} {direction}{self.cell.upper()}"

    def to_json(self) -> str:
        """Return the description as one line of JSON."""
        return json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> ModelDescription:
        """Read what ``to_json`` wrote; ModelError where it is something else."""
        try:
            raw: dict[str, Any] = json.loads(text)
            if raw.pop("format") != FORMAT:
                raise ModelError(f"this is not a model written by lstmviz; its description does not say {FORMAT!r}")
            version = raw.pop("version")
            if version > VERSION:
                raise ModelError(f"the model is version {version} and this lstmviz reads {VERSION}; upgrade lstmviz")
            return cls(**{**raw, "vocab": _strings(raw["vocab"]), "labels": _strings(raw.get("labels", []))})
        except InputError as err:
            raise ModelError(f"the model's description is invalid: {err}") from err
        except MALFORMED as err:
            reason = reason_of(err)
            raise ModelError(f"the model's description cannot be read ({reason}); train it again") from err


def model_beside(dump: str | os.PathLike[str]) -> Path:
    """Return where the model of a dump lies, if there is one beside it."""
    return Path(dump).with_suffix(".safetensors")


def read_description(path: str | os.PathLike[str]) -> ModelDescription:
    """Read the description in a model's file, and no weights; ModelError where it is not a model written by lstmviz."""
    name = Path(path).name
    try:
        with _opened(path) as file:
            n_bytes = int.from_bytes(file.read(N_LENGTH), "little")
            if n_bytes > MOST_HEADER:
                raise ModelError(f"{name} cannot be read as a model (it begins with {n_bytes:,} bytes of description)")
            header = json.loads(file.read(n_bytes))
            if len(header) > MOST_TENSORS:
                raise ModelError(f"{name} cannot be read as a model (it has {len(header):,} tensors)")
            return ModelDescription.from_json(header.get("__metadata__", {}).get(KEY, "{}"))
    except ModelError:
        raise
    except (OSError, *MALFORMED) as err:
        raise ModelError(f"{name} cannot be read as a model ({reason_of(err)})") from err


def read_weights(path: str | os.PathLike[str], n_values: int) -> bytes:
    """Return the bytes of a safetensors file of at most ``n_values`` values; ModelError where it is larger, OSError.

    They are read and not mapped: a mapped file that another program cuts would end this process.
    """
    with _opened(path) as file:
        most = N_LENGTH + MOST_HEADER + MOST_VALUE * n_values
        if (n_bytes := os.fstat(file.fileno()).st_size) > most:
            raise ModelError(f"{Path(path).name} has {n_bytes:,} bytes, more than its model; put the one saved there")
        return file.readall()


def _opened(path: str | os.PathLike[str]) -> FileIO:
    return open_own(Path(os.path.realpath(path)))  # the user may have put a link to a model beside a dump


def _strings(entries: Any) -> tuple[str, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ModelError("the model's vocabulary and labels are not lists of text; train it again")
    return tuple(entries)
