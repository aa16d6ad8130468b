"""The state dump on disk: what it holds, how it is written safely, and how it is read lazily."""
