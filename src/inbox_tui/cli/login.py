"""``login`` and ``logout``: proving to a server who one is, and no longer."""

from __future__ import annotations

import os
import sys

import click

from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import say
from inbox_tui.cli.session import CommandSession, run_async
from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.models import Member
from inbox_tui.domain.text import clean_name
from inbox_tui.local.credentials import Source, find_token, forget_token, keep_token
from inbox_tui.store.registry import WITHOUT_TOKEN, Identity, open_store
from inbox_tui.store.url import StoreUrl


@command("login")
@click.argument("url", metavar="URL")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the token from standard input, without asking.")
@click.option("--insecure-http", is_flag=True, help="Let the token travel unencrypted to another machine.")
def login(url: str, from_stdin: bool, insecure_http: bool) -> None:
    """Keep a token for the server at URL. It is asked for, and checked before it is kept."""
    store_url = _remote(url, insecure=insecure_http)
    if from_stdin or not sys.stdin.isatty():
        token = sys.stdin.readline().strip()
    else:
        token = click.prompt(f"Token for {store_url.shown}", hide_input=True, err=True).strip()

    async def check() -> Member:
        store = await open_store(store_url, Identity("", token=token))
        try:
            return await store.me()
        finally:
            await store.aclose()

    me = run_async(check(), interrupt_at_once=True)
    source = keep_token(store_url, token)
    say(f"You are {clean_name(me.label)} ({me.email}), access {me.access.value}.")
    say(f"The token is kept in {source.value}.")
    if source is Source.KEPT_FILE:
        say("  No keyring answers here. You can read the file, and so can whoever")
        say("  administers this machine.")
    say(f"Open the inbox with: inbox-tui --store {store_url.text}")
    say(f'or write into the configuration: store = "{store_url.text}"')


@command("logout")
@click.argument("url", metavar="[URL]", required=False)
@click.pass_obj
def logout(session: CommandSession, url: str | None) -> None:
    """Forget the token for the server at URL, or for the store in force."""
    store_url = _remote(url) if url else session.url
    if store_url.scheme in WITHOUT_TOKEN:
        raise ConfigError(f"{store_url.shown} needs no token.", hint="Name the server: inbox-tui logout URL")
    removed = forget_token(store_url)
    if removed:
        say(f"The token for {store_url.shown} was removed from {' and '.join(source.value for source in removed)}.")
    else:
        say(f"No token for {store_url.shown} was kept.")
    left = find_token(store_url, session.in_force.settings.token_command, dict(os.environ))
    if left is not None:
        say(f"  But {left.source.value} still gives one.")


def _remote(text: str, *, insecure: bool = False) -> StoreUrl:
    url = StoreUrl.parse(text.rstrip("/"))
    if url.scheme in WITHOUT_TOKEN:
        raise ConfigError(f"{url.shown} is no server.", hint="Write it like https://inbox.acme.example.")
    if insecure and url.scheme.endswith("http") and "?" not in url.text:
        return StoreUrl.parse(f"{url.text}?insecure=yes")
    return url
