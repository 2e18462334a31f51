"""Small shares of a limit that a process takes from the shared counters at once and uses up by itself.

The counters stay the authority: a share is counted there before any of it is used. So the sum over all
processes never passes a limit; what a process leaves unused is lost, at most a share each.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

#: A share is this part of a limit: 3 of 600 a minute. Limits below it are counted one by one.
PART = 200
#: Shares that one process holds: its clients and issuers of the last minutes.
MAX_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class _Share:
    left: int
    expires_at: float


class Leases:
    """The shares that this process holds, by counter; safe from any number of threads."""

    def __init__(self) -> None:
        self._shares: OrderedDict[str, _Share] = OrderedDict()
        self._mutex = threading.Lock()

    def take(self, name: str, amount: int, now: float) -> bool:
        """Use `amount` of the share of a counter; False when there is none, or not enough of it."""
        with self._mutex:
            share = self._shares.get(name)
            if share is None or share.expires_at <= now or share.left < amount:
                return False
            self._shares[name] = _Share(share.left - amount, share.expires_at)
            return True

    def keep(self, name: str, left: int, expires_at: float) -> None:
        """Hold what was counted ahead and not used yet; it ends with the counter's window."""
        with self._mutex:
            self._shares[name] = _Share(left, expires_at)
            self._shares.move_to_end(name)
            while len(self._shares) > MAX_KEPT:
                self._shares.popitem(last=False)


def share_of(limit: int, amount: int) -> int:
    """How much to count at once for a use of `amount`."""
    return max(amount, limit // PART)
