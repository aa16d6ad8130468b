"""Maps: states and embeddings as points in a plane, and what a region of a map holds."""
