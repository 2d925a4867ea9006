"""``Renamed``: a store whose server gives the ids, seen with the ids of the contract's tests.

The tests say ``c-1``; a foreign server calls the same conversation 4711. Whoever seeds the
server notes the pairs in ``Names``, and every verb and every report is translated. What is an
id is known from the annotations of the port and its records, so a new verb needs no line here.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import AsyncIterator, Callable, Collection
from functools import cache, wraps
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.models import ConversationId
from inbox_tui.store.protocol import Capabilities, Store

Translate = Callable[[str], str]


class Names:
    """Which conversation of a test is which on the server."""

    def __init__(self) -> None:
        self._foreign: dict[str, str] = {}
        self._own: dict[str, str] = {}

    def learn(self, own: str, foreign: str) -> None:
        """Note that the server calls the test's conversation ``own`` by the id ``foreign``."""
        self._foreign[own] = foreign
        self._own[foreign] = own

    def to_server(self, own: str) -> ConversationId:
        """The server's id; one that was not learned stays as it is."""
        return ConversationId(self._foreign.get(own, own))

    def from_server(self, foreign: str) -> ConversationId:
        """The test's id; one that was not learned stays as it is."""
        return ConversationId(self._own.get(foreign, foreign))


class Renamed:
    """A ``Store`` in front of another: the same, but for the ids of conversations.

    Facets are not passed on: a server that decides has none of them but, perhaps, ``Scan``,
    whose verbs the wrapped store's own class can be given in the same way by ``renames``.
    """

    def __init__(self, store: Store, names: Names) -> None:
        self.inner = store
        self.names = names

    @property
    def name(self) -> str:
        """Where the workspace lives."""
        return self.inner.name

    @property
    def capabilities(self) -> Capabilities:
        """What the wrapped store can do."""
        return self.inner.capabilities


def renames(protocol: type, target: type) -> None:
    """Give a class that has ``inner`` and ``names`` the verbs of a protocol, with the ids translated."""
    for verb, declared in vars(protocol).items():
        if inspect.isfunction(declared) and not verb.startswith("_"):
            setattr(target, verb, _reports(verb, declared) if _gives_reports(declared) else _answers(verb, declared))


def _gives_reports(declared: Callable[..., Any]) -> bool:
    return get_origin(get_type_hints(declared)["return"]) is AsyncIterator


def _answers(verb: str, declared: Callable[..., Any]) -> Callable[..., Any]:
    hints = get_type_hints(declared)
    signature = inspect.signature(declared)

    @wraps(declared)
    async def call(self: Renamed, *args: Any, **named: Any) -> Any:
        given = signature.bind(self, *args, **named).arguments
        sent = {
            name: _translated(value, hints[name], self.names.to_server)
            for name, value in given.items()
            if name != "self"
        }
        try:
            answer = await getattr(self.inner, verb)(**sent)
        except InboxError as error:
            _rename_in(error, self.names.from_server)
            raise
        return _translated(answer, hints["return"], self.names.from_server)

    return call


def _reports(verb: str, declared: Callable[..., Any]) -> Callable[..., Any]:
    hints = get_type_hints(declared)
    [reported] = get_args(hints["return"])

    @wraps(declared)
    async def follow(self: Renamed, *args: Any, **named: Any) -> Any:
        feed = getattr(self.inner, verb)(*args, **named)
        try:
            async for report in feed:
                yield _translated(report, reported, self.names.from_server)
        finally:
            await feed.aclose()

    return follow


def _rename_in(error: InboxError, translate: Translate) -> None:
    """Translate what an error carries: the conversation of a ``Conflict``, for example."""
    for name, value in vars(error).items():
        if isinstance(value, msgspec.Struct):
            setattr(error, name, _translated(value, type(value), translate))


def _translated(value: Any, hint: Any, translate: Translate) -> Any:
    """The value with every id in it translated, as far as its annotation says what an id is."""
    if hint is ConversationId:
        return None if value is None else translate(value)
    if isinstance(value, msgspec.Struct):
        return _with_fields(value, translate)
    if isinstance(value, InboxError):
        _rename_in(value, translate)
        return value
    inner = _element(hint)
    if inner is not None and isinstance(value, Collection) and not isinstance(value, (str, bytes)):
        return type(value)(_translated(one, inner, translate) for one in value)  # type: ignore[call-arg]
    if get_origin(hint) in (Union, types.UnionType) and value is not None and ConversationId in get_args(hint):
        return translate(value)
    return value


def _with_fields(record: msgspec.Struct, translate: Translate) -> msgspec.Struct:
    changed = {
        name: _translated(getattr(record, name), hint, translate)
        for name, hint in _hints(type(record)).items()
        if name in record.__struct_fields__
    }
    return msgspec.structs.replace(record, **changed)


def _element(hint: Any) -> Any:
    """The type of the items of a list, tuple or sequence; None for any other type."""
    if get_origin(hint) in (Union, types.UnionType):
        return next((found for arg in get_args(hint) if (found := _element(arg)) is not None), None)
    inside = [arg for arg in get_args(hint) if arg is not ...]
    return inside[0] if len(inside) == 1 and get_origin(hint) is not None else None


@cache
def _hints(record: type) -> dict[str, Any]:
    return get_type_hints(record)


renames(Store, Renamed)
