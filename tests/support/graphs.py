"""Graphs of who imports whom: {name: names that it imports}."""

from __future__ import annotations


def circles(arrows):
    """The names that can be reached from themselves: those left when what imports nothing is taken away, again."""
    left = {name: set(targets) for name, targets in arrows.items()}
    while leaves := {name for name, targets in left.items() if not targets & left.keys()}:
        left = {name: targets for name, targets in left.items() if name not in leaves}
    return sorted(left)


def reached(arrows, start):
    """The names that are reached from one, itself included."""
    seen, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(arrows.get(name, ()))
    return seen
