"""Adapters from the port to places where conversations live; they do not know each other."""
