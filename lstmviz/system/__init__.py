"""What lstmviz asks of the operating system: processes of its own, the user's cache, where its files lie."""
