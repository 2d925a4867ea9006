"""Addresses of stores: how a URL names a store, how it is shown without secrets, and which stay on this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import msgspec

from inbox_tui.domain.errors import ConfigError


class StoreUrl(msgspec.Struct, frozen=True):
    """A parsed store address."""

    scheme: str
    """Decides the backend: ``sqlite``, ``postgresql``, ``https``, ``chatwoot+https``, …"""
    text: str
    """The whole address as given, its scheme in small letters, secrets included. Never print it; print ``shown``."""

    @classmethod
    def parse(cls, text: str) -> StoreUrl:
        """Read an address. Raises ConfigError if it has no scheme, or a host or port that cannot be."""
        scheme, separator, rest = text.partition("://")
        if not separator or not scheme:
            raise ConfigError(
                f"{text.rpartition('@')[2]!r} is not a store address.",  # before an @ may stand a password
                hint="A store is named by a URL, for example sqlite:///inbox.db (a file here) or sqlite:////home/dana/inbox.db.",
            )
        url = cls(scheme.lower(), f"{scheme.lower()}://{rest}")
        try:
            for host in _without_login(rest).partition("/")[0].split(","):  # PostgreSQL's may be several
                _ = urlsplit(f"//{host}").port
        except ValueError as error:
            raise ConfigError(f"{url.shown} has no host and port that can be reached: {error}.") from error
        return url

    @property
    def path(self) -> str:
        """The decoded path: for ``sqlite:///x.db`` the relative ``x.db``, for four slashes absolute."""
        return unquote(self.text.partition("://")[2].split("?")[0]).removeprefix("/")

    @property
    def shown(self) -> str:
        """The address without user name, password and query."""
        return f"{self.scheme}://{_without_login(self.text.partition('://')[2])}"


def _without_login(rest: str) -> str:
    """What follows the scheme, without user name, password, query and fragment.

    A password may hold any character, also where that is no proper URL, so only the last @ ends it.
    """
    if not rest.startswith("/"):
        rest = rest.rpartition("@")[2]
    return rest.partition("?")[0].partition("#")[0]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, so that nobody else can listen."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
