"""Up to where a website has heard what members write to its visitors: event ids of ``/v1/agent/replies``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple, NewType

from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.fingerprints import Numbered, read_id
from inbox_tui.domain.models import MessageId

HeardId = NewType("HeardId", str)
"""A message's id and the time when it was written, so that whoever heard it can go on even where a restore undid it."""

BEGINNING = HeardId("0")
"""Before the first message."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r"([0-9]{1,18}(?:\.[0-9a-f]{8})?)(?:\.([0-9]{1,17}))?")


class Heard(NamedTuple):
    """What a HeardId says."""

    message: Numbered
    at: datetime | None
    """Everything until then was heard. None where the id is a message's alone, as earlier versions gave it."""


def heard_id(message: MessageId, at: datetime) -> HeardId:
    """The place after a message.

    Args:
        message: The last that was heard.
        at: When it was written, or a later time until which everything was heard.
    """
    return HeardId(f"{message}.{max(0, (at - _EPOCH) // _MICROSECOND)}")


def heard(id: HeardId) -> Heard:
    """What a place says. Raises NotFound for a text that is no such id."""
    found = _FORM.fullmatch(id)
    message = read_id(found[1]) if found else None
    if found is None or message is None or (found[2] and not message.fingerprint):
        raise NotFound("This event id was never given out.", hint="Send the id of the last event that you received.")
    return Heard(message, _EPOCH + int(found[2]) * _MICROSECOND if found[2] else None)
