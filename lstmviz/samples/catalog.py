"""The samples that come with lstmviz: which there are, and their dumps, built once and kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import FORMAT_VERSION
from lstmviz.dump.writer import set_uuid
from lstmviz.errors import LstmvizError, ModelError, UnknownName
from lstmviz.samples.definition import Sample, Variant
from lstmviz.system.atomic import new_folder, replacing
from lstmviz.system.cache import cache_folder
from lstmviz.system.own_files import lock_file
from lstmviz.system.paths import samples_dir
from lstmviz.types import CountProgress

if TYPE_CHECKING:
    from lstmviz.samples.train_sample import TrainingOutput, TrainProgress


FIRST = "parens"  # the one that ``demo`` opens with
COMPARED_DROPOUT = 0.2  # of the second training, whose curves are drawn beside those of the sample

_loading = threading.RLock()


def names() -> list[str]:
    """List the samples.

    Returns:
        Their names: parens, then the others in alphabetical order.

    Example:
        >>> samples.names()
        ['parens', 'agreement', 'recall', 'sentiment', 'stdlib']
    """
    folders = (init.parent.name for init in samples_dir().glob("*/__init__.py"))
    return sorted(folders, key=lambda name: (name != FIRST, name))


def sample(name: str) -> Sample:
    """Describe a sample. PyTorch is not loaded.

    Args:
        name: Name of the sample.

    Returns:
        What the sample is, and its variants.

    Raises:
        UnknownName: There is no such sample.

    Example:
        >>> samples.sample("parens").question
        'Does it count how deep it is, or does it only look at the last bracket?'
    """
    definition: Sample = load(name).SAMPLE
    return definition


def variants(name: str) -> tuple[str, ...]:
    """List the variants of a sample.

    Args:
        name: Name of the sample.

    Returns:
        The names of the variants, the default first.

    Raises:
        UnknownName: There is no such sample.

    Example:
        >>> samples.variants("agreement")
        ('1x50', '1x100')
    """
    return tuple(variant.name for variant in sample(name).variants)


def load(name: str) -> ModuleType:
    """Load the code of a sample as a module, whose submodules are its parts.

    Args:
        name: Name of the sample.

    Returns:
        The module.

    Raises:
        UnknownName: There is no such sample.

    Example:
        >>> samples.load("parens").SAMPLE.name
        'parens'
    """
    init = _folder(name) / "__init__.py"
    alias = f"lstmviz_sample_{name}"  # one name in both layouts, and none that another package could have
    with _loading:
        if alias in sys.modules:
            return sys.modules[alias]
        spec = importlib.util.spec_from_file_location(alias, init, submodule_search_locations=[str(init.parent)])
        if spec is None or spec.loader is None:
            raise LstmvizError(f"the sample {name!r} cannot be loaded from {init}; install lstmviz again")
        module = importlib.util.module_from_spec(spec)
        sys.modules[alias] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[alias]
            raise
        return module


def build(
    name: str,
    variant: str | None = None,
    path: str | os.PathLike[str] | None = None,
    progress: CountProgress | None = None,
    overwrite: bool = False,
) -> Path:
    """Return the path of a sample's dump, after recording it if necessary.

    Without ``path`` the dump is kept in the user's cache folder, or in a temporary one if that cannot be written. It is
    made again, and the old one removed, when the sample's code, its weights or the dump's format change. The model lies
    beside the dump (``.safetensors``). The same sample has the same uuid on every machine.

    Args:
        name: Name of the sample.
        variant: Name of the variant; None for the first.
        path: Where to record the dump; None for the cache.
        progress: Called with the number of steps done and the number in all; not called if the cache has the dump.
        overwrite: Whether to replace a file at ``path``.

    Returns:
        The path of the dump.

    Raises:
        UnknownName: There is no such sample or variant.
        DumpExists: Something is at ``path``.
        ModelError: The weights of the variant are not shipped, and were not trained on this machine.

    Example:
        >>> samples.build("parens", "1x50", path="one-layer.h5").name
        'one-layer.h5'
    """
    definition = sample(name)
    chosen = definition.variant(variant)
    title, weights = definition.title(chosen), weights_of(definition, chosen)
    if weights is None:
        raise ModelError(f"{title} comes without weights; train it here once: lstmviz samples train {name}")
    key = _key(definition, weights)
    if path is not None:
        definition.build(chosen, path, weights, progress, overwrite)
        set_uuid(Path(path), key)
        return Path(path)
    target = _cached_dump(title, key)
    with lock_file(target.parent.parent / f"{title}.lock"):
        if not _is_dump(target):
            # Nobody else builds here while the lock is held: an unfinished folder is that of a killed process.
            unfinished = target.parent / "unfinished"
            new_folder(unfinished)
            definition.build(chosen, unfinished / target.name, weights, progress)
            set_uuid(unfinished / target.name, key)
            for file in sorted(unfinished.iterdir(), reverse=True):  # the model first: with the dump all is there
                file.replace(target.parent / file.name)
            shutil.rmtree(unfinished, ignore_errors=True)
            _remove_older(target.parent, title)
    return target


def kept(name: str, variant: str | None = None) -> Path | None:
    """Return the path of a sample's dump if ``build`` would return it at once.

    Args:
        name: Name of the sample.
        variant: Name of the variant; None for the first.

    Returns:
        The path; None if the dump must be recorded first.

    Raises:
        UnknownName: There is no such sample or variant.

    Example:
        >>> samples.kept("recall") is None  # until samples.build("recall") has recorded it
        True
    """
    definition = sample(name)
    chosen = definition.variant(variant)
    weights = weights_of(definition, chosen)
    if weights is None:
        return None
    dump = _cached_dump(definition.title(chosen), _key(definition, weights))
    return dump if _is_dump(dump) else None


def weights_of(sample: Sample, variant: Variant) -> Path | None:
    """Find the weights of a variant: shipped, or trained on this machine.

    Args:
        sample: The sample.
        variant: The variant.

    Returns:
        The path of the weights; None if there are none.

    Example:
        >>> parens = samples.sample("parens")
        >>> samples.weights_of(parens, parens.variant("1x50")).name
        'parens-1x50.safetensors'
    """
    if sample.is_shipped:
        return sample.weights(variant)
    trained = _trained_here(sample, variant)
    return trained if trained.is_file() else None


def train(
    name: str,
    variant: str | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    dropout: float = COMPARED_DROPOUT,
    n_updates: int | None = None,
    progress: TrainProgress | None = None,
) -> TrainingOutput:
    """Train a variant of a sample from its seed, and write the results to a folder.

    The results are the weights, a dump, the dumps of the checkpoints, and the learning curves as a figure and, with
    ``lstmviz[train]``, as TensorBoard events. A sample that comes without weights is built from these from then on,
    unless the training was interrupted.

    Args:
        name: Name of the sample.
        variant: Name of the variant; None for the first.
        out: Folder for the results; None for a folder of the variant's name.
        seed: A seed in place of the sample's own.
        dropout: Dropout of a second training, which is run only for its learning curves; 0 for none.
        n_updates: Number of updates in place of the sample's own.
        progress: Called after each update with what is trained, the curves so far, and the number of updates in all.

    Returns:
        What was written where.

    Raises:
        UnknownName: There is no such sample or variant.
        ModelError: The folder cannot be written.

    Example:
        >>> trained = samples.train("recall", out="recall", n_updates=2, dropout=0)
        >>> trained.weights.name, trained.floor is None
        ('recall-1x32.safetensors', False)
    """
    from lstmviz.samples.train_sample import train_sample

    definition = sample(name)
    chosen = definition.variant(variant)
    if chosen.checkpoint_of is not None:
        raise UnknownName(f"{chosen.name} is a checkpoint of {chosen.checkpoint_of}; train that")
    folder = Path(definition.title(chosen) if out is None else out)
    try:
        output = train_sample(
            definition, chosen, folder, seed=seed, dropout=dropout, n_updates=n_updates, progress=progress
        )
    except OSError as err:
        if isinstance(err, LstmvizError):
            raise
        raise ModelError(f"{folder} cannot be written to ({err.strerror or err}); give another --out") from err
    is_full = seed is None and n_updates is None and output.curves.ending != "interrupted"
    if is_full and not definition.is_shipped:
        with replacing(_trained_here(definition, chosen)) as temporary:
            shutil.copyfile(output.weights, temporary)
    return output


def _cached_dump(title: str, key: str) -> Path:
    """Return where the dump of a variant is kept."""
    return cache_folder("samples") / f"{title}-{key[:16]}" / f"{title}.h5"


def _trained_here(sample: Sample, variant: Variant) -> Path:
    return cache_folder("samples") / sample.weights(variant).name


def _folder(name: str) -> Path:
    known = names()
    if name not in known:
        raise UnknownName(f"no sample {name!r}; there is {', '.join(known) or 'none'}")
    return samples_dir() / name


def _key(sample: Sample, weights: Path) -> str:
    """Digest what a dump depends on, as 32 hexadecimal digits: code, weights, the format, and what the sample says."""
    digest = hashlib.sha256(f"format {FORMAT_VERSION} {sample.depends_on()}".encode())
    code = [
        *sample.folder.glob("*.py"),
        *(Path(__file__).parents[1] / "training").glob("*.py"),
        Path(__file__).with_name("definition.py"),
    ]
    for file in [*sorted(code, key=lambda file: (file.parent.name, file.name)), weights]:
        content = file.read_bytes()
        digest.update(f"\n{file.parent.name} {file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:32]


def _remove_older(newest: Path, title: str) -> None:
    """Remove the folders that one replaces; where the system keeps files that are open, a later build removes them."""
    for folder in newest.parent.iterdir():
        if folder != newest and re.fullmatch(re.escape(title) + "-[0-9a-f]{16}", folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _is_dump(path: Path) -> bool:
    try:
        DumpReader(path).close()
    except LstmvizError:
        return False
    return True
