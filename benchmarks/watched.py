"""``inbox-tui serve`` in a process of its own, watched from outside: memory, open files, log."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.loopback import Site

_STARTS_WITHIN = 60.0
_ENDS_WITHIN = 40.0
"""Seconds; requests under way are given 20 of them."""
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
"""What a terminal would obey instead of show: C0 but the end of a line, C1, and what turns the direction of text."""


class Log(NamedTuple):
    """What a server wrote to standard error."""

    size: int
    controls: int
    """Control characters, of which there must be none."""
    tracebacks: int

    @classmethod
    def of(cls, written: bytes) -> Log:
        """What these bytes hold."""
        return cls(len(written), len(_CONTROL.findall(written)), written.count(b"Traceback (most recent call last)"))


class Watched:
    """A server while it runs, and what is known of it afterwards."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, certificate: Path | None) -> None:
        self._process = process
        self._log = log
        self.site = Site.of(self._address(), certificate)
        self.has_ended_well = False
        """It ended with 0 on SIGTERM."""
        self.ended_within = 0.0
        """Seconds that it took to end."""

    def _address(self) -> str:
        until = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < until and self._process.poll() is None:
            if found := re.search(rb" at (https?://\S+)\n", self._log.read_bytes()):
                return found[1].decode()
            time.sleep(0.02)
        raise RuntimeError(f"The server did not start: {self._log.read_text('utf-8', 'replace')}")

    def peak_memory(self) -> int:
        """Bytes that it has held at most so far; 0 where the system does not tell."""
        return self._status("VmHWM")

    def memory(self) -> int:
        """Bytes that it holds now; 0 where the system does not tell."""
        return self._status("VmRSS")

    def open_files(self) -> int:
        """Descriptors in use; 0 where the system does not tell."""
        folder = Path(f"/proc/{self._process.pid}/fd")
        return len(list(folder.iterdir())) if folder.is_dir() else 0

    def log(self) -> Log:
        """What it has written so far."""
        return Log.of(self._log.read_bytes())

    def end(self) -> None:
        """Stop it in order; if that fails, at once."""
        began = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.ended_within = time.monotonic() - began
        self.has_ended_well = self._process.returncode == 0

    def _status(self, name: str) -> int:
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0


@contextmanager
def watched(
    environment: Mapping[str, str], log: Path, *options: str, files: int, tls: tuple[Path, Path] | None = None
) -> Iterator[Watched]:
    """A server for as long as the block lasts.

    Args:
        environment: Names the store, the member and, as PYTHONPATH, where the benchmarks are.
        log: The file for its standard error.
        options: Of ``serve``.
        files: How many files it may have open; it cannot raise this.
        tls: Certificate and key.
    """
    serve = [str(Path(sys.executable).with_name("inbox-tui")), "serve", "--port", "0", *options]
    if tls:
        serve += ["--tls-cert", str(tls[0]), "--tls-key", str(tls[1])]
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.limited", str(files), *serve],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd=log.parent,
        ) as process,
    ):
        try:
            yield Watched(process, log, tls[0] if tls else None)
        finally:
            if process.poll() is None:
                process.kill()
