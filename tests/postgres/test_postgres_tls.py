"""A server at the other end of a network: it is who its certificate says, or nothing is said to it."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates import self_signed
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract.base import intake_of, messages, reply
from inbox_tui.testing.factories import DANA, incoming
from postgres.cluster import Cluster, needs_postgres, running

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]


@pytest.fixture(scope="module")
def guarded() -> Iterator[Cluster]:
    """A server that takes connections at a port."""
    with running() as cluster:
        if not cluster.execute("SELECT 1 FROM pg_settings WHERE name = 'ssl_library' AND setting <> ''"):
            pytest.skip("this PostgreSQL was built without TLS")
        cluster.execute("CREATE DATABASE inbox")
        cert, key = self_signed(cluster.folder / "tls")
        key.chmod(0o600)
        if cluster.user:
            shutil.chown(key, cluster.user)
        for name, value in (("ssl", "on"), ("ssl_cert_file", cert), ("ssl_key_file", key)):
            cluster.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        cluster.stop()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        cluster.start(port=port)
        yield cluster


async def opened(cluster: Cluster, ca: Path, host: str = "localhost") -> None:
    """A reply over it."""
    address = f"postgresql://inbox@{host}:{cluster.port}/inbox?sslmode=verify-full&sslrootcert={ca}"
    store = await open_store(StoreUrl.parse(address), Identity(DANA, "Dana Ortiz", is_given=True))
    await intake_of(store).ingest([incoming("c-1")])
    await reply(store, "Over the wire")
    assert "Over the wire" in [message.body for message in await messages(store)]
    encrypted = cluster.execute(
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_port > 0"
    )
    assert encrypted == [(True,)]
    await store.aclose()


async def test_whose_certificate_holds_is_talked_to(guarded: Cluster) -> None:
    await opened(guarded, guarded.folder / "tls" / "cert.pem")


async def test_another_authority_or_another_name_is_refused_and_quoted(guarded: Cluster, tmp_path: Path) -> None:
    other, _ = self_signed(tmp_path)
    with pytest.raises(StoreUnavailable, match="certificate verify failed"):
        await opened(guarded, other)
    with pytest.raises(StoreUnavailable, match='does not match host name "127'):
        await opened(guarded, guarded.folder / "tls" / "cert.pem", host="127.0.0.1")
