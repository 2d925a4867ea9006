"""A workspace made ready for attacks: tokens for those who work and for the stranger, and a copy for each run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from benchmarks.attackers import AGENT, LONG_IDS
from benchmarks.audit import Audit, audit_database, audit_file
from benchmarks.generate import ME
from benchmarks.ledger import Promises
from benchmarks.shift import InputLexer
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.models import Access, Author, ConversationId, IncomingConversation, IncomingMessage
from inbox_tui.domain.tokens import NewToken, hash_of, secret_of
from inbox_tui.store.protocol import Host, Intake, Team
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

_NOBODY = "nobody@team.example"
_EDITOR = "member2@team.example"
"""The member whose token the stranger has; nobody works with it."""
_WORKING = range(3, 23)
"""Of the generated members, those who work."""
_WEBSITES = ("Website assistant", "Shop assistant")
_LONG_ID = (1_900, 400, 200, 64)
_LONG_IDS_AT_ONCE = 500
_LONG_AGO = datetime(2025, 1, 1, tzinfo=timezone.utc)


@dataclass
class Stage:
    """A workspace made ready, with tokens for all who work and for the stranger.

    Args:
        folder: Where copies and logs go.
        file: The generated SQLite file.
        database: The same as a PostgreSQL database, if the server shall stand over that.
        tls: Certificate and key, for servers that need them.
    """

    folder: Path
    file: Path
    database: str = ""
    tls: tuple[Path, Path] | None = None
    tokens: InputLexer = field(default=InputLexer((), ()), init=False)
    secrets: dict[str, str] = field(default_factory=dict, init=False)
    """The stranger's tokens: ``none``, ``edit``, ``admin``, ``agent``."""

    async def prepare(self) -> None:
        """Make the tokens, and what the stranger's agent had begun before."""
        if self.database:
            self.database = _cloned(self.database, "ready")
        else:
            self.file = Path(shutil.copy(self.file, self.folder / "ready.db"))
        address = self.database or f"sqlite:///{self.file.absolute()}"
        store = await open_store(StoreUrl.parse(address), Identity(ME, is_given=True))
        assert isinstance(store, Host) and isinstance(store, Team) and isinstance(store, Intake)
        try:
            if _NOBODY not in {member.email for member in await store.members()}:
                await store.add_member(_NOBODY, "Nora None", Access.NONE)

            async def token(email: str = "", agent: str = "") -> str:
                secret = secret_of(os.urandom(32), is_agent=bool(agent))
                await store.add_token(NewToken(hash_of(secret), email, agent))
                return secret

            members = [await token(f"member{number}@team.example") for number in _WORKING]
            websites = [await token(agent=name) for name in _WEBSITES]
            self.tokens = InputLexer(tuple(members), tuple(websites))
            self.secrets = {
                "none": await token(_NOBODY),
                "edit": await token(_EDITOR),
                "admin": await token(ME),
                "agent": await token(agent=AGENT),
            }
            await _begin_long_ago(store)
        finally:
            await store.aclose()

    @contextmanager
    def copy(self) -> Iterator[tuple[str, Path]]:
        """A store for one run: its address, and the file beside which its log grows."""
        file = self.folder / "inbox.db"
        if not self.database:
            shutil.copy(self.file, file)
            try:
                yield f"sqlite:///{file.absolute()}", file
            finally:
                for left in self.folder.glob("inbox.db*"):
                    left.unlink()
            return
        address = _cloned(self.database, "run")
        try:
            yield address, file
        finally:
            _drop(address)

    def close(self) -> None:
        """Leave no database behind but the one that was given."""
        if urlsplit(self.database).path.endswith("_ready"):
            _drop(self.database)

    def audit(self, address: str, file: Path, promises: Promises) -> Audit:
        """What the run's store holds."""
        return audit_database(address, promises) if self.database else audit_file(file, promises)


def _cloned(database: str, name: str) -> str:
    """The address of a copy, in place of what was called so before."""
    parts = urlsplit(database)
    address = urlunsplit(parts._replace(path=f"{parts.path}_{name}"))
    _drop(address)
    _administer(database, f'CREATE DATABASE "{parts.path[1:]}_{name}" TEMPLATE "{parts.path[1:]}"')
    return address


def _drop(database: str) -> None:
    _administer(database, f'DROP DATABASE IF EXISTS "{urlsplit(database).path[1:]}" WITH (FORCE)')


def _administer(database: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(urlunsplit(urlsplit(database)._replace(path="/postgres")), autocommit=True) as db:
        db.execute(statement.encode())


async def _begin_long_ago(intake: Intake) -> None:
    """Conversations of the stranger's agent with ids as long as the store takes them."""
    for length in _LONG_ID:
        made = [
            IncomingConversation(
                ConversationId(f"{number:06}".ljust(length, "i")),
                (IncomingMessage(Author.VISITOR, "Hello", _LONG_AGO, key="1"),),
                AGENT,
                _LONG_AGO,
            )
            for number in range(LONG_IDS)
        ]
        with suppress(Rejected):
            for start in range(0, LONG_IDS, _LONG_IDS_AT_ONCE):
                await intake.ingest(made[start : start + _LONG_IDS_AT_ONCE])
            return


def has_addresses() -> bool:
    """Whether one may come from other addresses of 127.0.0.0/8."""
    with socket.socket() as one:
        try:
            one.bind(("127.0.1.1", 0))
        except OSError:
            return False
    return True


def certificate(folder: Path) -> tuple[Path, Path] | None:
    """A certificate for localhost, by openssl; None where that is not installed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    cert, key = folder / "cert.pem", folder / "key.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    made = [*words.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([openssl, *made], check=True, capture_output=True)
    return cert, key
