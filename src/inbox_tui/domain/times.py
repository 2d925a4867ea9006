"""Times in a time zone, for showing. Everywhere else a time is aware UTC."""

from __future__ import annotations

from datetime import datetime, tzinfo


def local(at: datetime, zone: tzinfo | None = None) -> datetime:
    """The time in a zone; None is that of this machine.

    Never raises: a time so near to the end of the calendar that the zone has none for it stays as it is.
    """
    try:
        return at.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return at
