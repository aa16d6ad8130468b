"""The arithmetic of recurrent layers: every state of every step made again, and checked against the module."""
