"""The commands of ``lstmviz``, one file a topic; importing a file adds its commands to the app in ``base``."""
