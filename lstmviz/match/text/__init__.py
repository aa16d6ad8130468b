"""Searching the text of a corpus: characters, words, tokens, and regular expressions."""
