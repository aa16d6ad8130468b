"""Matching and searching a corpus of shards, with threads of this machine or the workers of a dask scheduler."""
