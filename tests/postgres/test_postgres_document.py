"""What the page on PostgreSQL says is done, as it stands there, by the roles that it makes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Access, ConversationId, Lead, Status
from inbox_tui.domain.tokens import NewToken
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract.base import intake_of, listed, reply, team_of
from inbox_tui.testing.contract.hosting import host_of
from inbox_tui.testing.deciding import assign, set_status
from inbox_tui.testing.factories import DANA, MORNING, incoming, said
from postgres.cluster import Cluster, needs_postgres

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]

PAGE = Path(__file__).parents[2] / "docs" / "postgres.md"
COMMANDS = re.findall(r"^    (inbox-tui .+)$", PAGE.read_text("utf-8"), re.MULTILINE)
ROLES, GRANTS = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def cleared(cluster: Cluster) -> Iterator[None]:
    """Whatever the page makes is gone afterwards."""
    yield
    cluster.execute("DROP DATABASE IF EXISTS inbox WITH (FORCE)")
    for role in ("inbox_owner", "inbox_app"):
        cluster.execute(f"DROP ROLE IF EXISTS {role}")


@contextmanager
def connected(cluster: Cluster, database: str, user: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(cluster.url(database, user=user), autocommit=True) as connection:
        yield connection


def run(command: str, cluster: Cluster, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command of the page, at this server instead of the page's, and in a file of this test's."""
    here = command.replace("@db.acme.example/inbox", f"@/inbox?host={cluster.folder}")
    words = shlex.split(here.replace("sqlite:////srv/acme/", f"sqlite:///{folder}/"))
    return subprocess.run(
        [str(Path(sys.executable).with_name(words[0])), *words[1:]],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.usefixtures("cleared")
async def test_the_page_from_top_to_bottom(cluster: Cluster, tmp_path: Path) -> None:
    file = await open_store(StoreUrl.parse(f"sqlite:///{tmp_path}/inbox.db"), Identity(DANA, "Dana", is_given=True))
    await intake_of(file).ingest([incoming("c-1")])
    await file.aclose()
    with connected(cluster, "postgres", "inbox") as admin:
        for statement in ROLES.split(";\n"):
            if statement.strip():
                admin.execute(statement)
    migrate, list_, serve, copy = COMMANDS
    made = run(migrate, cluster, tmp_path)
    assert "made, schema" in made.stderr, made.stderr
    refused = run(list_, cluster, tmp_path)
    assert (refused.returncode, "docs/postgres.md" in refused.stderr) == (1, True), refused.stderr
    with connected(cluster, "inbox", "inbox_owner") as owner:
        owner.execute(GRANTS)
    assert run(list_, cluster, tmp_path).returncode == 0
    moved = run(f"{copy} --as {DANA}", cluster, tmp_path)
    assert "the same in both stores" in moved.stderr, moved.stderr
    assert run(list_, cluster, tmp_path).stdout.startswith("c-1\t")
    assert serve.endswith("serve --behind-proxy")
    await work_a_shift(cluster.url("inbox", user="inbox_app"))


async def work_a_shift(address: str) -> None:
    """Every kind of write, by the role for every day."""
    store = await open_store(StoreUrl.parse(address), Identity(DANA, is_given=True))
    id = ConversationId("c-2")
    await intake_of(store).ingest([incoming(id, said("flight"))])
    await intake_of(store).receive(id, said("late", 5, key="v"))
    await intake_of(store).request_handoff(id, MORNING)
    await intake_of(store).set_lead(id, Lead("Maya"))
    await reply(store, id=id)
    await assign(store, id, None, (await store.me()).id)
    await set_status(store, id, Status.RESOLVED, Status.OPEN)
    sam = await team_of(store).add_member("sam@acme.example", "Sam", Access.EDIT)
    await team_of(store).set_access(sam.id, Access.NONE)
    token = await host_of(store).add_token(NewToken(b"t" * 32, DANA))
    await host_of(store).revoke_token(token.id)
    assert [row.id for row in await listed(store, Query(search="maya"))] == [id]
    await store.aclose()
