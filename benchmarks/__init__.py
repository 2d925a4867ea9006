"""How fast inbox-tui is, measured from outside: a real terminal, real files, real keys."""
