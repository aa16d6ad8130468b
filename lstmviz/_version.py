"""The version of lstmviz, said here alone."""

__version__ = "0.1.0"
