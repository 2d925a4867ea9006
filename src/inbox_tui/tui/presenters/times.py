"""Times for people: how long ago, which day, what o'clock.

The present and the time zone are arguments. Names of days and months do not follow the
locale, because nothing else on the screen does.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from inbox_tui.domain.times import clock_time, local, zone_of_long_day

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS = (("y", 365 * 86_400), ("w", 7 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60))


def age(then: datetime, now: datetime) -> str:
    """How long ago, in one unit: ``now``, ``12m``, ``2h``, ``3d``, ``5w``, ``2y``.

    Rounded down. A time to come, which two clocks that differ can make, is ``now``.
    """
    seconds = (now - then).total_seconds()
    for unit, length in _STEPS:
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return "now"


def day_label(when: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """The day for a rule between messages: ``Today``, ``Yesterday``, ``Tue 3 Nov``, ``Tue 3 Nov 2025``.

    On a day of which an hour is doubled the zone is named, and differs before and after.

    Args:
        when: The time whose day is wanted.
        now: The present; the year is left out while it is the same.
        zone: The reader's time zone; None is that of this machine.
    """
    day, today = local(when, zone).date(), local(now, zone).date()
    name = zone_of_long_day(when, zone)
    in_zone = f" · {name}" if name else ""
    if day == today:
        return f"Today{in_zone}"
    if today - day == timedelta(days=1):
        return f"Yesterday{in_zone}"
    label = f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
    return f"{label}{in_zone}" if day.year == today.year else f"{label} {day.year}{in_zone}"


def moment(when: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Day and time within a sentence: ``10:02``, ``yesterday 10:02``, ``Tue 3 Nov 10:02``. Arguments: ``day_label``."""
    day, time = day_label(when, now, zone), clock_time(when, zone)
    return time if day == "Today" else f"{day.lower() if day == 'Yesterday' else day} {time}"
