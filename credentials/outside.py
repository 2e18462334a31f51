"""What is fetched for a verdict besides DID documents: chains, status lists, what authorities revoked.

Whoever runs a verifier hands in an `Outside`; this package itself never opens a connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from credentials.resolving import Fetched, Fetcher, FetchFailed

#: Characters of an address of a chain or list: it is the name under which the answer is kept, and databases
#: can't index texts without bound. Published ones have some 60.
MAX_ADDRESS = 1_000


class Outside(Protocol):
    """Answers GET requests, perhaps with what it got earlier."""

    def fetch(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        not_before: datetime | None = None,
        signed: bool = False,
    ) -> Fetched:
        """The answer to a GET of `url`, not one from before `not_before`. FetchFailed without one.

        `signed` is as for a `Fetcher`.
        """


class Direct:
    """Asks a `Fetcher` each time."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def fetch(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        not_before: datetime | None = None,
        signed: bool = False,
    ) -> Fetched:
        """See `Outside.fetch`."""
        return self._fetcher.fetch(url, accept=accept, max_bytes=max_bytes, signed=signed)


class Kept:
    """Answers kept with an earlier verdict, by URL: a replay needs no network."""

    def __init__(self, answers: Mapping[str, Fetched]) -> None:
        self._answers = dict(answers)

    def fetch(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        not_before: datetime | None = None,
        signed: bool = False,
    ) -> Fetched:
        """See `Outside.fetch`; of other URLs nothing was kept."""
        answer = self._answers.get(url)
        if answer is None:
            raise FetchFailed(url, "no answer was kept", temporary=False)
        return answer
