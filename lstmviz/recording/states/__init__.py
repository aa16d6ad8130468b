"""What recurrent modules computed: calls taken in hooks, every state of every step made from them, and checked."""
