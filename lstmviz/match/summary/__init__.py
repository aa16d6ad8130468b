"""What the matches of a pattern amount to: where they lie, what they carry, how two lists of them compare."""
