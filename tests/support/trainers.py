"""Stand-ins for the callbacks of Lightning and of Hugging Face's Trainer, where those packages are not installed.

Each calls a callback's hooks with the arguments, and in the order, that the real one documents.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace

import pytest


class Callback:
    """lightning.pytorch.Callback: hooks that do nothing."""

    def on_fit_start(self, trainer, pl_module):
        pass

    def on_validation_end(self, trainer, pl_module):
        pass


class TrainerCallback:
    """transformers.TrainerCallback: hooks that do nothing."""

    def on_evaluate(self, args, state, control, **kwargs):
        pass


@contextmanager
def stand_ins():
    """Put what is missing in the place of the packages, for as long as the context lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, holder in (
            ("transformers", {"TrainerCallback": TrainerCallback}),
            ("lightning.pytorch", {"Callback": Callback}),
        ):
            package, _, _ = name.partition(".")
            if find_spec(package) is None:
                patch.setitem(sys.modules, package, ModuleType(package))
                patch.setitem(sys.modules, name, ModuleType(name))
                vars(sys.modules[name]).update(holder)
        yield


def fit_with_lightning(callback, module, losses) -> None:
    """What Lightning's Trainer calls: a sanity check, then a validation after each epoch."""
    trainer = SimpleNamespace(global_step=0, is_global_zero=True, sanity_checking=True, callback_metrics={})
    callback.on_fit_start(trainer, module)
    callback.on_validation_end(trainer, module)
    trainer.sanity_checking = False
    for loss in losses:
        trainer.global_step += 5
        trainer.callback_metrics = {"val_loss": loss}
        callback.on_validation_end(trainer, module)


def train_with_transformers(callback, model, losses) -> None:
    """What the Trainer calls after each evaluation; the others of a distributed training call it too."""
    for k, loss in enumerate(losses):
        for is_first in (True, False):
            state = SimpleNamespace(global_step=5 * (k + 1), is_world_process_zero=is_first)
            callback.on_evaluate(SimpleNamespace(), state, SimpleNamespace(), metrics={"eval_loss": loss}, model=model)
