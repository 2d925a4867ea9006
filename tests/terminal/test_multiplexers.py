"""Inside tmux and GNU screen, which paste without saying so: a line break must not send."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import ME, Desk
from .harness import BIN, Terminal, environment, needs_tmux

pytestmark = needs_tmux

LINES = ["Thank you for waiting.", "It left our house today.", "Anything else?"]


def require_unsent(desk: Desk, terminal: Terminal) -> None:
    """All lines stand in the box, and go out as one text when somebody means it."""
    terminal.wait_for(lambda screen: all(f"│ {line}" in screen for line in LINES))
    assert [author for author, _ in desk.said("c-0")].count("member") == 0
    terminal.text(" ")
    terminal.enter()
    terminal.wait_for("✓ Sent to Ada Lund")
    assert [body.strip() for author, body in desk.said("c-0") if author == "member"] == ["\n".join(LINES)]


def test_a_paste_of_tmux_without_marks(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("r")
    terminal.wait_for("Enter sends")
    terminal.paste_unmarked("\n".join(LINES))
    require_unsent(desk, terminal)


@pytest.mark.skipif(shutil.which("screen") is None, reason="GNU screen is not installed on this machine")
def test_a_paste_of_screen(desk: Desk, tmp_path: Path) -> None:
    terminal = desk.terminal(SCREENDIR=str(tmp_path / "screens"), SHELL="/bin/sh")
    (tmp_path / "screens").mkdir(mode=0o700)
    (tmp_path / "pasted").write_text("\n".join(LINES), "utf-8")
    screen = shutil.which("screen") or "screen"
    inbox = [str(BIN / "inbox-tui"), "--store", desk.url, "--as", ME]
    terminal.start(screen, "-U", "-c", "/dev/null", "-S", "inbox", *inbox)
    terminal.wait_for("● live")
    terminal.text("r")
    terminal.wait_for("Enter sends")
    for words in (("readreg", "p", str(tmp_path / "pasted")), ("paste", "p")):
        subprocess.run(
            [screen, "-S", "inbox", "-X", *words],
            env=environment(desk.home) | {"SCREENDIR": str(tmp_path / "screens")},
            check=True,
            timeout=20,
        )
    require_unsent(desk, terminal)
    terminal.escape()
    terminal.text("q")
    terminal.wait_for_end()
