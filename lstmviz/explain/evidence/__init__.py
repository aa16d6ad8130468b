"""Evidence: is it more than chance, which units detect it, and how few are enough; NumPy only."""
