"""Addresses of servers, and of what they hold: paths that no id can leave, and no token in the clear."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.text import replace_unstorable
from inbox_tui.store.api import ROOT
from inbox_tui.store.url import StoreUrl, is_loopback

INSECURE = "insecure"
"""A query of the address, ``http://host?insecure=yes``: tokens may travel unencrypted to another machine."""


def base_of(url: StoreUrl) -> str:
    """The address under which the API stands.

    Raises:
        ConfigError: the address holds a login, names no host, or is unencrypted and leaves this machine.
    """
    parts = urlsplit(url.text)
    if "@" in parts.netloc:
        raise ConfigError(f"The address {url.shown} must not hold a login.", hint="Keep a token: inbox-tui login URL.")
    if not parts.hostname:
        raise ConfigError(f"{url.shown} names no host.", hint="Write it like https://inbox.acme.example.")
    if url.scheme == "http" and not is_loopback(parts.hostname) and INSECURE not in parse_qs(parts.query):
        raise ConfigError(
            f"{url.shown} is not encrypted: whoever listens reads the token and every conversation.",
            hint=f"Use https://, or in a network that you trust {url.shown}?{INSECURE}=yes.",
        )
    return f"{url.scheme}://{parts.netloc}{parts.path.rstrip('/')}{ROOT}"


def segment(id: str) -> str:
    """An id as one segment of a path, whatever it holds."""
    text = quote(replace_unstorable(id), safe="")
    return text.replace(".", "%2E") if text in (".", "..") else text
