"""Findings about the weights of a Keras model: Keras 2's .h5 (also textgenrnn's), Keras 3's .weights.h5 and .keras."""

from __future__ import annotations

import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lstmviz.doctor.finding import Finding, quantity
from lstmviz.doctor.survey import Array, FileSurvey, survey_file
from lstmviz.dump.safe import open_foreign
from lstmviz.errors import reason_of
from lstmviz.system.holes import stored_bytes

ARCHIVED = "model.weights.h5"  # in a .keras file, which is a zip file
MAX_ARCHIVED = 2**31  # bytes, unpacked
MOST_INFLATED = 20  # times the packed size: weights hardly shrink when they are packed
SMALL = 2**24  # bytes that are unpacked in any case
MAX_LISTED = 20  # layers
KINDS = {4: "LSTM", 3: "GRU", 1: "simple RNN"}  # by the number of gates


@dataclass(frozen=True)
class RecurrentLayer:
    """The arrays of a layer, or of one direction: kernel, recurrent kernel and maybe bias; ``n_directions`` times."""

    path: str
    arrays: tuple[Array, ...]
    n_directions: int = 1

    @property
    def kind(self) -> str:
        """What it is, by the shape of its recurrent kernel."""
        n_units, width = self.arrays[1].shape
        return KINDS[width // n_units]

    def finding(self) -> Finding:
        """Return what it is, and the line that makes a module of PyTorch out of it."""
        n_inputs, n_units = self.arrays[0].shape[0], self.arrays[1].shape[0]
        kind = f"{'bidirectional ' * (self.n_directions > 1)}{self.kind}"
        text = f"{kind}, {quantity(n_units, 'unit')} over {quantity(n_inputs, 'input')}"
        reads = ", ".join(f"f[{array.path!r}][:]" for array in self.arrays)
        remedy = f"lstmviz.rnn_from_keras([{reads}])" if self.kind != "simple RNN" else "load it into nn.RNN"
        return Finding("note", f"layer {self.path}", text, remedy)


def _both_ways(layers: list[RecurrentLayer]) -> Iterator[RecurrentLayer]:
    """Yield layers, the two directions of one as one layer: those whose paths say forward and backward."""
    by_path = {layer.path: layer for layer in layers}
    for path, layer in by_path.items():
        ahead, back = (
            by_path.get(path.replace(*names)) for names in (("backward", "forward"), ("forward", "backward"))
        )
        if ahead is None or back is None or ahead is back or len(ahead.arrays) != len(back.arrays):
            yield layer
        elif layer is ahead:
            yield RecurrentLayer(path, (*ahead.arrays, *back.arrays), 2)


def keras_findings(survey: FileSurvey) -> Iterator[Finding]:
    """Yield what a file of weights holds, layer by layer; nothing where there is no recurrent layer of Keras in it."""
    layers = list(_both_ways(list(_recurrent_layers(survey))))
    if not layers:
        return
    yield Finding(
        "problem",
        "",
        "it holds the weights of a Keras model, and no states",
        "states come from a run: record one with modules that lstmviz.rnn_from_keras makes, or let Keras hand out h "
        "and c, as docs/recording.md shows",
    )
    for array in survey.arrays:
        if _is_embedding(array):
            n_tokens, n_numbers = array.shape
            text = f"embedding of {quantity(n_tokens, 'token')}, {quantity(n_numbers, 'number')} each"
            yield Finding("note", f"layer {_layer_of(array)}", text, "torch.nn.Embedding.from_pretrained takes it")
    yield from (layer.finding() for layer in layers[:MAX_LISTED])
    if len(layers) > MAX_LISTED:
        yield Finding("note", "", f"{len(layers) - MAX_LISTED:,} more recurrent layers")


def archive_findings(path: Path) -> Iterator[Finding]:
    """Yield what a .keras file holds; nothing for any other zip file."""
    try:
        with zipfile.ZipFile(path) as archive:
            if ARCHIVED not in archive.namelist():
                return
            weights = archive.getinfo(ARCHIVED)
            n_packed = min(weights.compress_size, stored_bytes(path))
            if weights.file_size > max(SMALL, min(MAX_ARCHIVED, MOST_INFLATED * n_packed)):
                yield Finding("note", "", f"{ARCHIVED} in it is too large to look at", "unpack it, and give that file")
                return
            with tempfile.TemporaryDirectory(prefix="lstmviz-") as folder:
                place = Path(archive.extract(weights, folder))
                with open_foreign(place, path) as file:
                    yield from keras_findings(survey_file(file, place))
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as err:
        yield Finding("problem", "", f"it is a damaged zip file ({reason_of(err)})", "copy it again")


def _recurrent_layers(survey: FileSurvey) -> Iterator[RecurrentLayer]:
    groups: dict[str, dict[str, Array]] = {}
    for array in survey.arrays:
        group, _, name = array.path.rpartition("/")
        if "optimizer" not in group:
            groups.setdefault(group, {})[name.partition(":")[0]] = array
    for group, named in groups.items():
        for names in (("kernel", "recurrent_kernel", "bias"), ("0", "1", "2")):  # Keras 2, Keras 3
            arrays = tuple(named[name] for name in names if name in named)
            if {names[0], names[1]} <= named.keys() and _are_recurrent(arrays):
                yield RecurrentLayer(group.removesuffix("/vars").removesuffix("/cell"), arrays)
                break


def _are_recurrent(arrays: tuple[Array, ...]) -> bool:
    """Tell whether arrays are a kernel, (n_inputs, n_gates * n_units), and a recurrent one, (n_units, the same)."""
    kernel, recurrent = arrays[0].shape, arrays[1].shape
    if len(kernel) != 2 or len(recurrent) != 2 or kernel[1] != recurrent[1] or not recurrent[0]:
        return False
    return recurrent[1] % recurrent[0] == 0 and recurrent[1] // recurrent[0] in KINDS


def _is_embedding(array: Array) -> bool:
    group, _, name = array.path.rpartition("/")
    is_named = name.partition(":")[0] == "embeddings" or (name == "0" and "embedding" in _layer_of(array))
    return is_named and len(array.shape) == 2 and "optimizer" not in group


def _layer_of(array: Array) -> str:
    return array.path.rpartition("/")[0].removesuffix("/vars")
