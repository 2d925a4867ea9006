"""The contract suite that any store can run against itself, and factories for its data."""
