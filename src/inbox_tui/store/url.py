"""Addresses of stores: how a URL names a store, and how it is shown without secrets."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from inbox_tui.domain.errors import ConfigError


class StoreUrl(msgspec.Struct, frozen=True):
    """A parsed store address."""

    scheme: str
    """Decides the backend: ``sqlite``, ``postgresql``, ``https``, ``chatwoot+https``, …"""
    text: str
    """The whole address as given, secrets included. Never print it; print ``shown``."""

    @classmethod
    def parse(cls, text: str) -> StoreUrl:
        """Read an address. Raises ConfigError if it has no scheme."""
        scheme, separator, _ = text.partition("://")
        if not separator or not scheme:
            raise ConfigError(
                f"{text!r} is not a store address.",
                hint="A store is named by a URL, for example sqlite:///inbox.db (a file here) or sqlite:////home/dana/inbox.db.",
            )
        return cls(scheme.lower(), text)

    @property
    def path(self) -> str:
        """The decoded path: for ``sqlite:///x.db`` the relative ``x.db``, for four slashes absolute."""
        return unquote(self.text.partition("://")[2].split("?")[0]).removeprefix("/")

    @property
    def shown(self) -> str:
        """The address without user name, password and query."""
        parts = urlsplit(self.text)
        host = parts.hostname or ""
        return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path, "", ""))
