"""Many dumps as one corpus: its manifest, and a reader over all its shards."""
