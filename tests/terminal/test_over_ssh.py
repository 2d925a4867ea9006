"""Over a real SSH server that dies, or whose client dies, in mid-word."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import ME, Desk
from .harness import BIN, END_TIMEOUT, POLL, TIMEOUT, Terminal, environment, needs_tmux

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = [
    needs_tmux,
    pytest.mark.skipif(not SSHD or not shutil.which("ssh"), reason="OpenSSH's server and client are not installed"),
]


def until(is_met: Callable[[], bool], complaint: str, patience: float = TIMEOUT) -> None:
    end = time.monotonic() + patience
    while not is_met():
        assert time.monotonic() < end, complaint
        time.sleep(POLL)


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[list[str]]:
    """The command that leads to this machine through a server of this test's own."""
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where the server's unprivileged half lives
    settings = {
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized",
        "PidFile": folder / "pid",
        "StrictModes": "no",
        "PermitRootLogin": "prohibit-password",
        "UsePAM": "no",
        "PrintMotd": "no",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()), "utf-8")
    assert SSHD is not None
    log = folder / "log"
    server = subprocess.Popen(
        [SSHD, "-D", "-E", str(log), "-f", str(folder / "config"), "-p", str(port), "-o", "ListenAddress=127.0.0.1"]
    )
    try:
        until((folder / "pid").exists, "the server does not start")
        yield [
            "ssh",
            *("-tt", "-F", "none", "-i", str(folder / "user"), "-p", str(port)),
            *("-o", f"UserKnownHostsFile={folder / 'known'}", "-o", "StrictHostKeyChecking=accept-new"),
            *("-o", "LogLevel=ERROR", "127.0.0.1"),
        ]
    finally:
        server.terminate()
        server.wait()


def open_over(ssh: list[str], desk: Desk) -> tuple[Terminal, int]:
    """The inbox at the other end of the line, and its process."""
    variables = shlex.join(f"{name}={value}" for name, value in environment(desk.home).items())
    inbox = shlex.join([str(BIN / "inbox-tui"), "--store", desk.url, "--as", ME])
    file = desk.folder / "inbox.pid"
    terminal = desk.terminal()
    remote = f"echo $$ >{shlex.quote(str(file))}; exec env {variables} {inbox}"
    terminal.start(shutil.which("ssh") or "ssh", *ssh[1:], remote)
    terminal.wait_for("● live")
    return terminal, int(file.read_text("utf-8"))


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def session_of(process: int) -> int:
    """The part of the SSH server that serves a process' terminal."""
    return int(Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[1])


@pytest.mark.parametrize("end", ["client", "server"])
@pytest.mark.parametrize("is_held", [False, True], ids=["in mid-word", "held"])
def test_a_line_that_breaks_keeps_the_text_and_sends_nothing(
    desk: Desk, ssh: list[str], end: str, is_held: bool
) -> None:
    desk.configure("undo_send = 60")
    terminal, inbox = open_over(ssh, desk)
    terminal.text("r")
    terminal.wait_for("Enter sends")
    terminal.text("Cut off in mid-w")
    terminal.wait_for("│ Cut off in mid-w")
    if is_held:
        terminal.enter()
        terminal.wait_for("sending · ")
    if end == "client":
        terminal.kill()
    else:
        os.kill(session_of(inbox), signal.SIGKILL)
    until(lambda: not is_there(inbox), "the inbox goes on without a terminal", END_TIMEOUT)
    assert desk.open().wait_for("│ Cut off in mid-w")
    assert [author for author, _ in desk.said("c-0")].count("member") == 0
