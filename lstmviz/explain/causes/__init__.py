"""Causes: what becomes of a model's predictions when its states are changed; torch."""
