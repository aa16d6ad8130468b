"""What states mean: maps of them (and of embeddings), and what a model does with a text of one's own."""
