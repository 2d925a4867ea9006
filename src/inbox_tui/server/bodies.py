"""Decodes the bodies of requests strictly into records.

The framework would take a number for a time and a word for a number, as it must in
queries; here a body is read once, straight into its type. What is wrong is told by ``problems``.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler

from inbox_tui.domain.models import IncomingConversation
from inbox_tui.server.budget import Share
from inbox_tui.store.api import Import

_BODY = "inbox_tui.body"


PIECE = 256 * 1024
"""Bytes of JSON that are read without letting others' requests go on in between."""


async def read_body(request: Request[Any, Any, Any], share: Share) -> int:
    """Take a request's body in; gives its size. ``share`` holds the room. Raises Refused, HTTPException (413)."""
    limit = request.route_handler.resolve_request_max_body_size()
    announced = request.content_length
    if announced is not None and isinstance(limit, int) and announced <= limit:
        share.grow_to(announced)
    body = bytearray()
    async for piece in request.stream():
        share.grow_to(len(body) + len(piece))
        body += piece
    request.scope[_BODY] = body  # type: ignore[literal-required]
    return len(body)


def takes_body(handler: BaseRouteHandler) -> bool:
    """Whether a route reads the body of its requests."""
    return handler.parsed_data_field is not None


class RecordRequest(Request[Any, Any, Any]):
    """A request whose JSON is of the type that its handler takes."""

    async def body(self) -> bytes:
        """The body, which was read when the request was let in."""
        body: bytearray = self.scope.get(_BODY, bytearray())  # type: ignore[assignment]  # ours
        return memoryview(body)  # type: ignore[return-value]  # as good as bytes, and no copy

    async def json(self) -> Any:
        """The body as a record. Raises ValidationException."""
        expected: Any = self.route_handler
        body = self.scope.pop(_BODY)  # type: ignore[misc]  # ours
        kind = expected.parsed_data_field.annotation
        try:
            if kind is Import and len(body) > PIECE:
                return await _in_steps(body)
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValidationException(f"The body is not as it should be: {error}.") from error


class _Parts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An import whose conversations are not read yet."""

    conversations: list[msgspec.Raw]


async def _in_steps(body: bytearray) -> Import:
    """A large import, conversation by conversation: the reader lets no thread run, and others' requests wait for it."""
    parts = msgspec.json.decode(body, type=_Parts)
    decode = msgspec.json.Decoder(IncomingConversation).decode
    found: list[IncomingConversation] = []
    size = 0
    for number, part in enumerate(parts.conversations):
        try:
            found.append(decode(part))
        except msgspec.ValidationError as error:
            words = str(error).replace("`$", f"`$.conversations[{number}]")
            raise msgspec.ValidationError(words) from error
        size += len(bytes(part))
        if size > PIECE:
            size = 0
            await asyncio.sleep(0)
    return Import(found)
