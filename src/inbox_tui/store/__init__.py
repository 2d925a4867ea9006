"""The port that every store implements, and the registry that finds stores."""
