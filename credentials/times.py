"""RFC 3339 times, always aware and in UTC inside the program."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

# RFC 3339 section 5.6; the offset is required by W3C VC 2.0 section 4.9 (dateTimeStamp).
_RFC3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))",
    re.ASCII,
)


def utc_now() -> datetime:
    """The clock that processes hand to constructors; nothing else reads the time."""
    return datetime.now(UTC)


def from_rfc3339(text: str) -> datetime:
    """Parse an RFC 3339 date-time with an offset. ValueError when `text` is anything else."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 date-time with an offset: {text[:40]!r}")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    microsecond = int((match[7] or "0").ljust(6, "0")[:6])
    # Second 60 is a leap second (RFC 3339 section 5.7); datetime has no such second, so take the next one.
    leap = second == 60
    moment = datetime(year, month, day, hour, minute, 59 if leap else second, microsecond, tzinfo=UTC)
    if leap:
        moment += timedelta(seconds=1)
    if match[9]:
        hours, minutes = int(match[10]), int(match[11])
        if hours > 23 or minutes > 59:
            raise ValueError(f"not a UTC offset: {text[-6:]!r}")
        offset = timedelta(hours=hours, minutes=minutes)
        try:
            moment += -offset if match[9] == "+" else offset
        except OverflowError as error:
            raise ValueError(f"out of range: {text[:40]!r}") from error
    return moment


def to_rfc3339(moment: datetime) -> str:
    """The form used in reports, log entries and the API: UTC, `Z`, microseconds only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
