"""Matches in an order, in groups and by pages, and the bins that numbers are grouped by."""
