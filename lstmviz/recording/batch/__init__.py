"""One batch: how it is described, what ran, which rows are kept, and the blocks that these become."""
