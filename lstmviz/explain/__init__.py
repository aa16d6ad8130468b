"""What a pattern means: statistical evidence for it, and what changes when its units do (causes)."""
