"""``record_corpus``: texts encoded, cut into batches, and run through a model that is recorded."""
