"""Every dialog: a window of its own over the inbox."""
