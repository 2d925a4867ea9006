"""``serve`` and ``token``: this store for a whole team over HTTP, and who may come in."""

from __future__ import annotations

import logging
import os
import sys
from datetime import timedelta
from math import isnan
from pathlib import Path
from typing import Any

import click

from inbox_tui.cli.columns import Column, aligned
from inbox_tui.cli.lazy import command, global_options
from inbox_tui.cli.output import is_terminal, say, terminal_width, write_lines
from inbox_tui.cli.session import CommandSession, run_async
from inbox_tui.domain.errors import ConfigError, Unsupported
from inbox_tui.domain.text import clean_line, clean_name
from inbox_tui.domain.tokens import NewToken, Token, TokenId, hash_of, secret_of
from inbox_tui.operations.records import iso_time
from inbox_tui.store.protocol import Host, Store
from inbox_tui.store.registry import utc_now

PORT = 8420
_SECRET_BYTES = 32
_DAYS = 365
_BURST = 2
"""Seconds' worth of requests that a token may send at once after a pause."""
_ADDRESS_BURST = 5
_FEWEST = 16
_MOST = 100_000


class Rate(click.FloatRange):
    """A number of requests a second."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Refuse also what is no number, which no range excludes."""
        rate = float(super().convert(value, param, ctx))
        if isnan(rate):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return rate


_RATE = Rate(1, 10_000)


@command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 lets the system choose."
)
@click.option("--tls-cert", type=click.Path(path_type=Path), metavar="FILE", help="Certificate chain, PEM.")
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="Its private key, PEM.")
@click.option("--behind-proxy", is_flag=True, help="A proxy in front does TLS and says who the client is.")
@click.option(
    "--proxies", type=click.IntRange(1, 16), help="How many stand in front, one behind the other.  [default: 1]"
)
@click.option("--rate", default=100.0, show_default=True, type=_RATE, help="Requests a second for each token.")
@click.option(
    "--address-rate",
    default=20.0,
    show_default=True,
    type=_RATE,
    help="Requests a second without a good token, for each address.",
)
@click.option(
    "--connections",
    default=4_000,
    show_default=True,
    type=click.IntRange(_FEWEST, _MOST),
    help="Open connections for all.",
)
@click.option(
    "--address-connections",
    type=click.IntRange(_FEWEST, _MOST),
    help="Open connections for each address; not behind a proxy.  [default: a quarter of all]",
)
@click.option("--quiet", is_flag=True, help="No access log.")
@click.pass_obj
def serve(
    session: CommandSession,
    *,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
    proxies: int | None,
    rate: float,
    address_rate: float,
    connections: int,
    address_connections: int | None,
    quiet: bool,
) -> None:
    """Offer this store to a team over HTTP. Ends in order on SIGTERM or Ctrl+C."""
    if proxies and not behind_proxy:
        raise click.UsageError("--proxies says how many proxies stand in front: give --behind-proxy, too.")
    if address_connections and behind_proxy:
        raise click.UsageError(
            "--address-connections cannot be held behind a proxy, from which all connections come: limit them there."
        )
    try:
        from inbox_tui.server.app import make_context
        from inbox_tui.server.limits import Limits
        from inbox_tui.server.process import leave_no_core
        from inbox_tui.server.serving import ListenAddress, require_safe
        from inbox_tui.server.serving import serve as serve_gate
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"The server needs the package {error.name}.", hint="Install it with: pip install 'inbox-tui[server]'"
        ) from error
    binding = ListenAddress(host, port, tls_cert, tls_key, proxies=(proxies or 1) if behind_proxy else 0)
    require_safe(binding)
    limits = Limits(
        rate=rate,
        burst=int(rate * _BURST),
        address_rate=address_rate,
        address_burst=int(address_rate * _ADDRESS_BURST),
        connections=connections,
        address_connections=address_connections or 0,
    )
    leave_no_core()
    _log_to_stderr(quiet=quiet)

    async def work() -> None:
        async with session.store(must_exist=True) as store:
            context = make_context(store, utc_now, limits)
            await serve_gate(context, binding, listening=lambda address: say(f"Serving {store.name} at {address}"))

    run_async(work())


@click.group("token")
def token() -> None:
    """Tokens by which members and AI agents use a server over this store (admins only)."""


token.params += global_options(hidden=True)


@command("create")
@click.argument("email", required=False, metavar="[EMAIL]")
@click.option("--agent", metavar="NAME", help="Instead of a member: an AI agent's website.")
@click.option("--label", default="", help="What it is for.")
@click.option(
    "--days", default=_DAYS, show_default=True, type=click.IntRange(0, 36_500), help="Until it expires; 0: never."
)
@click.pass_obj
def create(session: CommandSession, email: str | None, agent: str | None, label: str, days: int) -> None:
    """Make a token for a member, or for an agent. It is printed once and cannot be shown again."""
    if bool(email) == bool(agent):
        raise click.UsageError("Name a member's e-mail address, or --agent NAME.")
    secret = secret_of(os.urandom(_SECRET_BYTES), is_agent=bool(agent))
    expires_at = utc_now() + timedelta(days=days) if days else None
    new = NewToken(hash_of(secret), email or "", agent or "", label, expires_at)

    async def work() -> Token:
        async with session.store(must_exist=True) as store:
            return await _host(store).add_token(new)

    added = run_async(work())
    until = f"until {iso_time(added.expires_at)}" if added.expires_at else "without end"
    say(f"Token {added.id} for {clean_name(_owner(added))}, {until}. Only its hash is kept: copy it now.")
    write_lines([secret])


@command("list")
@click.pass_obj
def list_tokens(session: CommandSession) -> None:
    """Print the tokens: id, owner, expiry, label. No secrets."""

    async def work() -> list[list[str]]:
        async with session.store(must_exist=True) as store:
            return [_cells(kept) for kept in await _host(store).tokens()]

    rows = run_async(work())
    if is_terminal():
        columns = (Column("ID", 4, 19), Column("OWNER", 12, 254), Column("EXPIRES", 20, 27), Column("LABEL", 8, 80))
        write_lines(aligned(columns, rows, terminal_width()))
    else:
        write_lines("\t".join(row) for row in rows)


@command("revoke")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.pass_obj
def revoke(session: CommandSession, ids: tuple[str, ...]) -> None:
    """Make tokens invalid, from the next request on; what is open with them is closed."""

    async def work() -> list[Token]:
        async with session.store(must_exist=True) as store:
            return [await _host(store).revoke_token(TokenId(id)) for id in ids]

    for revoked in run_async(work()):
        say(f"Token {revoked.id} of {clean_name(_owner(revoked))} is revoked.")


for _command in (create, list_tokens, revoke):
    token.add_command(_command)


def _host(store: Store) -> Host:
    if not isinstance(store, Host) or not store.capabilities.host:
        raise Unsupported(
            f"{store.name} keeps no tokens.", hint="Make tokens on the machine where the server's store is."
        )
    return store


def _owner(kept: Token) -> str:
    return kept.member.email if kept.member else f"agent {kept.agent.name}" if kept.agent else ""


def _cells(kept: Token) -> list[str]:
    expires = iso_time(kept.expires_at) or "never"
    return [kept.id, clean_line(_owner(kept)), expires, clean_line(kept.label)]


def _log_to_stderr(*, quiet: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in ("inbox_tui.server", "inbox_tui.access"):
        log = logging.getLogger(name)
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = "access" not in name  # the file of --log-level is about the program, not about clients
    logging.getLogger("inbox_tui.access").disabled = quiet
