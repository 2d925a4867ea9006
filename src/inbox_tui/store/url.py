"""Addresses of stores: parses a URL, shows it without secrets, and tells whether it stays on this machine."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from inbox_tui.domain.errors import ConfigError

_OF_THE_PLACE = frozenset({"host", "hostaddr", "port", "dbname", "service", "options"})
"""The query parameters that locate a store; any other may be a secret."""
_PLACE = re.compile(r"(\[[^\]]*\]|[^:/\[\]]*)(:\d*)?(,(\[[^\]]*\]|[^:/\[\],]*)(:\d*)?)*(/.*)?")
_SECRET = re.compile(r"&.*=.*|[^/]*://[^/]*@", re.DOTALL)
"""Signs of a mistyped path: an & instead of a ?, or one address inside another."""
_QUERY = re.compile(r"\w+=")


class StoreUrl(msgspec.Struct, frozen=True):
    """A parsed store address."""

    scheme: str
    """Decides the backend: ``sqlite``, ``postgresql``, ``https``, ``chatwoot+https``, …"""
    text: str
    """The whole address as given, its scheme in small letters, secrets included. Never print it; print ``shown``."""

    @classmethod
    def parse(cls, text: str) -> StoreUrl:
        """Parse an address. Raises ConfigError for a missing scheme, or an invalid host or port."""
        scheme, separator, rest = text.partition("://")
        if not separator or not scheme:
            what = "What is named by words like host=…" if "=" in text else repr(text.rpartition("@")[2])
            raise ConfigError(
                f"{what} is not a store address.",  # a password may stand before an @, or be one of the words
                hint="A store is named by a URL, for example sqlite:///inbox.db (a file here) or sqlite:////home/dana/inbox.db.",
            )
        url = cls(scheme.lower(), f"{scheme.lower()}://{rest}")
        try:
            for host in _parts(rest)[0].partition("/")[0].split(","):  # PostgreSQL's may be several
                _ = urlsplit(f"//{host}").port
        except ValueError:
            raise ConfigError(
                f"This {url.scheme} address has no host and port that can be reached.",  # what has may be a password
                hint=f"Write it like {url.scheme}://host:8420/…, the port a number.",
            ) from None
        return url

    @property
    def path(self) -> str:
        """The decoded path: for ``sqlite:///x.db`` the relative ``x.db``, for four slashes absolute.

        A leading ``~`` is the user's home folder; ``~name`` that of another user.
        """
        written = self.text.partition("://")[2].split("?")[0].removeprefix("/")
        path = unquote(written)
        try:
            return str(Path(path).expanduser()) if written.startswith("~") else path
        except RuntimeError:  # nobody here has that name
            return path

    @property
    def shown(self) -> str:
        """The address without user name, password or any other secret. Two different stores never look the same."""
        place, query = _parts(self.text.partition("://")[2])
        said = [pair for pair in query.split("&") if pair.partition("=")[0] in _OF_THE_PLACE]
        return f"{self.scheme}://{place}{'?' if said else ''}{'&'.join(said)}"


def _parts(rest: str) -> tuple[str, str]:
    """Host and path, and the query behind the ?, without user name and password.

    A password may hold any character, even one that a URL must not contain, so the last @ ends it, unless that @
    plainly belongs to the query.
    """
    place, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if "@" not in place and "@" in query and not (_PLACE.fullmatch(place) and _QUERY.match(query)):
            place, _, query = rest.rpartition("@")[2].partition("?")
        place = place.rpartition("@")[2]
        place = _SECRET.sub("", place)
    return place.partition("#")[0], query.partition("#")[0]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, so that nobody else can listen."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
