"""The index of a source: every value as a byte, unit by unit and step by step, kept beside the dump."""
