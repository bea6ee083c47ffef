"""Operators that provider packages removed or changed, as they were, over the classes that took their place."""
