"""Making a pattern: selecting units, choosing a threshold, editing, and the pattern file."""
