"""Causes: how a model's predictions change when its states are changed; torch."""
