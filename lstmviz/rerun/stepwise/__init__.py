"""Recurrent modules run step by step, so that states of chosen units can be held at chosen steps."""
