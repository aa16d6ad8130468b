"""The model beside a dump, run over a typed text."""
