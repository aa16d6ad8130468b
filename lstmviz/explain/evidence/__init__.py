"""Evidence: is it more than chance, which units say it, and how few of them; NumPy only."""
