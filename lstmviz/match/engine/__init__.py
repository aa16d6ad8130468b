"""Finding the matches of a pattern: which units are on where, in runs, and where they are on together."""
