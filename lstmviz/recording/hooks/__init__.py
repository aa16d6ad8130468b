"""Watching recurrent modules: the calls taken in hooks, and which states of them are collected."""
