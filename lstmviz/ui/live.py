"""A model of the user's own that runs the texts typed on a page: named when the server starts, never by a visitor."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError, ModelError

if TYPE_CHECKING:
    from lstmviz.rerun.live.model import LiveModel
    from lstmviz.ui.table import DumpTable


TOLD = 3  # dumps that a model does not fit, each with its reason


def live_by_name(name: str | None) -> LiveModel | None:
    """Import the model of a name such as ``package.module:name``, which runs its code; ModelError where that fails."""
    if name is None:
        return None
    from lstmviz.rerun.live.named import named_model

    return named_model(name)


class Attaching:
    """Attaches a model to each dump that is opened, where it fits."""

    def __init__(self, live: LiveModel) -> None:
        self._live = live
        self.reasons: dict[str, ModelError] = {}  # why it does not fit, by the dump's uuid

    def __call__(self, dump: DumpReader) -> None:
        """Attach the model to a dump."""
        from lstmviz.rerun.live.attach import offer_live

        reason = offer_live(dump, self._live)
        if reason is not None:
            self.reasons[dump.uuid] = reason

    def check(self, table: DumpTable) -> None:
        """Open each dump, and say which the model does not fit; ModelError where it fits none."""
        listed = [each.uuid for each in table.glances()]
        for uuid in listed:
            try:
                table[uuid]
            except LstmvizError as err:
                print(f"note: {err}", file=sys.stderr)
        refused = [self.reasons[uuid] for uuid in listed if uuid in self.reasons]
        if listed and len(refused) == len(listed):
            raise refused[0]
        for reason in refused[:TOLD]:
            print(f"note: {reason}", file=sys.stderr)
        if n_more := len(refused[TOLD:]):
            print(f"note: nor does the model fit {n_more:,} other dump{'s' * (n_more != 1)}", file=sys.stderr)
