"""What clients learn of an error: never the file, the host or the database where the store is."""

from __future__ import annotations

import inspect
import logging
import sqlite3
from pathlib import Path

import httpx
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.backends.postgres import errors as postgres_errors
from inbox_tui.backends.sqlite import errors as sqlite_errors
from inbox_tui.domain import errors
from inbox_tui.domain.errors import InboxError, Rejected, StoreUnavailable
from inbox_tui.server.problems import outside
from inbox_tui.store.api import problem_of
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import DANA, WEBSITE
from server.harness import Served, serving

FILE = Path("/srv/acme-secret/inbox-secret.db")
DATABASE = "postgresql://db-secret.internal:5433/base-secret"
WORDS_OF_LIBPQ = (
    'connection to server at "10.9.8.7", port 5433 failed: FATAL:  no pg_hba.conf entry for host "10.9.8.6-secret", '
    'user "role-secret", database "base-secret", no encryption',
    'connection failed: connection to server at "10.9.8.7", port 5433 failed: Connection refused',
    "failed to resolve host 'db-secret.internal': [Errno -2] Name or service not known",
    'connection is bad: invalid port number: "5433-secret"',
    'FATAL:  role "role-secret" does not exist',
    'FATAL:  database "base-secret" does not exist',
    'FATAL:  password authentication failed for user "role-secret"',
    "server closed the connection unexpectedly",
    "relation secret.message does not exist",
    "",
)
TRACES = ("secret", "/srv", "10.9.8", "5433", "postgresql:")


def require_untold(error: InboxError, name: str) -> None:
    told = outside(error, name)
    status, problem = problem_of(told)
    for trace in TRACES:
        assert trace not in problem.message + problem.hint, problem
    assert problem.message and problem.hint
    assert status in (422, 500, 503), "not 401: it is not the client's token that the store refuses"


@pytest.mark.parametrize("code", [*sqlite_errors.BY_CODE, *sqlite_errors.BY_EXTENDED_CODE, 0, 77, 9_999])
def test_of_sqlite_s_errors(code: int) -> None:
    for kind in vars(sqlite3).values():
        if inspect.isclass(kind) and issubclass(kind, sqlite3.Error):
            error = kind(f"unable to open {FILE}")
            if code:
                error.sqlite_errorcode = code
            require_untold(sqlite_errors.translated(error, FILE), str(FILE))


@pytest.mark.parametrize(
    "raised",
    [
        UnicodeEncodeError("utf-8", "\ud800secret", 0, 1, "surrogates not allowed"),
        OverflowError("secret"),
        FileNotFoundError(2, "No such file or directory", str(FILE)),
    ],
)
def test_of_python_s_errors(raised: Exception) -> None:
    for translating, name in (
        (sqlite_errors.sqlite_errors(FILE), str(FILE)),
        (postgres_errors.postgres_errors(DATABASE), DATABASE),
    ):
        with pytest.raises(InboxError) as told, translating:
            raise raised
        require_untold(told.value, name)


@pytest.mark.parametrize("words", WORDS_OF_LIBPQ)
def test_of_postgresql_s_errors(words: str) -> None:
    states = [*(f"{family}000" for family in postgres_errors.BY_CLASS), *postgres_errors.BY_STATE, None, "ZZ999"]
    kinds = [kind for kind in vars(psycopg).values() if inspect.isclass(kind) and issubclass(kind, psycopg.Error)]
    for state in states:
        for kind in kinds:
            error = kind(words)
            error.sqlstate = state
            require_untold(postgres_errors.translated(error, DATABASE), DATABASE)


KINDS = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, InboxError)]


@given(kind=st.sampled_from(KINDS), before=st.text(max_size=20), after=st.text(max_size=20), is_hint=st.booleans())
def test_of_any_error_that_names_the_store(kind: type[InboxError], before: str, after: str, is_hint: bool) -> None:
    words = f"{before}{FILE}{after}"
    error = kind("It failed.", hint=words) if is_hint else kind(words)
    _, problem = problem_of(outside(error, str(FILE)))
    assert str(FILE) not in problem.message + problem.hint


def test_what_a_rule_says_is_told_as_it_is() -> None:
    error = Rejected("This text is empty.", hint="Write something.")
    assert outside(error, str(FILE)) is error


def test_why_the_store_does_not_answer_is_told_where_it_helps() -> None:
    full = sqlite3.OperationalError("x")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    told = outside(sqlite_errors.translated(full, FILE), str(FILE))
    assert isinstance(told, StoreUnavailable)
    assert told.message == "The disk that holds the store is full."


async def test_over_the_line(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The file is taken away under the server."""
    async with serving(store) as served:
        secret, _ = await served.token(agent=WEBSITE)
        member, _ = await served.token(DANA)
        async with httpx.AsyncClient(base_url=served.api) as client:
            (tmp_path / "team.db").rename(tmp_path / "elsewhere.db")
            for path, token, body in (
                ("agent/conversations", secret, {"id": "new"}),
                ("members", member, {"email": "new@acme.example"}),
            ):
                answer = await client.post(f"/{path}", headers={"Authorization": f"Bearer {token}"}, json=body)
                assert answer.status_code in (500, 503)
                assert answer.json()["message"].startswith("The store")
                assert str(tmp_path) not in answer.text and "team.db" not in answer.text
    assert any(
        str(tmp_path / "team.db") in record.getMessage()
        for record in caplog.records
        if record.name.startswith("inbox_tui.server")
    )


async def test_a_refusal_within_many_changes(served: Served) -> None:
    """A value that the store itself refuses, among changes that are decided one by one."""
    secret, _ = await served.token(DANA)
    headers = {"Authorization": f"Bearer {secret}"}
    change = {"type": "status", "conversation": "a\x00b" * 10, "status": "resolved", "expected": "open"}
    async with httpx.AsyncClient(base_url=served.api, headers=headers) as client:
        answer = await client.post("/bulk", json={"changes": [change]})
        assert "team.db" not in answer.text and served.host.name not in answer.text  # type: ignore[attr-defined]


def test_the_log_is_not_flooded_by_a_store_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    from inbox_tui.server.problems import tell_error

    with caplog.at_level(logging.ERROR):
        for _ in range(1_000):
            tell_error(StoreUnavailable(f"{FILE} is locked."), str(FILE))
    assert 1 <= sum(str(FILE) in record.getMessage() for record in caplog.records) <= 5
