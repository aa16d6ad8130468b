"""Recompute every state of every step of recurrent layers, and check it against the module."""
