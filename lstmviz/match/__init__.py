"""From a window to a pattern, and from a pattern to its matches over the whole corpus; exact, with NumPy only."""

from lstmviz.match.card.tracks import UnitTrack
from lstmviz.match.card.unit_card import UnitCard, UnitContext, unit_card
from lstmviz.match.corpus.shards import found_in, search_shards
from lstmviz.match.engine.find import Count, count, find
from lstmviz.match.order.listing import Group, Listing, groups, listing
from lstmviz.match.pattern.brush import Brush, Excluded, Part, brushed
from lstmviz.match.pattern.edit import with_unit, without
from lstmviz.match.pattern.file import Notes, PatternFile
from lstmviz.match.pattern.select import select
from lstmviz.match.pattern.thresholds import WhyNot, thresholds, why_not
from lstmviz.match.summary.barcode import barcode
from lstmviz.match.summary.carry import carry
from lstmviz.match.summary.compare import Comparison, compare, unmet
from lstmviz.match.text.search import search
from lstmviz.types import Over

__all__ = [
    "Brush",
    "Comparison",
    "Count",
    "Excluded",
    "Group",
    "Listing",
    "Notes",
    "Over",
    "Part",
    "PatternFile",
    "UnitCard",
    "UnitContext",
    "UnitTrack",
    "WhyNot",
    "barcode",
    "brushed",
    "carry",
    "compare",
    "count",
    "find",
    "found_in",
    "groups",
    "listing",
    "search",
    "search_shards",
    "select",
    "thresholds",
    "unit_card",
    "unmet",
    "why_not",
    "with_unit",
    "without",
]
