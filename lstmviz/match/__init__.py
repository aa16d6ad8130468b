"""From a window to a pattern, and from a pattern to every place in the corpus that shares it; exact, NumPy only."""

from lstmviz.match.adviser import WhyNot, thresholds, why_not
from lstmviz.match.barcode import barcode
from lstmviz.match.brush import Brush, Excluded, Part, brushed
from lstmviz.match.card import UnitCard, UnitContext, unit_card
from lstmviz.match.card_tracks import UnitTrack
from lstmviz.match.carry import carry
from lstmviz.match.compare import Comparison, compare
from lstmviz.match.edit import with_unit, without
from lstmviz.match.find import Count, count, find
from lstmviz.match.order import Group, Listing, groups, listing
from lstmviz.match.pattern_file import Notes, PatternFile
from lstmviz.match.select import select
from lstmviz.match.shards import found_in, search_shards
from lstmviz.match.text import Over, search

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
    "why_not",
    "with_unit",
    "without",
]
