"""What one peer may cost: requests, bytes and entries, and how long it is left alone after faults.

A peer is a stranger with a long log. What it can cause here is bounded by these counts, which all processes
share, and by the bounds of what is read of one answer (`catalogue.federation.peer_client`).
"""

from __future__ import annotations

import math
from datetime import timedelta

from catalogue.admission import DAY, Limit
from catalogue.counters import Counters, Increment
from catalogue.errors import LimitExceeded
from catalogue.settings import Settings
from credentials.times import Clock

#: Faults in a row after which a peer is put into quarantine. A proxy that answers with its own page, or a
#: node that is being updated, makes a few.
FAULTS_TOLERATED = 5
#: The first pause in quarantine, which doubles with each fault, up to the longest.
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
#: The longest pause between polls of a peer that doesn't answer: it is soon followed again once it does.
LONGEST_SILENCE = timedelta(minutes=2)
#: Whole reports kept of what was refused, per peer and day: some 2 kB each. Of the others the reason is kept.
REPORTS_DAILY = 5_000


class PeerLimits:
    """The counts of all peers. Every method counts first and raises LimitExceeded when a limit is passed."""

    def __init__(self, settings: Settings, counters: Counters, clock: Clock) -> None:
        self._counters = counters
        self._clock = clock
        self._requests = Limit.rate("peer", "peer-requests", settings.peer_rate)
        self._volume = Limit.volume("peer", "peer-volume", settings.peer_volume)
        entries = settings.peer_entries
        self._entries = Limit("peer", "peer-entries", entries, DAY, f"{entries} entries per day")
        self._reports = Limit("peer", "peer-reports", REPORTS_DAILY, DAY, f"{REPORTS_DAILY} per day")

    def request(self, peer: str) -> None:
        """Count a request that is about to be sent."""
        self._spend(self._requests, peer, 1)

    def answer(self, peer: str, size: int) -> None:
        """Count the bytes of an answer."""
        self._spend(self._volume, peer, size)

    def entries(self, peer: str, count: int) -> None:
        """Count entries that are about to be kept."""
        self._spend(self._entries, peer, count)

    def keeps_report(self, peer: str) -> bool:
        """Whether the whole report of one more refused entry is kept."""
        try:
            self._spend(self._reports, peer, 1)
        except LimitExceeded:
            return False
        return True

    def _spend(self, limit: Limit, peer: str, amount: int) -> None:
        now = self._clock().timestamp()
        name = f"{limit.kind}/{limit.scope}/{peer}"
        (count,) = self._counters.add([Increment(name, amount, limit.seconds)], now)
        if count.used > limit.amount:
            raise LimitExceeded(limit.scope, limit.words, max(1, math.ceil(count.expires_at - now)))


def pause_after(faults: int, every: timedelta) -> timedelta:
    """How long to wait for the next poll after so many faults in a row, where polls are `every` so often."""
    if faults < FAULTS_TOLERATED:
        return every * 2.0**faults
    return min(FIRST_PAUSE * 2.0 ** min(faults - FAULTS_TOLERATED, 16), LONGEST_PAUSE)


def pause_in_silence(failures: int, every: timedelta) -> timedelta:
    """The same after so many polls in a row that got no answer."""
    return min(every * 2.0 ** min(failures, 16), LONGEST_SILENCE)
