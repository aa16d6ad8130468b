"""What one unit does: the spread of its values, its runs, its strongest contexts, and how it relates to tracks."""
