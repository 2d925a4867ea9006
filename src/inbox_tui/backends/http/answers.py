"""Answers of a server as records; where one value of a row cannot be read, the rest of it and the rows beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

import msgspec

from inbox_tui.backends.http.errors import no_answer_of_ours
from inbox_tui.domain import salvage
from inbox_tui.domain.models import Conversation, Message, Thread
from inbox_tui.domain.paging import Page
from inbox_tui.store.api import FirstScreen

T = TypeVar("T")


class ThreadAfter(Thread, frozen=True):
    """The answer to ``after``. A server of an earlier version does not know the word, answers with the newest messages,
    and does not say whether there are later ones."""

    has_later: bool


def decoded(content: bytes, answer: type[T], name: str) -> T:
    """The record that an answer holds. Raises StoreBroken; ``name`` is the server, as it may be shown."""
    if answer is type(None):
        return None  # type: ignore[return-value, unused-ignore]  # T is None
    try:
        try:
            return msgspec.json.decode(content, type=answer)
        except msgspec.ValidationError:
            if answer not in _SALVAGED:
                raise
            found: T = _SALVAGED[answer](msgspec.json.decode(content))
            return found
    except (*salvage.UNREADABLE, msgspec.DecodeError, RecursionError) as error:
        raise no_answer_of_ours(name, error) from error


def _page(given: Mapping[str, Any]) -> Page:
    page = msgspec.convert({**given, "rows": ()}, Page)
    return msgspec.structs.replace(page, rows=tuple(map(_conversation, given["rows"])))


def _first_screen(given: Mapping[str, Any]) -> FirstScreen:
    found = msgspec.convert({**given, "page": {**given["page"], "rows": ()}}, FirstScreen)
    return msgspec.structs.replace(found, page=_page(given["page"]))


def _thread(given: Mapping[str, Any]) -> Thread:
    return Thread(
        _conversation(given["conversation"]),
        tuple(map(_message, given["messages"])),
        bool(given["has_earlier"]),
        bool(given.get("has_later")),
    )


def _thread_after(given: Mapping[str, Any]) -> Thread:
    thread = _thread(given)
    return ThreadAfter(thread.conversation, thread.messages, thread.has_earlier, bool(given["has_later"]))


def _conversation(given: Mapping[str, Any]) -> Conversation:
    try:
        return msgspec.convert(given, Conversation)
    except msgspec.ValidationError:
        msgspec.convert(given["id"], str)  # without an id it is no row
        return salvage.conversation(_readers(given, Conversation))


def _message(given: Mapping[str, Any]) -> Message:
    try:
        return msgspec.convert(given, Message)
    except msgspec.ValidationError:
        msgspec.convert(given["id"], str)
        return salvage.message(_readers(given, Message))


def _conversations(given: list[Mapping[str, Any]]) -> list[Conversation]:
    return [_conversation(row) for row in given]


def _readers(given: Mapping[str, Any], kind: type[msgspec.Struct]) -> salvage.Readers:
    return {
        field.name: partial(_value, given, field.name, field.type)
        for field in msgspec.structs.fields(kind)
        if field.name != "damage" and (field.name in given or field.required)
    }


def _value(given: Mapping[str, Any], name: str, kind: Any) -> Any:
    return msgspec.convert(given[name], kind)


_SALVAGED: Mapping[Any, Any] = {
    Page: _page,
    FirstScreen: _first_screen,
    Thread: _thread,
    ThreadAfter: _thread_after,
    Conversation: _conversation,
    list[Conversation]: _conversations,
}
"""The answers that hold rows of a workspace, and what reads them value by value."""
