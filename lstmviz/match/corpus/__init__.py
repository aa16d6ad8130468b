"""Matching and searching a corpus of shards, by threads of this machine or the workers of a dask scheduler."""
