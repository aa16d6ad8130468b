"""Maps: states and embeddings as points in a plane, and regions of them."""
