"""The demo workspace: a week of a small shop, as data."""
