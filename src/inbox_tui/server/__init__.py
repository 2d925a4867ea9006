"""The HTTP API over any store that is a Host: it authenticates clients and routes requests; the store does the rest."""
