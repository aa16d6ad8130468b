"""Making a pattern: units from a brush, advice on its threshold, edits, and the pattern file."""
