"""What a pattern means: statistical evidence for it."""
