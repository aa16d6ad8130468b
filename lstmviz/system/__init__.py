"""What lstmviz needs of the operating system: worker processes, the user's cache, files replaced as a whole."""
