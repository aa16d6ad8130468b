"""Names of what the page is made of: Dash ids, and the DOM ids that assets/*.js and the browser tests go by.

The browser side gets them from the boot store, so that a name is written down once.
"""

from __future__ import annotations

# Stores: boot goes down once; the selection goes up and alone drives matching; the matches come down. Once they are
# there, the same selection goes up again as the summary's question, and the summary comes down.
BOOT = "lv-boot"
SELECTION = "lv-selection"
MATCHES = "lv-matches"
SUMMARY_ASKED = "lv-summary-asked"
SUMMARY = "lv-summary"

# Fields
DUMP = "lv-dump"
SOURCE = "lv-source"
SEARCH = "lv-search"
STEP = "lv-step"
THRESHOLD = "lv-threshold"
BEFORE = "lv-before"
AFTER = "lv-after"
SIDE = "lv-side"
FIELDS = (DUMP, SOURCE, STEP, THRESHOLD, BEFORE, AFTER, SIDE)

# Buttons
HIT_BACK = "lv-hit-back"
HIT_NEXT = "lv-hit-next"
UNDO = "lv-undo"
REDO = "lv-redo"
COPY_LINK = "lv-copy-link"
THEME = "lv-theme"
PROJECTOR = "lv-projector"
HOME = "lv-home"
PAGE_LEFT = "lv-page-left"
PAN_LEFT = "lv-pan-left"
PAN_RIGHT = "lv-pan-right"
PAGE_RIGHT = "lv-page-right"
ZOOM_OUT = "lv-zoom-out"
ZOOM_IN = "lv-zoom-in"
BUTTONS = (
    HIT_BACK,
    HIT_NEXT,
    UNDO,
    REDO,
    COPY_LINK,
    PAGE_LEFT,
    PAN_LEFT,
    PAN_RIGHT,
    PAGE_RIGHT,
    ZOOM_OUT,
    ZOOM_IN,
)

# Places that the browser side fills
ROOT = "lv-root"
START = "lv-start"
WORKBENCH = "lv-workbench"
SERIES = "lv-series"
SAID = "lv-said"
BUSY = "lv-busy"
TOUR = "lv-tour"
NOTICE = "lv-notice"
CUT_SHORT = "lv-cut-short"
HIT_COUNT = "lv-hit-count"
HIT_LIST = "lv-hit-list"
SELECT_NOTE = "lv-select-note"
TO_BRUSH = "lv-to-brush"
PLOT = "lv-plot"
STRIP = "lv-strip"
UNITS = "lv-units"
CHIPS = "lv-chips"
MESSAGE = "lv-message"
COUNTS = "lv-counts"
MATCH_NOTE = "lv-match-note"
MATCH_TABLE = "lv-match-table"
MORE = "lv-more"
PATTERN_NOTE = "lv-pattern-note"
PATTERN_SAVE = "lv-pattern-save"
PATTERN_OPEN = "lv-pattern-open"

# Places that stay empty, and take no room, until there is something to put in them
EXPORT = "lv-export"
HELP = "lv-help"
MINIMAP = "lv-minimap"
SHOW = "lv-show"
PARTS = "lv-parts"
UNIT_TEXT = "lv-unit-text"
MAP = "lv-map"
MAP_BUTTON = "lv-map-button"
BESIDE = "lv-beside"
BARS = "lv-bars"
UNIT_TOOLS = "lv-unit-tools"
TYPED = "lv-typed"
MATCH_ORDER = "lv-match-order"
MATCH_GROUP = "lv-match-group"
MATCH_COLOUR = "lv-match-colour"
MATCH_FILTER = "lv-match-filter"
MATCH_HAND = "lv-match-hand"
COMPARE = "lv-compare"
CARD = "lv-card"
ADVISER = "lv-adviser"
CARRY = "lv-carry"
LENGTHS = "lv-lengths"
PLACES = (
    ROOT,
    START,
    WORKBENCH,
    SERIES,
    SAID,
    BUSY,
    TOUR,
    NOTICE,
    CUT_SHORT,
    HIT_COUNT,
    HIT_LIST,
    SELECT_NOTE,
    TO_BRUSH,
    PLOT,
    STRIP,
    UNITS,
    CHIPS,
    MESSAGE,
    COUNTS,
    MATCH_NOTE,
    MATCH_TABLE,
    MORE,
    PATTERN_NOTE,
    PATTERN_SAVE,
    PATTERN_OPEN,
    EXPORT,
    HELP,
    MINIMAP,
    SHOW,
    PARTS,
    UNIT_TEXT,
    MAP,
    MAP_BUTTON,
    BESIDE,
    BARS,
    UNIT_TOOLS,
    TYPED,
    MATCH_ORDER,
    MATCH_GROUP,
    MATCH_COLOUR,
    MATCH_FILTER,
    MATCH_HAND,
    COMPARE,
    CARD,
    ADVISER,
    CARRY,
    LENGTHS,
)

STORES = (BOOT, SELECTION, MATCHES, SUMMARY_ASKED, SUMMARY)


def by_name() -> dict[str, str]:
    """Return every id under the name that the browser side calls it by: ``lv-hit-next`` as ``hitNext``."""
    every = (*STORES, *FIELDS, SEARCH, *BUTTONS, THEME, PROJECTOR, HOME, *PLACES)
    return {_camel(name.removeprefix("lv-")): name for name in every}


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(word.capitalize() for word in rest)
