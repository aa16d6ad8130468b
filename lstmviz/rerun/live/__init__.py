"""A model in the user's own process: called as it likes, watched as it runs, held against what was recorded."""
