"""The API described in OpenAPI's words, from the routes and from the records that travel.

The framework tells the routes and their parameters. The records are described by msgspec,
which reads them: what it refuses, the description refuses.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from litestar import Litestar

from inbox_tui.domain.changes import Written
from inbox_tui.domain.filters import Counts, Filter, Order
from inbox_tui.domain.models import Agent, ImportResult, IncomingMessage, ReplyDraft, Sent, Thread
from inbox_tui.domain.paging import Page
from inbox_tui.store import api

_RECORDS: tuple[Any, ...] = (
    *(Agent, Written, Counts, Filter, IncomingMessage, Order, Page, ReplyDraft, Sent, ImportResult, Thread),
    *(
        found
        for found in vars(api).values()
        if isinstance(found, type) and issubclass(found, msgspec.Struct) and found.__module__ == api.__name__
    ),
)
"""Whatever travels is one of these, or part of one."""
_PLACE = "#/components/schemas/{name}"
_REFUSAL = {
    "description": "Why it was not done.",
    "content": {"application/json": {"schema": {"$ref": _PLACE.format(name="Problem")}}},
}
_METHODS = ("get", "post", "put")


class Described(msgspec.Struct, frozen=True):
    """A description as it is sent."""

    json: bytes
    tag: str
    """Of this text and no other, in quotes (RFC 9110, 8.8.3)."""

    @classmethod
    def of(cls, app: Litestar) -> Described:
        """The description of an application's API."""
        json = msgspec.json.encode(description_of(app))
        return cls(json, f'"{hashlib.sha256(json).hexdigest()[:32]}"')


def description_of(app: Litestar) -> dict[str, Any]:
    """The description of an application's API, an OpenAPI 3.1 document."""
    described = app.openapi_schema.to_schema()
    _, records = msgspec.json.schema_components(_RECORDS, ref_template=_PLACE)
    described["components"]["schemas"] = {name: records[name] for name in sorted(records)}
    for path in described["paths"].values():
        for method in _METHODS:
            if method in path:
                answers = path[method]["responses"]
                answers.pop("400", None)  # the framework's own words, which are never sent
                answers["default"] = _REFUSAL
                for parameter in path[method].get("parameters", ()):
                    if parameter["in"] == "path":
                        parameter["schema"]["minLength"] = 1
    return described
