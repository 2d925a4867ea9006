"""Where in a thread to say who imported what follows: before each run of messages, not at each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inbox_tui.domain.models import Kind, Member, MemberId, Message


def importers(messages: Iterable[Message]) -> Iterator[Member | None]:
    """For each message, oldest first: whom to name before it; None where nobody is to be named.

    What happened in the workspace between imported messages, as an event, does not end their run.
    """
    told: MemberId | None = None
    for message in messages:
        importer = message.imported_by
        if importer is None:
            told = told if message.kind is Kind.EVENT else None
            yield None
        else:
            yield importer if importer.id != told else None
            told = importer.id
