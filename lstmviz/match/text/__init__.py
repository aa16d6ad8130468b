"""Searching the text of a corpus over characters, words or tokens, by text or by regular expression."""
