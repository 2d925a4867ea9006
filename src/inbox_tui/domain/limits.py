"""The gate for times and the gate for lengths: what every way into a store must pass (rule 13).

Imports, agents, members, copies, undo and the machine's own clock all pass here, so that whatever is
stored can be read again by everybody, in every time zone, and no row grows without bound. Pure; knows no store.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from inbox_tui.domain.errors import Rejected, StoreUnavailable
from inbox_tui.domain.text import replace_unstorable

EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""The earliest time that a store accepts."""
LATEST = datetime(9999, 12, 30, tzinfo=timezone.utc)
"""The latest: calendars end a day later, and time zones differ by up to a day."""
AHEAD = timedelta(days=1)
"""How far a time may be ahead of its arrival. Clocks differ; more than this is an error."""

ID_LIMIT = 2_000
"""Bytes in UTF-8 of an id or a key. PostgreSQL indexes up to 2,704."""
AGENT_NAME_LIMIT = 500
"""Bytes in UTF-8 of an AI agent's name."""
FIELD_LIMIT = 500
"""Bytes in UTF-8 of each field of a lead: name, e-mail address, phone number, company."""
TOPIC_LIMIT = 1_000
"""Bytes in UTF-8 of a conversation's topic."""
BODY_LIMIT = 1_000_000
"""Bytes in UTF-8 of a message. Longer ones are refused, not cut."""


def accepted(at: datetime, now: datetime) -> datetime:
    """The time, if it can be stored.

    Args:
        at: A time with an offset.
        now: When it arrives, aware UTC.

    Raises:
        Rejected: it is before 1970, or more than a day after its arrival.
    """
    latest = min(now + AHEAD, LATEST) if now < LATEST else LATEST
    if not EARLIEST <= at <= latest:
        raise Rejected(
            f"The time {at.isoformat()} is not between {EARLIEST:%Y-%m-%d} and {latest:%Y-%m-%d %H:%M} UTC,"
            " a day after its arrival.",
            hint="Correct the time, or leave it out.",
        )
    return at.astimezone(timezone.utc)


def arrived(at: datetime, now: datetime) -> datetime:
    """``accepted``, but a time ahead of the clock becomes the time of arrival. Raises Rejected."""
    return min(accepted(at, now), now)


def present(now: datetime) -> datetime:
    """The time of this machine. Raises StoreUnavailable if its clock is plainly wrong."""
    if not EARLIEST <= now <= LATEST:
        raise StoreUnavailable(
            f"This machine's clock says {now.isoformat()}.", hint="Nothing was changed. Set the clock, then try again."
        )
    return now


def size(text: str) -> int:
    """The bytes that a text takes in a store."""
    kept = replace_unstorable(text)
    return len(kept) if kept.isascii() else len(kept.encode())


def require_size(text: str, limit: int, what: str) -> None:
    """Raises Rejected for a text of more than ``limit`` bytes. ``what`` begins the reason."""
    if len(text) > limit or size(text) > limit:
        raise Rejected(f"{what} has {size(text):,} bytes; {limit:,} is the most.", hint="Use a shorter one.")


def shortened(text: str, limit: int) -> str:
    """The longest beginning of a text that fits into ``limit`` bytes."""
    return replace_unstorable(text).encode()[:limit].decode(errors="ignore")
