"""Screens and modals: they coordinate widgets, workers and operations."""
