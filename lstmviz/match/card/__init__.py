"""What one unit does: how its values spread, how long it stays on, where it is strongest, and its tracks."""
