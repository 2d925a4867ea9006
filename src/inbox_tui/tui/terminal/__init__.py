"""Between the library and the terminal: what comes in, what goes out, and how it ends."""
