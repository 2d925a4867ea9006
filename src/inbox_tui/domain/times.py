"""Formats times in a time zone for display. Everywhere else a time is aware UTC."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo


def local(at: datetime, zone: tzinfo | None = None) -> datetime:
    """The time in a zone; None means this machine's.

    Never raises: a time so near to the end of the calendar that the zone has none for it stays as it is.
    """
    try:
        return at.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return at


def zone_where_doubled(at: datetime, zone: tzinfo | None = None) -> str:
    """The name of the zone, like ``CET``, in an hour that the clock shows twice when summer ends; else nothing."""
    here = local(at, zone)
    wall = here.replace(tzinfo=zone, fold=0)
    return _name(here) if _offset(wall, zone) != _offset(wall.replace(fold=1), zone) else ""


def clock_time(at: datetime, zone: tzinfo | None = None) -> str:
    """The time of day as ``10:02``, in a doubled hour as ``01:30 CET``. ``zone`` None is that of this machine."""
    here = local(at, zone)
    name = zone_where_doubled(at, zone)
    return f"{here.hour:02}:{here.minute:02}{f' {name}' if name else ''}"


def zone_of_long_day(at: datetime, zone: tzinfo | None = None) -> str:
    """The name of the zone if the time falls into a repeated hour; otherwise empty."""
    here = local(at, zone)
    begins = datetime.combine(here.date(), time(), zone)
    ends = begins + timedelta(hours=23, minutes=59)
    before, after = _offset(begins, zone), _offset(ends, zone)
    return _name(here) if before is not None and after is not None and before > after else ""


def _offset(wall: datetime, zone: tzinfo | None) -> timedelta | None:
    """The UTC offset of a local time."""
    try:
        return wall.utcoffset() if zone is not None else wall.astimezone().utcoffset()
    except (OverflowError, ValueError, OSError):
        return None


def _name(here: datetime) -> str:
    return here.tzname() or ""
