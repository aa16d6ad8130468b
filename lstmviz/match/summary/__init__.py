"""Summaries of a pattern's matches: where they lie, what they carry, how two lists of them compare."""
