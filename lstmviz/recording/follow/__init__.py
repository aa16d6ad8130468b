"""Follow tokens from a model's embeddings to the inputs of its recurrent modules, and fit what is given to them."""
