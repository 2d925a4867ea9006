"""inbox-tui: a terminal client for support teams' conversation inbox."""

__version__ = "0.4.0"
