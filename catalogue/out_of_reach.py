"""What could not be asked just now, so that nobody waits for it again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from credentials.resolving import FetchFailed, ResolutionFailed
from credentials.times import Clock

#: How long what was out of reach isn't asked again.
RETRY_AFTER = timedelta(minutes=10)
#: Names that one process remembers.
MAX_REMEMBERED = 1_000


class OutOfReach:
    """Failures that may pass, each for a while. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[datetime, ResolutionFailed | FetchFailed]] = OrderedDict()
        self._mutex = threading.Lock()

    def get(self, name: str) -> ResolutionFailed | FetchFailed | None:
        """The failure that stands for asking again."""
        with self._mutex:
            found = self._failures.get(name)
        return found[1] if found is not None and self._clock() - found[0] < RETRY_AFTER else None

    def remember(self, name: str, failure: ResolutionFailed | FetchFailed) -> None:
        """Keep a failure that may pass."""
        with self._mutex:
            self._failures[name] = (self._clock(), failure)
            self._failures.move_to_end(name)
            while len(self._failures) > MAX_REMEMBERED:
                self._failures.popitem(last=False)
