"""Finds the client's address behind proxies, and trusts only entries of our own proxies.

A client may write anything into X-Forwarded-For; each proxy appends the address that it was called from. So with
one proxy in front the last entry is true, with two the last but one, and all before it is hearsay.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

_FOR = b"x-forwarded-for"
_SCHEME = b"x-forwarded-proto"
_SCHEMES = ("http", "https")
_NETWORK_BITS = 64
"""What one IPv6 customer has at the least: any number of addresses, to be counted as one."""
ENCRYPTED = (b"strict-transport-security", b"max-age=31536000")
"""The header that tells a browser to come over TLS for a year (RFC 6797)."""


def address_in(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a peer or a proxy names, perhaps with a port; None if it is none."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def counted_as(text: str) -> str:
    """Under what an address is counted: an IPv4 address is itself, an IPv6 address its network of 64 bits."""
    address = address_in(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _NETWORK_BITS), strict=False))
    return str(address or "")


def client_of(scope: Any) -> str:
    """Under what the client of a request is counted."""
    client = scope.get("client")
    return counted_as(client[0]) if client else ""


def behind(proxies: int, app: ASGIApp) -> ASGIApp:
    """Have the application see the client and the scheme that the outermost of our own proxies saw.

    Args:
        proxies: How many stand in front, one behind the other; 0 for none, and then nothing is believed.
        app: What answers.
    """
    if not proxies:
        return app

    async def forwarded(scope: Scope, receive: Receive, send: Send) -> None:
        seen: Any = scope
        if (said := _entry(scope, _FOR, proxies)) and (address := address_in(said)):
            seen["client"] = (str(address), 0)
        if (scheme := _entry(scope, _SCHEME, proxies).lower()) in _SCHEMES:
            seen["scheme"] = scheme
        await app(scope, receive, send)

    return forwarded


def encrypted(app: ASGIApp) -> ASGIApp:
    """Tell browsers that came over TLS to come over nothing else."""

    async def strict(scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], ENCRYPTED]
            await send(message)

        await app(scope, receive, marked if scope.get("scheme") == "https" else send)

    return strict


def _entry(scope: Any, name: bytes, proxies: int) -> str:
    """The entry that the outermost proxy wrote; a proxy that replaces what it was sent writes the only one."""
    lines = [value for key, value in scope["headers"] if key == name]
    entries = [entry.strip() for entry in b",".join(lines).decode("latin-1").split(",")]
    if name == _SCHEME and len(entries) < proxies:
        return entries[0]
    return entries[-proxies] if len(entries) >= proxies else ""
