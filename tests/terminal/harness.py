"""The real program in a real terminal: a tmux of each test's own, its keys, and what it shows.

Knows no screen of the inbox. Waits for conditions, never for a time; what is waited
for and does not come is reported with the screen as it stands.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

import pytest

BIN = Path(sys.executable).parent
"""Where the programs of this environment lie."""
END_TIMEOUT = 8.0
"""Seconds in which a program that was told to end is gone, even on a busy machine."""
TIMEOUT = 20.0
"""Seconds after which a condition is given up."""
NO_BURST = 0.6
"""Seconds after which Enter is no part of what was typed or pasted before it."""
POLL = 0.01
"""Seconds between two looks at a terminal."""

Condition: TypeAlias = str | Callable[[str], bool]

_RECORDED = """
trap : HUP
sh -c 'echo $$ >"$0/pid"; exec "$@"' "$0" "$@"
echo $? >"$0/status.part"
mv "$0/status.part" "$0/status"
"""
"""Runs a program and writes down its id and how it ended: tmux itself now and then misses an end.
Outlives a hang-up, which the program hears as ever."""

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed on this machine")


class Terminal:
    """One program in one terminal. Closed, it leaves neither process nor socket."""

    def __init__(self, folder: Path, env: Mapping[str, str], *, size: tuple[int, int] = (120, 36)) -> None:
        """``folder`` is where the program starts; ``env`` is all that it is told of the machine."""
        self._folder = folder
        self._env = dict(env)
        self.size = size
        # Short, for the path of a socket; what a program that is just ending still writes there is nobody's loss.
        self._folder_of_own = tempfile.TemporaryDirectory(prefix="tmux-", ignore_cleanup_errors=True)
        self._own = Path(self._folder_of_own.name)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, *command: str) -> None:
        """Start a program of this environment, such as ``inbox-tui``, in the terminal."""
        program = str(BIN / command[0])
        columns, lines = self.size
        self._tmux(
            *("set", "-g", "remain-on-exit", "on", ";", "set", "-g", "status", "off", ";"),
            *("set", "-g", "remain-on-exit-format", "", ";"),
            *("set", "-g", "default-terminal", self._env["TERM"], ";"),
            *("new-session", "-d", "-x", str(columns), "-y", str(lines), "-c", str(self._folder)),
            *("--", "sh", "-c", _RECORDED, str(self._own), program, *(_unsplit(word) for word in command[1:])),
            starts=True,
        )

    def keys(self, *keys: str) -> None:
        """Press keys, each as tmux names it: ``r``, ``C-j``, ``Enter``, ``Escape``."""
        self._tmux("send-keys", *(_unsplit(key) for key in keys))

    def escape(self) -> None:
        """Press Escape, as terminals send it that tell it apart: else Escape and ``e`` together are Alt+``e``."""
        self.text("\x1b[27u")

    def text(self, literal: str) -> None:
        """Type a text, or whatever else, in one write."""
        self._tmux("send-keys", "-l", _unsplit(literal))

    def enter(self) -> None:
        """Press Enter as a person does: not in the same moment as the last letter."""
        typed = time.monotonic()
        self.wait_for(lambda _: time.monotonic() > typed + NO_BURST)
        self.keys("Enter")

    def paste(self, text: str) -> None:
        """Paste as terminals do: bracketed, if the program asked for that."""
        self._tmux("set-buffer", "-b", "pasted", "--", _unsplit(text), ";", "paste-buffer", "-p", "-r", "-b", "pasted")

    def paste_unmarked(self, text: str) -> None:
        """Paste as tmux does by default from its own buffers: as if typed, each line break as Enter."""
        self._tmux("set-buffer", "-b", "pasted", "--", _unsplit(text), ";", "paste-buffer", "-b", "pasted")

    def screen(self, *, styled: bool = False) -> str:
        """What the terminal shows, without spaces at the ends of lines."""
        return self._capture(*(["-e"] if styled else []))

    def lines(self) -> list[str]:
        """What the terminal shows, line by line."""
        return self.screen().splitlines()

    def wait_for(self, condition: Condition, timeout: float = TIMEOUT) -> str:
        """The screen as soon as it shows a text or fulfils a condition.

        Raises:
            AssertionError: it did not in time, or the program ended without showing it.
        """
        is_met = (lambda screen: condition in screen) if isinstance(condition, str) else condition
        what = repr(condition) if isinstance(condition, str) else "what was waited for"
        shown = ""

        def look() -> bool:
            nonlocal shown
            has_ended = self.exit_status() is not None
            shown = self.screen()
            assert not has_ended or is_met(shown), f"the program ended without {what}:\n{shown}"
            return is_met(shown)

        self._wait(look, f"{what} did not come", timeout)
        return shown

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal another size."""
        self.size = (columns, lines)
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def kill(self) -> None:
        """End the program as the machine would when it is short of memory: it hears nothing of it."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait_for_end()

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    @property
    def pid(self) -> int:
        """The id of the program that was started."""
        return int((self._own / "pid").read_text())

    @property
    def device(self) -> str:
        """The file by which others on the machine write to this terminal."""
        return self._tmux("display-message", "-p", "#{pane_tty}")

    def hang_up(self) -> int:
        """Close the line as a lost connection does; returns the program's exit status."""
        self.signal(signal.SIGHUP)
        return self.wait_for_end()

    def lose(self) -> int:
        """Take the terminal away as a closed window does; returns the program's exit status."""
        self._tmux("kill-server")
        return self.wait_for_end()

    def exit_status(self) -> int | None:
        """How the program ended (128 and the signal, if by one); None while it runs."""
        status = self._own / "status"
        return int(status.read_text()) if status.exists() else None

    def wait_for_end(self, timeout: float = TIMEOUT) -> int:
        """Wait until the program has ended; returns its exit status."""
        self._wait(lambda: self.exit_status() is not None, "the program goes on", timeout)
        status = self.exit_status()
        assert status is not None
        return status

    def close(self) -> None:
        """End whatever runs in the terminal, and the terminal."""
        subprocess.run([*self._server(), "kill-server"], env=self._env_of_tmux(), capture_output=True, check=False)
        self._folder_of_own.cleanup()

    def _wait(self, is_met: Callable[[], bool], complaint: str, timeout: float = TIMEOUT) -> None:
        until = time.monotonic() + timeout
        while not is_met():
            assert time.monotonic() < until, f"{complaint}:\n{self._capture(check=False)}"
            time.sleep(POLL)

    def _capture(self, *how: str, check: bool = True) -> str:
        return self._tmux("capture-pane", "-p", *how, check=check)

    def _tmux(self, *words: str, starts: bool = False, check: bool = True) -> str:
        if starts:
            words = ("start-server", ";", *words)
        done = subprocess.run(
            [*self._server(), *words], env=self._env_of_tmux(), capture_output=True, check=False, timeout=TIMEOUT
        )
        assert done.returncode == 0 or not check, done.stderr.decode()
        return done.stdout.decode().rstrip("\n")

    def _server(self) -> Sequence[str]:
        return ("tmux", "-u", "-L", "inbox", "-f", "/dev/null")

    def _env_of_tmux(self) -> dict[str, str]:
        return self._env | {"TMUX_TMPDIR": str(self._own)}


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a program is told of its machine: a home of its own, a plain terminal, nothing else."""
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    return {
        "HOME": str(home),
        **folders,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "TERM": "tmux-256color",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **more,
    }


def _unsplit(word: str) -> str:
    """A word whose last semicolon tmux does not take for the end of a command."""
    return f"{word[:-1]}\\;" if word.endswith(";") else word
