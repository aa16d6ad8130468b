"""Finding the matches of a pattern: where each unit is on, its runs, and where units are on together."""
