"""One line of an import file, and every way in which it can be wrong, in plain words.

Decides what a file may say (DESIGN of the format: docs), not what the workspace allows;
that is the store's. Pure: reads no file and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import msgspec

from inbox_tui.domain import limits
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.identity import Content, content_keys
from inbox_tui.domain.models import (
    Author,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Lead,
    Status,
)
from inbox_tui.domain.names import is_blank

DEFAULT_AGENT = "Website assistant"
"""Whose conversation it is when a line does not say."""
_RIGHT_AFTER = timedelta(microseconds=1)


class WrongLine(ValueError):
    """Why a line cannot be taken in; the text is a clause for people."""


class CutLine(WrongLine):
    """The line is no whole conversation: it is cut off, or it begins one, or a list, that goes over several lines."""


class _Visitor(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None


class _Message(msgspec.Struct, forbid_unknown_fields=True):
    author: Author
    body: str
    id: str | None = None
    member: str | None = None
    kind: Kind | None = None
    created_at: datetime | None = None


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    messages: list[_Message]
    agent: str | None = None
    visitor: _Visitor | None = None
    status: Status | None = None
    needs_human: bool | None = None
    assignee: str | None = None
    topic: str | None = None
    created_at: datetime | None = None


_decoder = msgspec.json.Decoder(_Line)


def read_line(line: bytes, now: datetime, shift: timedelta = timedelta(0)) -> IncomingConversation:
    """The conversation that a line describes.

    Args:
        now: The time of what has none at all, aware UTC.
        shift: Added to every time of the line.

    Raises:
        WrongLine: with the reason.
    """
    given = _decoded(line)
    _check(given)
    times = [_stored(message.created_at, now, shift) if message.created_at else None for message in given.messages]
    created_at = _stored(given.created_at, now, shift) if given.created_at else min(filter(None, times), default=now)
    visitor = given.visitor or _Visitor()
    return IncomingConversation(
        id=ConversationId(given.id),
        messages=_messages(given.messages, times, created_at),
        agent=given.agent or DEFAULT_AGENT,
        created_at=created_at,
        lead=Lead(visitor.name or "", visitor.email or "", visitor.phone or "", visitor.company or ""),
        status=given.status or Status.OPEN,
        needs_human=bool(given.needs_human),
        assignee_email=given.assignee or "",
        topic=given.topic or "",
    )


def _decoded(line: bytes) -> _Line:
    try:
        return _decoder.decode(line)
    except msgspec.ValidationError as error:
        if line.lstrip().startswith(b"["):
            raise CutLine(
                "it is a list […], not an object {…}; write one conversation a line (jq -c '.[]' FILE)"
            ) from error
        raise WrongLine(_in_words(str(error))) from error
    except UnicodeDecodeError as error:
        raise WrongLine("it is not valid UTF-8") from error
    except msgspec.DecodeError as error:
        if "truncated" in str(error) and line.lstrip().startswith(b"{"):
            raise CutLine(
                "it is not valid JSON but ends early; write one conversation a line (jq -c . FILE)"
            ) from error
        raise WrongLine("it is not valid JSON") from error
    except RecursionError as error:
        raise WrongLine("it is nested too deeply") from error


def _check(given: _Line) -> None:
    """What the shape of the line cannot say."""
    if is_blank(given.id):
        raise WrongLine('"id" is empty')
    if given.agent and is_blank(given.agent):
        raise WrongLine('"agent" has no visible character')
    if not given.messages:
        raise WrongLine("it has no messages")
    if given.needs_human and given.status is Status.RESOLVED:
        raise WrongLine('"needs_human" is true but "status" is resolved; a resolved conversation waits for nobody')
    ids: set[str] = set()
    for number, message in enumerate(given.messages, 1):
        if message.id:
            if message.id in ids:
                raise WrongLine(f"two of its messages have the id {message.id!r}")
            ids.add(message.id)
            if is_blank(message.id):
                raise WrongLine(f'the "id" of message {number} has no visible character')
        if problem := _wrong_message(message):
            raise WrongLine(f"message {number} {problem}")


def _wrong_message(message: _Message) -> str:
    if (size := limits.size(message.body)) > limits.BODY_LIMIT:
        return f"has {size:,} bytes; {limits.BODY_LIMIT:,} is the most"
    is_event = message.author is Author.SYSTEM
    if message.kind is not None and (message.kind is Kind.EVENT) != is_event:
        return 'must have author "system" and kind "event" together'
    if message.kind is Kind.NOTE and message.author is not Author.MEMBER:
        return "is a note, which only a member can write"
    if message.member and message.author not in (Author.MEMBER, Author.SYSTEM):
        return f'names a member but its author is "{message.author.value}"'
    return ""


def _messages(
    given: Sequence[_Message], times: Sequence[datetime | None], begins_at: datetime
) -> tuple[IncomingMessage, ...]:
    """The messages. One without a time was written right after the one before it in the file.

    Where the source gives neither id nor time, a message is known again by author and text alone.
    """
    timeless = [message for message, at in zip(given, times, strict=True) if at is None and not message.id]
    keys = iter(
        content_keys(Content.of(message.author, message.member or "", None, message.body) for message in timeless)
    )
    messages = []
    at = begins_at - _RIGHT_AFTER
    for message, said_at in zip(given, times, strict=True):
        at = said_at or at + _RIGHT_AFTER
        is_known_by_time = said_at is not None or bool(message.id)
        messages.append(
            IncomingMessage(
                author=message.author,
                body=message.body,
                created_at=at,
                key=message.id or ("" if is_known_by_time else next(keys)),
                kind=message.kind or (Kind.EVENT if message.author is Author.SYSTEM else Kind.MESSAGE),
                member_email=message.member or "",
            )
        )
    return tuple(messages)


def _stored(given: datetime, now: datetime, shift: timedelta) -> datetime:
    """The time, if it can be stored. One without a zone is taken for UTC; one that is ahead is the store's to bound."""
    try:
        return limits.accepted(given if given.tzinfo else given.replace(tzinfo=timezone.utc), now - shift) + shift
    except Rejected as refusal:
        raise WrongLine(refusal.message.removesuffix(".")) from refusal


_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$?(.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*?)`(?: - at `\$?(.*)`)?$", re.DOTALL)
_WRONG_TYPE = re.compile(r"Expected `(.*?)`, got `(.*?)`(?: - at `\$?(.*)`)?$", re.DOTALL)
_WRONG_WORD = re.compile(r"Invalid enum value '?(.*?)'?(?: - at `\$?(.*)`)?$", re.DOTALL)
_WRONG_TIME = re.compile(r"Invalid RFC3339 encoded datetime(?: - at `\$?(.*)`)?$")
_TYPES = {
    "str": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object {…}",
    "array": "a list […]",
    "null": "null",
    "datetime": "a time like 2026-11-03T10:02:00Z",
}


def _in_words(error: str) -> str:
    """A decoder's sentence as one that names the key as the file does."""
    if found := _UNKNOWN.match(error):
        return f"unknown key {_key(found[2], found[1])}"
    if found := _MISSING.match(error):
        return f"{_key(found[2], found[1])} is missing"
    if found := _WRONG_TYPE.match(error):
        wanted, got = (_TYPES.get(name, name) for name in (found[1].removesuffix(" | null"), found[2]))
        return f"{_key(found[3]) if found[3] else 'it'} is {got}, not {wanted}"
    if found := _WRONG_WORD.match(error):
        return f"{_key(found[2])} cannot be {found[1]!r}; it is one of {_words(found[2] or '')}"
    if found := _WRONG_TIME.match(error):
        return f"{_key(found[1])} is not {_TYPES['datetime']}"
    return error


def _key(place: str | None, name: str = "") -> str:
    path = f"{place or ''}.{name}" if name else place or ""
    return f'"{path.lstrip(".")}"'


def _words(place: str) -> str:
    choices: type[Author] | type[Kind] | type[Status] = (
        Author if place.endswith("author") else Kind if place.endswith("kind") else Status
    )
    return ", ".join(choice.value for choice in choices)
