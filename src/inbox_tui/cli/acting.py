"""``reply``, ``note``, ``assign``, ``resolve``, ``reopen``: acting without a screen."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence

import click

from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import id_shown, say, write_lines
from inbox_tui.cli.session import CommandSession, run_async
from inbox_tui.cli.streams import require_output
from inbox_tui.domain.errors import NotFound, Rejected, StoreBroken, StoreUnavailable
from inbox_tui.domain.models import Conversation, ConversationId, Kind, Status
from inbox_tui.domain.text import clean_line
from inbox_tui.operations.naming import assignee_named
from inbox_tui.operations.triage import Done, Triage
from inbox_tui.operations.writes import Direct
from inbox_tui.store.protocol import Store

Act = Callable[[Triage, Sequence[Conversation]], Awaitable[Done]]


@command("reply")
@click.argument("id", metavar="ID")
@click.argument("text", default="-")
@click.pass_obj
def reply(session: CommandSession, id: str, text: str) -> None:
    """Reply to a visitor. The text comes from standard input if it is absent or "-"."""
    _send(session, ConversationId(id), text, Kind.MESSAGE)


@command("note")
@click.argument("id", metavar="ID")
@click.argument("text", default="-")
@click.pass_obj
def note(session: CommandSession, id: str, text: str) -> None:
    """Write a note for the team. The text comes from standard input if it is absent or "-"."""
    _send(session, ConversationId(id), text, Kind.NOTE)


@command("assign")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.argument("who", metavar="WHO")
@click.pass_context
def assign(ctx: click.Context, ids: tuple[str, ...], who: str) -> None:
    """Give conversations to WHO: a member's e-mail address, "me" or "none"."""

    async def work(store: Store) -> bool:
        member = await assignee_named(store, who)
        words = f"assigned to {member.label}" if member else "unassigned"

        async def act(triage: Triage, found: Sequence[Conversation]) -> Done:
            return await triage.assign(found, member)

        return await _apply(store, ids, act, words)

    _exit_with(ctx, work)


@command("resolve")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.pass_context
def resolve(ctx: click.Context, ids: tuple[str, ...]) -> None:
    """Mark conversations resolved."""
    _set_status(ctx, ids, Status.RESOLVED, "resolved")


@command("reopen")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.pass_context
def reopen(ctx: click.Context, ids: tuple[str, ...]) -> None:
    """Open resolved conversations again."""
    _set_status(ctx, ids, Status.OPEN, "open")


def _send(session: CommandSession, id: ConversationId, text: str, kind: Kind) -> None:
    require_output()
    body = _from_stdin() if text == "-" else _plain(text)
    auto_assign = session.in_force.settings.auto_assign

    async def work() -> None:
        async with session.store(must_exist=True) as store:
            seen = (await store.thread(id, limit=1)).messages
            try:
                sent = await Triage(Direct(store)).reply(
                    id, body, last_seen=seen[-1].id if seen else None, kind=kind, auto_assign=auto_assign
                )
            except (StoreUnavailable, StoreBroken) as error:
                if error.maybe_done:
                    error.hint = f"It may have been sent. Look first: inbox-tui show {shlex.quote(clean_line(id))}"
                raise
            say("Note added." if kind is Kind.NOTE else f"Sent to {sent.conversation.visitor}.")
            write_lines([clean_line(sent.message.id)])

    run_async(work())


def _from_stdin() -> str:
    try:
        return _plain(sys.stdin.buffer.read().decode("utf-8")).rstrip("\n")
    except UnicodeDecodeError as error:
        raise Rejected(
            "The text on standard input is not UTF-8.", hint="Convert it, for example with iconv."
        ) from error


def _plain(text: str) -> str:
    """Without what an editor on Windows adds: a byte order mark, and CR before LF."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _set_status(ctx: click.Context, ids: Sequence[str], status: Status, words: str) -> None:
    async def act(triage: Triage, found: Sequence[Conversation]) -> Done:
        return await triage.set_status(found, status)

    async def work(store: Store) -> bool:
        return await _apply(store, ids, act, words)

    _exit_with(ctx, work)


async def _apply(store: Store, ids: Sequence[str], act: Act, words: str) -> bool:
    """Do it to each conversation and print what became of it; True if all went well."""
    found: list[Conversation] = []
    refused = 0
    for id in dict.fromkeys(ids):
        try:
            found.append(await store.get(ConversationId(id)))
        except NotFound as error:
            if len(ids) == 1:
                raise
            refused += 1
            say(f"{id}: {error.message}")
    done = await act(Triage(Direct(store)), found)
    for outcome in done.outcomes:
        if outcome.refusal is not None:
            refused += 1
            say(f"{outcome.change.id}: {outcome.refusal.message}")
        else:
            write_lines([f"{id_shown(outcome.change.id)}\t{clean_line(words)}"])
    return not refused


def _exit_with(ctx: click.Context, work: Callable[[Store], Awaitable[bool]]) -> None:
    session: CommandSession = ctx.obj
    require_output()

    async def opened() -> bool:
        async with session.store(must_exist=True) as store:
            return await work(store)

    if not run_async(opened()):
        ctx.exit(1)
