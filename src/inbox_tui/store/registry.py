"""Finds the backend for a store's address.

It loads a backend only on demand: the built-in ones from the table below (reading every
installed package's entry points takes longer than opening the store), others from the
entry-point group ``inbox_tui.stores``, whose names are URL schemes.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.filters import Query
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Clock, Store
from inbox_tui.store.url import StoreUrl

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "inbox_tui.stores"

BUILT_IN = {
    "sqlite": "inbox_tui.backends.sqlite:open_store",
    "postgresql": "inbox_tui.backends.postgres:open_store",
    "https": "inbox_tui.backends.http:open_store",
    "http": "inbox_tui.backends.http:open_store",
}
"""URL scheme → ``module:function`` of a StoreFactory."""
WITHOUT_TOKEN = frozenset({"sqlite", "postgresql"})
"""Schemes of stores without tokens: a file has its owner, a database its own login."""


class Identity(msgspec.Struct, frozen=True):
    """Who opens a store: a name, for stores that hold several members without a login, or a token."""

    email: str
    name: str = ""
    """Display name of the first member of a new workspace."""
    is_given: bool = False
    """The person gave the address (--as, environment, config); False: the program guessed it."""
    may_create: bool = True
    """Create the workspace if there is none; if False, raise StoreUnavailable."""
    token: str = ""
    """The member's token at a remote store. A secret."""
    first: tuple[Query, PageRequest] | None = None
    """The first request of an opening screen (``store.overview``). A hint: a remote store may read it while it opens,
    or make all its connections at once."""

    def __repr__(self) -> str:
        return f"Identity({self.email!r}, is_given={self.is_given}, token={'…' if self.token else None})"


StoreFactory = Callable[[StoreUrl, Identity, Clock], Awaitable[Store]]
"""Opens a store. Raises any InboxError; must not print or prompt."""


class InstalledStore(msgspec.Struct, frozen=True):
    """A kind of store, and whether its backend loads."""

    scheme: str
    source: str
    """``built in`` or the package that adds it."""
    problem: str = ""


def utc_now() -> datetime:
    """The current time, aware UTC."""
    return datetime.now(timezone.utc)


async def open_store(url: StoreUrl, identity: Identity, clock: Clock = utc_now) -> Store:
    """Open the store at ``url``.

    Raises:
        ConfigError: no backend for the scheme, or its package does not load.
        InboxError: any error of the backend.
    """
    return await _factory(url.scheme)(url, identity, clock)


def installed_stores() -> list[InstalledStore]:
    """Every kind of store, built in or added by a package, with the reason if one does not load."""
    stores = []
    for scheme in BUILT_IN:
        try:
            _factory(scheme)
        except ConfigError as error:
            stores.append(InstalledStore(scheme, "built in", error.message))
        else:
            stores.append(InstalledStore(scheme, "built in"))
    for scheme, entry_point in _entry_points().items():
        source = entry_point.dist.name if entry_point.dist else entry_point.value
        problem = ""
        try:
            entry_point.load()
        except ImportError as error:
            problem = str(error)
        stores.append(InstalledStore(scheme, source, problem))
    return stores


def _factory(scheme: str) -> StoreFactory:
    if target := BUILT_IN.get(scheme):
        module, _, function = target.partition(":")
        try:
            factory: StoreFactory = getattr(importlib.import_module(module), function)
        except ModuleNotFoundError as error:
            what = "'inbox-tui[postgres]'" if scheme == "postgresql" else str(error.name)
            raise ConfigError(
                f"A store {scheme}:// needs the package {error.name}.", hint=f"Install it with: pip install {what}"
            ) from error
        return factory
    added = _entry_points()
    if scheme not in added:
        known = [*BUILT_IN, *added]
        near = get_close_matches(scheme, known, n=1)
        hint = f"Did you mean {near[0]}://? " if near else ""
        raise ConfigError(
            f"No store for {scheme}:// is installed.", hint=f"{hint}Installed: {', '.join(sorted(known))}."
        )
    try:
        loaded: StoreFactory = added[scheme].load()
    except ImportError as error:
        raise ConfigError(
            f"The store for {scheme}:// does not load: {error}.", hint="Install or repair the package that adds it."
        ) from error
    return loaded


def _entry_points() -> dict[str, EntryPoint]:
    from importlib import metadata  # 15 ms that only an unknown scheme or `stores` pays

    return {entry.name: entry for entry in metadata.entry_points(group=ENTRY_POINTS)}
