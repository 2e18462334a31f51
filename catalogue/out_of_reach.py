"""What could not be asked just now, so that nobody waits for it again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from credentials.outside import Outside
from credentials.resolving import Fetched, FetchFailed, ResolutionFailed, Resolved, Resolver
from credentials.times import Clock

#: How long what was out of reach isn't asked again.
RETRY_AFTER = timedelta(minutes=10)
#: Names that one process remembers.
MAX_REMEMBERED = 1_000


class OutOfReach:
    """Failures that may pass, each for a while. Safe to share between threads."""

    def __init__(self, clock: Clock, retry_after: timedelta = RETRY_AFTER) -> None:
        self._clock = clock
        self._retry_after = retry_after
        self._failures: OrderedDict[str, tuple[datetime, ResolutionFailed | FetchFailed]] = OrderedDict()
        self._mutex = threading.Lock()

    def get(self, name: str) -> ResolutionFailed | FetchFailed | None:
        """The failure that stands for asking again."""
        with self._mutex:
            found = self._failures.get(name)
        return found[1] if found is not None and self._clock() - found[0] < self._retry_after else None

    def remember(self, name: str, failure: ResolutionFailed | FetchFailed) -> None:
        """Keep a failure that may pass."""
        with self._mutex:
            self._failures[name] = (self._clock(), failure)
            self._failures.move_to_end(name)
            while len(self._failures) > MAX_REMEMBERED:
                self._failures.popitem(last=False)


def patiently(resolver: Resolver, outside: Outside, memory: OutOfReach) -> tuple[Resolver, Outside]:
    """The same ways out, which don't go where nobody answered just now."""
    return _PatientResolver(resolver, memory), _PatientOutside(outside, memory)


class _PatientResolver:
    def __init__(self, resolver: Resolver, memory: OutOfReach) -> None:
        self._resolver = resolver
        self._memory = memory

    def resolve(self, did: str) -> Resolved:
        known = self._memory.get(did)
        if isinstance(known, ResolutionFailed):
            raise known
        try:
            return self._resolver.resolve(did)
        except ResolutionFailed as failure:
            if failure.temporary:
                self._memory.remember(did, failure)
            raise


class _PatientOutside:
    def __init__(self, outside: Outside, memory: OutOfReach) -> None:
        self._outside = outside
        self._memory = memory

    def fetch(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        not_before: datetime | None = None,
        signed: bool = False,
    ) -> Fetched:
        known = self._memory.get(url)
        if isinstance(known, FetchFailed):
            raise known
        try:
            return self._outside.fetch(
                url, accept=accept, max_bytes=max_bytes, not_before=not_before, signed=signed
            )
        except FetchFailed as failure:
            if failure.temporary:
                self._memory.remember(url, failure)
            raise
