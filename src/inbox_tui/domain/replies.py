"""The event ids of ``/v1/agent/replies``: how far a website has read the members' replies."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple, NewType

from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.fingerprints import Numbered, read_id
from inbox_tui.domain.models import MessageId

HeardId = NewType("HeardId", str)
"""A message's id and its time, so that a website can go on even if a restore undid the message."""

BEGINNING = HeardId("0")
"""Before the first message."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r"([0-9]{1,18}(?:\.[0-9a-f]{8})?)(?:\.([0-9]{1,17}))?")


class Heard(NamedTuple):
    """The parts of a HeardId."""

    message: Numbered
    at: datetime | None
    """The website has received everything until then. None in an id of an earlier version, which has no time."""


def heard_id(message: MessageId, at: datetime) -> HeardId:
    """The place after a message.

    Args:
        message: The last message that the website received.
        at: When it was written, or a later time until which the website has everything.
    """
    return HeardId(f"{message}.{max(0, (at - _EPOCH) // _MICROSECOND)}")


def heard(id: HeardId) -> Heard:
    """Parse an event id. Raises NotFound for any other text."""
    found = _FORM.fullmatch(id)
    message = read_id(found[1]) if found else None
    if found is None or message is None or (found[2] and not message.fingerprint):
        raise NotFound("This event id was never given out.", hint="Send the id of the last event that you received.")
    return Heard(message, _EPOCH + int(found[2]) * _MICROSECOND if found[2] else None)
