"""The model beside a dump, run over a text that somebody types."""
