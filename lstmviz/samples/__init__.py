"""The samples that come with lstmviz: their names, and their dumps, built once and kept in the user's cache."""

from lstmviz.samples.catalog import build, kept, load, names, sample, train, variants, weights_of

__all__ = ["build", "kept", "load", "names", "sample", "train", "variants", "weights_of"]
