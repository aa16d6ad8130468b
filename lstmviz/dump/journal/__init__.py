"""A recording in progress: batches appended to ``PATH.parts/``, read back, and assembled into a dump."""
