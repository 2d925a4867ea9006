"""Addresses of stores, and which backend each one opens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from inbox_tui.domain.errors import ConfigError
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import BUILT_IN, Identity, installed_stores, open_store, utc_now
from inbox_tui.store.url import StoreUrl


@pytest.mark.parametrize(
    ("text", "scheme", "path"),
    [
        ("sqlite:///x.db", "sqlite", "x.db"),
        ("sqlite:////home/dana/inbox.db", "sqlite", "/home/dana/inbox.db"),
        ("SQLite:///x.db", "sqlite", "x.db"),
        ("sqlite:///with%20space.db?mode=ro", "sqlite", "with space.db"),
        ("chatwoot+https://host/app/accounts/1", "chatwoot+https", "host/app/accounts/1"),
    ],
)
def test_an_address_names_a_backend_and_a_place(text: str, scheme: str, path: str) -> None:
    url = StoreUrl.parse(text)
    assert (url.scheme, url.path) == (scheme, path)


@pytest.mark.parametrize("text", ["", "inbox.db", "/home/dana/inbox.db", "://x", "sqlite:x.db"])
def test_what_is_no_address_says_how_one_looks(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        StoreUrl.parse(text)
    assert "sqlite:///" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "https:/dana:secret@host/x",
        "https://dana:secret@host:no/x",
        "http://dana:secret@[::1/x",
        "postgresql://dana@host:secret/x",
    ],
)
def test_what_is_wrong_with_an_address_is_said_without_its_secrets(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        StoreUrl.parse(text)
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"


def test_libpqs_other_spelling_is_refused_without_its_secrets() -> None:
    with pytest.raises(ConfigError, match="words like host=… is not a store address") as no:
        StoreUrl.parse("host=127.0.0.1 dbname=inbox password=s3cret")
    assert "s3cret" not in f"{no.value.message} {no.value.hint}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://dana:secret@host:8443/x?token=secret", "https://host:8443/x"),
        ("postgresql://dana:secret@host/inbox", "postgresql://host/inbox"),
        ("postgresql://dana:sec/re?t@host/inbox", "postgresql://host/inbox"),
        ("postgresql://dana:sec?ret@host/inbox", "postgresql://host/inbox"),
        ("postgresql://dana:secret?a=b@host/inbox", "postgresql://host/inbox"),
        ("postgresql://host/inbox?user=inbox@acme&password=sec@ret", "postgresql://host/inbox"),
        ("postgresql://host?password=sec@ret", "postgresql://host"),
        ("postgresql://host:1/x&password=secret", "postgresql://host:1/x"),
        ("sqlite:////a/b&c=d.db", "sqlite:////a/b&c=d.db"),
        ("postgresql://a:1,[::1]:2/x?user=inbox@acme&password=sec@ret", "postgresql://a:1,[::1]:2/x"),
        ("postgresql:///x?password=secret&host=/run/pg&port=6432", "postgresql:///x?host=/run/pg&port=6432"),
        ("postgresql://h/x?options=-csearch_path%3Dacme#secret", "postgresql://h/x?options=-csearch_path%3Dacme"),
        ("sqlite:////home/dana@acme/inbox.db", "sqlite:////home/dana@acme/inbox.db"),
        ("sqlite:///inbox.db?mode=ro", "sqlite:///inbox.db"),
    ],
)
def test_an_address_is_shown_without_its_secrets(text: str, shown: str) -> None:
    assert StoreUrl.parse(text).shown == shown


async def test_a_built_in_backend_is_found(tmp_path: Path) -> None:
    store = await open_store(StoreUrl.parse(f"sqlite:///{tmp_path}/x.db"), Identity("dana@acme.example"))
    assert isinstance(store, Store)
    await store.aclose()


async def test_an_unknown_scheme_names_what_there_is_and_what_is_near() -> None:
    with pytest.raises(ConfigError, match="sqlit://") as caught:
        await open_store(StoreUrl.parse("sqlit:///x.db"), Identity("dana@acme.example"))
    assert "Did you mean sqlite://?" in caught.value.hint
    with pytest.raises(ConfigError) as caught:
        await open_store(StoreUrl.parse("gopher://x"), Identity("dana@acme.example"))
    assert "Did you mean" not in caught.value.hint
    assert "sqlite" in caught.value.hint


@pytest.fixture
def installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that adds one store that works and one that does not load."""
    (tmp_path / "their_store.py").write_text(
        "from inbox_tui.testing.factories import member\n"
        "from inbox_tui.testing.model import ModelStore\n"
        "from inbox_tui.testing.workspace import ModelWorkspace\n"
        "async def open_store(url, identity, clock):\n"
        "    return ModelStore(ModelWorkspace(clock, member(email=identity.email)), identity.email)\n"
    )
    info = tmp_path / "their_store-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-store\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[inbox_tui.stores]\nmemory = their_store:open_store\nbroken = their_missing_module:open_store\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "their_store", raising=False)


@pytest.mark.usefixtures("installed_package")
async def test_an_installed_package_adds_a_store() -> None:
    store = await open_store(StoreUrl.parse("memory://"), Identity("dana@acme.example"))
    assert (await store.me()).email == "dana@acme.example"
    await store.aclose()


@pytest.mark.usefixtures("installed_package")
async def test_a_package_that_does_not_load_is_named() -> None:
    with pytest.raises(ConfigError, match="their_missing_module"):
        await open_store(StoreUrl.parse("broken://"), Identity("dana@acme.example"))
    found = {store.scheme: store for store in installed_stores()}
    assert set(BUILT_IN) <= set(found)
    assert (found["sqlite"].source, found["sqlite"].problem) == ("built in", "")
    assert (found["memory"].source, found["memory"].problem) == ("their-store", "")
    assert "their_missing_module" in found["broken"].problem


def test_the_present_is_aware_utc() -> None:
    offset = utc_now().utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0
