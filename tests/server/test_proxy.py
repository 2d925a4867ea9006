"""Behind proxies, the client is whom the outermost of our own saw; what anybody else claims is hearsay."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbox_tui.server.proxy import address_in, behind, client_of, counted_as
from inbox_tui.server.serving import ListenAddress
from inbox_tui.store.protocol import Store
from server.harness import GENEROUS, serving

PEER = "192.0.2.1"
FORGED = ["", "evil", "\x1b]0;x\x07", "1.2.3.4\x1b[31m", "::1%\x1b[31m", "203.0.113.9", "a=b c=d", "[::1", "::1]", ","]


async def seen(proxies: int, *headers: tuple[str, str]) -> tuple[str, str]:
    """The client and the scheme that the application sees."""
    scope: Any = {
        "type": "http",
        "client": (PEER, 4000),
        "scheme": "http",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    await behind(proxies, app)(scope, None, None)  # type: ignore[arg-type]  # nothing is received or sent
    return scope["client"][0], scope["scheme"]


@pytest.mark.parametrize(
    ("proxies", "chain", "client"),
    [
        (0, "203.0.113.1", PEER),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.1, 203.0.113.1", "203.0.113.1"),
        (2, "198.51.100.1, 203.0.113.1, 10.0.0.1", "203.0.113.1"),
        (3, "203.0.113.1, 10.0.0.1", PEER),
        (1, "203.0.113.1:4711", "203.0.113.1"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:DB8:0::1", "2001:db8::1"),
        (1, "::ffff:203.0.113.1", "203.0.113.1"),
        (1, "203.0.113.1, unknown", PEER),
        (1, "203.0.113.1,", PEER),
        (1, "999.1.1.1", PEER),
    ],
)
async def test_the_last_hops_are_believed(proxies: int, chain: str, client: str) -> None:
    assert (await seen(proxies, ("X-Forwarded-For", chain)))[0] == client
    if "," in chain:  # in two lines, as some proxies write it
        first, _, last = chain.rpartition(",")
        assert (await seen(proxies, ("X-Forwarded-For", first), ("X-Forwarded-For", last)))[0] == client


@pytest.mark.parametrize(
    ("proxies", "said", "scheme"),
    [
        (0, "https", "http"),
        (1, "https", "https"),
        (1, "HTTPS", "https"),
        (2, "https", "https"),
        (1, "http, https", "https"),
        (2, "https, http", "https"),
        (1, "https, http", "http"),
        (1, "ftp", "http"),
        (1, "https\x1b", "http"),
    ],
)
async def test_the_scheme(proxies: int, said: str, scheme: str) -> None:
    assert (await seen(proxies, ("X-Forwarded-Proto", said)))[1] == scheme


@given(forged=st.lists(st.one_of(st.sampled_from(FORGED), st.text(st.characters(max_codepoint=255), max_size=20))))
@example(forged=FORGED)
async def test_what_a_client_claims_changes_nothing(forged: list[str]) -> None:
    chain = ", ".join([*forged, "203.0.113.1"])
    assert (await seen(1, ("X-Forwarded-For", chain)))[0] == "203.0.113.1"


@given(said=st.one_of(st.sampled_from(FORGED), st.text(st.characters(max_codepoint=255), max_size=30)))
async def test_a_client_is_an_address_and_nothing_else(said: str) -> None:
    client, _ = await seen(1, ("X-Forwarded-For", said))
    assert address_in(client) is not None and client.isprintable() and set(client) <= set("0123456789abcdef.:")


def test_how_addresses_are_counted() -> None:
    assert counted_as("203.0.113.1") == counted_as("::ffff:203.0.113.1") == "203.0.113.1"
    assert counted_as("2001:db8::1") == counted_as("2001:db8::ffff:ffff:ffff:ffff") != counted_as("2001:db8:0:1::1")
    assert counted_as("fe80::1%eth0") == counted_as("fe80::2%eth1")
    assert client_of({"client": None}) == client_of({"client": ("", 0)}) == ""


async def test_the_log_has_no_more_than_the_address(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    access = logging.getLogger("inbox_tui.access")
    access.addHandler(caplog.handler)
    access.setLevel(logging.INFO)
    try:
        behind = ListenAddress("127.0.0.1", 0, proxies=1)
        async with serving(store, GENEROUS, binding=behind) as served, httpx.AsyncClient(base_url=served.api) as client:
            for forged in FORGED:
                headers = {b"X-Forwarded-For": forged.encode("latin-1") or b"x", b"X-Forwarded-Proto": b"https\x1b"}
                await client.get("/health", headers=headers)
            await client.get("/health", headers={"X-Forwarded-For": "\x1b]0;x\x07, 203.0.113.5"})
    finally:
        access.removeHandler(caplog.handler)
        access.setLevel(logging.NOTSET)
    lines = [record.getMessage() for record in caplog.records if record.name == "inbox_tui.access"]
    assert len(lines) > 3 and lines[-1].startswith("203.0.113.5 ")
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(("proxies", "headers", "expected"), [
    (0, {"X-Forwarded-Proto": "https"}, None),
    (1, {"X-Forwarded-Proto": "https"}, "max-age=31536000"),
    (1, {"X-Forwarded-Proto": "http"}, None),
    (1, {}, None),
])  # fmt: skip
async def test_browsers_are_told_to_come_over_tls(
    store: Store, proxies: int, headers: dict[str, str], expected: str | None
) -> None:
    binding = ListenAddress("127.0.0.1", 0, proxies=proxies)
    async with serving(store, GENEROUS, binding=binding) as served, httpx.AsyncClient(base_url=served.api) as client:
        for path in ("/health", "/me", "/nothing"):
            answer = await client.get(path, headers=headers)
            assert answer.headers.get("strict-transport-security") == expected, path
