"""Recognizes a message that came without an id: by its author, its time and its text (rule 14).

Imports are repeated, and files grow at both ends, so the place in a file says nothing. A message without an id gets
a key made from its content. Messages from before such keys existed, and those that came with an id by another
way, are recognized by the same three values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import NamedTuple

import msgspec

from inbox_tui.domain.models import Author, IncomingMessage, Message
from inbox_tui.domain.names import name_key
from inbox_tui.domain.text import replace_unstorable

_FORM = re.compile(r"#[0-9a-f]{32}(?:\.[0-9]+)?")
_BETWEEN = "\0"
"""Separates the inputs of a key; no store keeps this character."""


class Content(NamedTuple):
    """The values that identify a message without an id."""

    author: Author
    member: str
    """The member's address as addresses are compared; empty for anybody else."""
    at: datetime | None
    """None where the source gives no time."""
    body: str

    @classmethod
    def of(cls, author: Author, member_email: str, at: datetime | None, body: str) -> Content:
        """The content of a message, in the form in which stores keep it."""
        member = name_key(member_email) if author is Author.MEMBER else ""
        return cls(author, member, None if at is None else at.astimezone(timezone.utc), replace_unstorable(body))


class Known(NamedTuple):
    """Identifies a message that the store already has."""

    key: str
    content: Content

    @classmethod
    def of(cls, message: Message) -> Known:
        """A message of a thread."""
        email = message.member.email if message.member else ""
        return cls(message.key, Content.of(message.author, email, message.created_at, message.body))


def content_keys(contents: Iterable[Content]) -> list[str]:
    """A key for each message of one conversation. Messages with the same content get different keys."""
    met: Counter[Content] = Counter()
    keys = []
    for content in contents:
        keys.append(_key(content, met[content]))
        met[content] += 1
    return keys


def has_id(message: IncomingMessage) -> bool:
    """Whether a message came with an id of its own."""
    return bool(message.key) and not _FORM.fullmatch(message.key)


def identified(messages: Sequence[IncomingMessage]) -> list[IncomingMessage]:
    """The messages of one conversation, each with a key."""
    without = [message for message in messages if not message.key]
    keys = iter(content_keys(_content(message) for message in without))
    return [message if message.key else msgspec.structs.replace(message, key=next(keys)) for message in messages]


def lacking(messages: Sequence[IncomingMessage], start: int, end: int, there: Iterable[Known]) -> list[int]:
    """The places of those messages, from ``start`` to before ``end``, that are not in the thread yet.

    Args:
        messages: All of one conversation in the order of the thread, as they are kept.
        start: Where to begin.
        end: Where to end.
        there: Of the thread, at least what has the key of one of them, or the time of one without an id.
    """
    keys: set[str] = set()
    others: Counter[tuple[bool, Content]] = Counter()
    for key, content in there:
        keys.add(key)
        if not _FORM.fullmatch(key):
            others[False, content] += 1
        if not key:
            others[True, content] += 1
    met = _met_before(messages, start)
    found = []
    for place in range(start, end):
        message = messages[place]
        if has_id(message):
            is_known = message.key in keys
        else:
            content = _content(message)
            is_known = (bool(message.key) and message.key in keys) or others[not message.key, content] > met[content]
            met[content] += 1
        if not is_known:
            found.append(place)
    return found


def _met_before(messages: Sequence[IncomingMessage], start: int) -> Counter[Content]:
    """How often each content at the time of the message at ``start`` occurs before it, among those without an id."""
    met: Counter[Content] = Counter()
    place = start - 1
    while place >= 0 and start < len(messages) and messages[place].created_at == messages[start].created_at:
        if not has_id(messages[place]):
            met[_content(messages[place])] += 1
        place -= 1
    return met


def _content(message: IncomingMessage) -> Content:
    return Content.of(message.author, message.member_email, message.created_at, message.body)


def _key(content: Content, nth: int) -> str:
    import hashlib  # OpenSSL, which the first list does not need

    at = "" if content.at is None else content.at.isoformat()
    said = _BETWEEN.join((content.author.value, content.member, at, content.body))
    digest = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
    return f"#{digest}.{nth}" if nth else f"#{digest}"
