"""What lstmviz needs from the operating system: worker processes, the user's cache, files replaced as a whole."""
