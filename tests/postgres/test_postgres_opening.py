"""Databases that cannot be opened, or not written: what is wrong, and what to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from inbox_tui.backends.postgres.errors import BY_CLASS, BY_STATE, translated
from inbox_tui.backends.postgres.schema import MIGRATIONS
from inbox_tui.domain.errors import (
    ConfigError,
    CredentialError,
    Rejected,
    StoreBroken,
    StoreError,
    StoreUnavailable,
)
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Lead, ReplyDraft
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract.base import C1, intake_of, listed
from inbox_tui.testing.factories import DANA, incoming, said
from postgres.cluster import Cluster, needs_postgres

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]


async def opened(address: str) -> Store:
    return await open_store(StoreUrl.parse(address), Identity(DANA, "Dana Ortiz", is_given=True))


@pytest.fixture
def guarded(cluster: Cluster) -> Iterator[str]:
    """A role that has a password, and may use what it was granted."""
    cluster.execute("CREATE ROLE guarded LOGIN PASSWORD 'swordfish'")
    yield "guarded"
    cluster.execute("DROP ROLE guarded")


async def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(
        StoreUnavailable, match=r"postgresql:///inbox cannot be reached: No such file or directory\.$"
    ) as caught:
        await opened(f"postgresql:///inbox?host={tmp_path}")
    assert "address" in caught.value.hint
    with pytest.raises(
        StoreUnavailable, match=r"postgresql://127\.0\.0\.1:1/inbox cannot be reached: Connection refused\.$"
    ):
        await opened("postgresql://127.0.0.1:1/inbox")
    with pytest.raises(
        StoreUnavailable, match=r"inbox cannot be reached: failed to resolve host 'no-such-host\.invalid'"
    ):
        await opened("postgresql://no-such-host.invalid/inbox?connect_timeout=3")


async def test_who_answers_and_lets_nobody_in_is_quoted(cluster: Cluster, database: str, guarded: str) -> None:
    cluster.execute("ALTER ROLE guarded CONNECTION LIMIT 0")
    with pytest.raises(
        StoreUnavailable, match='cannot be reached: FATAL:  too many connections for role "guarded"'
    ) as full:
        await opened(cluster.url(database, user="guarded:swordfish"))
    assert "swordfish" not in str(full.value) + full.value.hint
    assert "pooler" in full.value.hint


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("&sslmode=bogus", 'invalid sslmode value: "bogus"'),
        ("&service=nope", 'definition of service "nope" not found'),
        ("&connect_timeout=abc", "bad value for connect_timeout: 'abc'"),
        ("&options=-csearch_path%3Dnowhere", "has no schema for the tables"),
    ],
)
async def test_an_option_of_the_address_is_wrong(cluster: Cluster, options: str, why: str) -> None:
    with cluster.database() as name, pytest.raises(ConfigError, match=re.escape(why)) as caught:
        await opened(cluster.url(name, user="inbox:swordfish", options=options))
    assert "swordfish" not in str(caught.value) + caught.value.hint


async def test_a_role_that_may_not_come_in_is_told(cluster: Cluster, database: str, guarded: str) -> None:
    with pytest.raises(CredentialError, match="does not accept the login"):
        await opened(cluster.url(database, user="nobody-of-this-name"))
    cluster.execute(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
    with pytest.raises(StoreBroken, match="does not allow this to your role"):
        await opened(cluster.url(database, user=f"{guarded}:swordfish"))


async def test_several_hosts_may_be_named(cluster: Cluster, database: str) -> None:
    hosts = f"127.0.0.1:1,{quote(str(cluster.folder), safe='')}:{cluster.port}"
    store = await opened(f"POSTGRESQL://inbox@{hosts}/{database}?target_session_attrs=read-write")
    assert store.name == f"postgresql://{hosts}/{database}"
    await store.aclose()


async def test_two_workspaces_never_have_the_same_name(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name the outbox and the drafts know for whom they are."""
    with cluster.database() as database:
        for schema in ("acme", "globex"):
            cluster.execute(f"CREATE SCHEMA {schema}", database=database)
        address = cluster.url(database, options="&options=-csearch_path%3Dacme")
        acme = await opened(address)
        globex = await opened(address.replace("acme", "globex"))
        monkeypatch.setenv("PGHOST", str(cluster.folder))
        monkeypatch.setenv("PGOPTIONS", "-csearch_path=acme")
        by_environment = await opened(f"postgresql://inbox@/{database}?port={cluster.port}")
        place = f"postgresql:///{database}?host={cluster.folder}&port={cluster.port}&options=-csearch_path%3D"
        assert (acme.name, globex.name) == (f"{place}acme&schema=acme", f"{place}globex&schema=globex")
        assert by_environment.name == (
            f"postgresql:///{database}?port={cluster.port}&host={cluster.folder}&options=-csearch_path=acme&schema=acme"
        )
        for store in (acme, globex, by_environment):
            await store.aclose()


async def test_what_an_address_leaves_to_the_role_is_in_the_name(cluster: Cluster) -> None:
    """The role's own database, and the role's own schema."""
    cluster.execute("CREATE ROLE alice LOGIN SUPERUSER")
    cluster.execute("CREATE DATABASE alice OWNER alice")
    place = f"?host={cluster.folder}&port={cluster.port}"
    own = await opened(f"postgresql://alice@/{place}")
    assert own.name == f"postgresql:///alice{place}"
    await own.aclose()
    cluster.execute("CREATE SCHEMA alice", database="alice")
    apart = await opened(f"postgresql://alice@/{place}")
    assert apart.name == f"postgresql:///alice{place}&schema=alice"
    await apart.aclose()
    cluster.execute("DROP DATABASE alice")
    cluster.execute("DROP ROLE alice")


async def test_there_is_no_such_database(cluster: Cluster) -> None:
    with pytest.raises(ConfigError, match="There is no database postgresql:///nowhere") as caught:
        await opened(cluster.url("nowhere"))
    assert "createdb" in caught.value.hint


async def test_an_address_that_cannot_be_read_gives_no_password_away() -> None:
    with pytest.raises(ConfigError, match='cannot be read: invalid URI query parameter: "sslmod"'):
        await opened("postgresql://inbox:swordfish@/inbox?sslmod=require")
    for address in (
        "postgresql://inbox:sword%zzfish@/inbox",
        "postgresql://inbox:swordfish@[::1/inbox?x",
        "postgresql://i:swordfish@h/?host",
    ):
        with pytest.raises(ConfigError) as caught:
            await opened(address)
        assert "sword" not in str(caught.value) + caught.value.hint


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("login", ["guarded", "guarded:wrong"])
async def test_the_password_is_wrong_or_missing(cluster: Cluster, database: str, login: str) -> None:
    with pytest.raises(CredentialError, match="does not accept the login") as caught:
        await opened(cluster.url(database, user=login))
    assert "wrong" not in str(caught.value) + caught.value.hint


async def test_a_role_without_rights_is_told_which_it_needs(cluster: Cluster, database: str, guarded: str) -> None:
    with pytest.raises(StoreBroken, match="does not allow this to your role") as caught:
        await opened(cluster.url(database, user=f"{guarded}:swordfish"))
    assert "docs/postgres.md" in caught.value.hint


def test_nobody_is_asked_for_a_token(url: StoreUrl, tmp_path: Path) -> None:
    """A keyring may ask for its password, on a screen that is not there; and no database wants what is in it."""
    (tmp_path / "config.toml").write_text(f'token_command = ["touch", "{tmp_path}/asked"]\n')
    done = subprocess.run(
        [sys.executable, "-m", "inbox_tui", "--store", url.text, "--as", DANA, "doctor"],
        env={**os.environ, "HOME": str(tmp_path), "INBOX_TUI_CONFIG": str(tmp_path / "config.toml")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "ok  answer         0 conversations" in done.stdout, done.stdout
    assert "-   keyring        not used by this store" in done.stdout
    assert not (tmp_path / "asked").exists()


async def test_where_no_inbox_is_none_is_made_by_who_only_looks(cluster: Cluster) -> None:
    with cluster.database() as name:
        with pytest.raises(StoreUnavailable, match=f"There is no inbox in postgresql:///{name}"):
            await open_store(StoreUrl.parse(cluster.url(name)), Identity(DANA, is_given=True, may_create=False))
        assert not cluster.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", database=name)


@pytest.mark.parametrize("table", ["message", "orders"])
async def test_another_programs_database(cluster: Cluster, table: str) -> None:
    with cluster.database() as name:
        cluster.execute(f"CREATE TABLE {table} (id integer)", database=name)
        with pytest.raises(StoreBroken, match=f"has tables of another program: {table}") as caught:
            await opened(cluster.url(name))
        assert len(cluster.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", database=name)) == 1
        assert "search_path" in caught.value.hint
        cluster.execute("CREATE SCHEMA inbox", database=name)
        store = await opened(cluster.url(name, options="&options=-csearch_path%3Dinbox"))
        await intake_of(store).ingest([incoming("c-1")])
        await store.aclose()
        assert cluster.execute("SELECT public_id FROM inbox.conversation", database=name) == [("c-1",)]


async def test_a_database_that_cannot_hold_every_character(cluster: Cluster) -> None:
    cluster.execute("CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(ConfigError, match="holds LATIN1, not UTF8") as caught:
        await opened(cluster.url("narrow"))
    assert "ENCODING 'UTF8'" in caught.value.hint
    cluster.execute("DROP DATABASE narrow WITH (FORCE)")


async def test_tables_that_are_older_and_a_role_that_may_not_change_them(
    cluster: Cluster, database: str, guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "9999_more.sql").write_text("ALTER TABLE message ADD COLUMN colour text")
    monkeypatch.setattr("inbox_tui.backends.postgres.schema.MIGRATIONS", tmp_path / "migrations")
    cluster.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {guarded}", database=database
    )
    with pytest.raises(StoreBroken, match="older than this inbox-tui, and your role may not change them") as caught:
        await opened(cluster.url(database, user=f"{guarded}:swordfish"))
    assert "inbox-tui migrate" in caught.value.hint
    await (await opened(cluster.url(database))).aclose()
    await (await opened(cluster.url(database, user=f"{guarded}:swordfish"))).aclose()
    cluster.execute(f"DROP OWNED BY {guarded}", database=database)


async def test_no_tables_yet_and_a_role_that_may_not_make_them(cluster: Cluster, guarded: str) -> None:
    with cluster.database() as name:
        cluster.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database=name)
        with pytest.raises(StoreBroken, match="has no tables yet, and your role may not make them") as caught:
            await opened(cluster.url(name, user=f"{guarded}:swordfish"))
        assert "inbox-tui migrate" in caught.value.hint


async def test_a_newer_schema_is_refused_and_left_alone(cluster: Cluster, database: str) -> None:
    cluster.execute("UPDATE inbox_tui_schema SET version = 99", database=database)
    with pytest.raises(StoreBroken, match=r"newer inbox-tui \(schema 99; this one knows \d+\)"):
        await opened(cluster.url(database))
    assert cluster.execute("SELECT version FROM inbox_tui_schema", database=database) == [(99,)]


async def test_somebody_who_is_no_member(url: StoreUrl) -> None:
    with pytest.raises(CredentialError, match=r"kim@acme\.example is not a member"):
        await open_store(url, Identity("kim@acme.example", is_given=True))


async def test_a_database_that_takes_no_writes_can_be_read(cluster: Cluster, database: str) -> None:
    store = await opened(cluster.url(database))
    await intake_of(store).ingest([incoming("c-1")])
    await store.aclose()
    cluster.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    store = await opened(cluster.url(database))
    assert [row.id for row in await listed(store, Query())] == ["c-1"]
    with pytest.raises(StoreUnavailable, match="takes no writes now") as caught:
        await store.reply(C1, ReplyDraft("hello", "k-1"))
    assert "replica" in caught.value.hint
    cluster.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")
    await store.reply(C1, ReplyDraft("hello", "k-1"))
    await store.aclose()


async def test_a_stricter_default_isolation_changes_nothing(cluster: Cluster, database: str) -> None:
    cluster.execute(f"ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'")
    stores = [await opened(cluster.url(database)) for _ in range(2)]
    for number, store in enumerate(stores * 3):
        await intake_of(store).ingest([incoming(f"c-{number}")])
    assert len(await listed(stores[0], Query())) == 6
    for store in stores:
        await store.aclose()


async def test_a_full_disk_is_named_and_nothing_is_lost(cluster: Cluster, database: str) -> None:
    disk = cluster.folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine does not let us mount a small file system")
    try:
        shutil.chown(disk, cluster.user or "root")
        cluster.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        cluster.execute("ALTER TABLE message SET TABLESPACE small", database=database)
        store = await opened(cluster.url(database))
        taken = 0
        with pytest.raises(StoreUnavailable, match="no space left"):
            while taken < 200:
                message = said("".join(chr(0x4E00 + (taken * 7919 + i * i) % 20_000) for i in range(100_000)))
                await intake_of(store).ingest([incoming(f"c-{taken}", message)])
                taken += 1
        assert len(await listed(store, Query())) == (await store.counts()).all == taken
        await intake_of(store).set_lead(C1, Lead("Maria Berger"))
        await store.aclose()
        cluster.execute("ALTER TABLE message SET TABLESPACE pg_default", database=database)
        cluster.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


# The table of states.


def test_every_class_of_states_has_a_meaning_or_cannot_come() -> None:
    states = {code for code in psycopg.errors._sqlcodes if len(code) == 5 and re.search("[0-9]", code)}
    cannot_come = {
        *("03", "09", "0B", "0F", "0L", "0P", "0Z", "10", "20", "24", "26", "27", "2B", "2D", "2F", "34", "38"),
        *("39", "3B", "44", "72", "HV", "P0", "02"),
    }
    assert {state[:2] for state in states} == {*BY_CLASS, *cannot_come}
    assert set(BY_STATE) <= states


@pytest.mark.parametrize("state", sorted({*BY_STATE, *(f"{kind}000" for kind in BY_CLASS)}))
def test_every_meaning_names_the_store_and_says_what_to_do(state: str) -> None:
    error = psycopg.errors.lookup(state) if state in psycopg.errors._sqlcodes else psycopg.DatabaseError
    raised = error("words of the server")
    raised.sqlstate = state
    ours = translated(raised, "postgresql://host/inbox")
    assert "postgresql://host/inbox" in ours.message
    assert ours.hint


def test_an_unknown_state_is_a_defect_and_shows_the_servers_words_cleaned() -> None:
    error = psycopg.DatabaseError("what \x1b[2Jis this")
    error.sqlstate = "ZZ999"
    ours = translated(error, "postgresql://host/inbox")
    assert type(ours) is StoreError
    assert "what ␛[2Jis this" in ours.message and "report" in ours.hint
    assert isinstance(translated(psycopg.errors.NumericValueOutOfRange("x"), "n"), Rejected)
