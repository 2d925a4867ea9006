"""``python -m inbox_tui`` is ``inbox-tui``."""

from __future__ import annotations

from inbox_tui.cli.main import run

if __name__ == "__main__":
    run()
