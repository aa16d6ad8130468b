"""Moments of a training: a probe text recorded again and again while a model learns."""
