"""One batch: what is said of it, what ran, which rows of it are kept, and the blocks that they become."""
