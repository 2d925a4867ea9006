"""The port that every store implements, and how one is found."""
