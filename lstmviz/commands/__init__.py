"""The commands of ``lstmviz``, a file a topic; importing one adds its commands to the app in ``base``."""
