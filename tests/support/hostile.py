"""Tokens, labels and names that try to be something else."""

from __future__ import annotations

HOSTILE = [
    "<b>x</b>",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    '<a href="javascript:alert(2)">k</a>',
    "שלום",
    "\u202eabc",
    "a\u200bb",
    "\x00\x1b[31m",
    "x" * 10_000,
    "",
    "   ",
    "$x^2$",
    "&lt;",
    "日本語",
    "%{x}",
    "\ud7ff\uffff",
]
NAME = "r<b>nn & co.l0.h"
