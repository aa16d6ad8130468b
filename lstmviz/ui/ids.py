"""The ids of the page's elements: those of Dash, and those in the DOM that the browser side and its tests use.

Each is written once, as a member, and is ``lv-`` and the member's name: ``Button.HIT_NEXT`` is "lv-hit-next". The
browser side gets them from the page, under the names that ``by_name`` gives them.
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Any


class _Id(StrEnum):
    @staticmethod
    def _generate_next_value_(name: str, *_: Any) -> str:
        return "lv-" + name.lower().replace("_", "-")


class Store(_Id):
    """Data in the page: boot comes down once, with the page; the selection is what the page asks about."""

    BOOT = auto()
    SELECTION = auto()


class Field(_Id):
    """A control whose values the browser side follows."""

    DUMP = auto()
    SOURCE = auto()
    STEP = auto()
    THRESHOLD = auto()
    BEFORE = auto()
    AFTER = auto()
    SIDE = auto()


class Button(_Id):
    """A button whose presses the browser side follows."""

    HIT_BACK = auto()
    HIT_NEXT = auto()
    UNDO = auto()
    REDO = auto()
    COPY_LINK = auto()
    PAGE_LEFT = auto()
    PAN_LEFT = auto()
    PAN_RIGHT = auto()
    PAGE_RIGHT = auto()
    ZOOM_OUT = auto()
    ZOOM_IN = auto()


class Place(_Id):
    """An element that the browser side fills or listens to."""

    SEARCH = auto()
    THEME = auto()
    PROJECTOR = auto()
    HOME = auto()
    ROOT = auto()
    START = auto()
    WORKBENCH = auto()
    SERIES = auto()
    SERIES_CHART = auto()
    SURVEY = auto()
    SAID = auto()
    BUSY = auto()
    FIRST_LESSON = auto()
    LESSON = auto()
    CLASS_BAND = auto()
    CLASS_PANEL = auto()
    NOTICE = auto()
    CUT_SHORT = auto()
    HIT_COUNT = auto()
    HIT_LIST = auto()
    SELECT_NOTE = auto()
    TO_BRUSH = auto()
    PLOT = auto()
    STRIP = auto()
    LABEL_LEGEND = auto()
    UNITS = auto()
    CHIPS = auto()
    MESSAGE = auto()
    SUGGESTIONS = auto()
    COUNTS = auto()
    MATCH_NOTE = auto()
    MATCH_TABLE = auto()
    MORE = auto()
    PATTERN_NOTE = auto()
    PATTERN_SAVE = auto()
    PATTERN_OPEN = auto()

    # Empty, and taking no room, until there is something to put in them
    CLASS_BUTTON = auto()
    EXPORT = auto()
    HELP = auto()
    MINIMAP = auto()
    SHOW = auto()
    LABELS = auto()
    PAINTER = auto()
    PARTS = auto()
    UNIT_TEXT = auto()
    MAP = auto()
    MAP_BUTTON = auto()
    BESIDE = auto()
    BARS = auto()
    PAIR = auto()
    UNIT_TOOLS = auto()
    TYPED = auto()
    MATCH_ORDER = auto()
    MATCH_GROUP = auto()
    MATCH_COLOUR = auto()
    MATCH_FILTER = auto()
    MATCH_HAND = auto()
    COMPARE = auto()
    CARD = auto()
    ADVISER = auto()
    CARRY = auto()
    LENGTHS = auto()
    ABLATION = auto()


def by_name() -> dict[str, str]:
    """Return every id under the name that the browser side calls it by: ``lv-hit-next`` as ``hitNext``."""
    return {_camel(member.name): str(member) for kind in (Store, Field, Button, Place) for member in kind}


def _camel(name: str) -> str:
    first, *others = name.lower().split("_")
    return first + "".join(word.capitalize() for word in others)
