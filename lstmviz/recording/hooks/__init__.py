"""Watch recurrent modules: take their calls in hooks, and collect the states of each call."""
