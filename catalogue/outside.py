"""Chains, status lists, CRLs and OCSP answers for the verifier: fetched, and kept for all workers."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, func, insert, select

from catalogue.admission import FETCHED_HOST, Admission
from catalogue.errors import LimitExceeded
from catalogue.out_of_reach import OutOfReach
from catalogue.store.database import Database
from catalogue.store.tables import fetched as cache
from catalogue.store.tables import read_time, stored_time
from credentials.outside import Outside
from credentials.resolving import Fetched, Fetcher, FetchFailed
from credentials.times import Clock

#: The longest that an answer is used again, whatever a status list says of itself.
MAX_AGE = timedelta(hours=1)
#: Answers kept: chains and OCSP answers of some kB, status lists and CRLs of 20 kB as a rule.
MAX_IN_STORE = 2_000
#: Bytes of all of them: a status list may have 1 MB, a CRL 2 MB.
MAX_BYTES_IN_STORE = 200_000_000


class SharedAnswers:
    """What was fetched in the last hour. `for_client` makes fetches count against who causes them."""

    def __init__(self, database: Database, fetcher: Fetcher, admission: Admission, clock: Clock) -> None:
        self._database = database
        self._fetcher = fetcher
        self._admission = admission
        self._clock = clock
        self._silent = OutOfReach(clock)

    def for_client(self, address: str | None) -> Outside:
        """An `Outside` whose fetches count against the client at `address`."""
        return _Client(self, address)

    def fetch(
        self,
        url: str,
        address: str | None,
        *,
        accept: str,
        max_bytes: int,
        not_before: datetime | None,
        signed: bool,
    ) -> Fetched:
        """An answer of the last hour, not from before `not_before`. Raises FetchFailed, LimitExceeded.

        For `signed` data, which verdicts can do without, nobody waits for a host that was silent just now,
        and a host that was asked too often is one out of reach.
        """
        now = self._clock()
        oldest = max(now - MAX_AGE, not_before or now - MAX_AGE)
        kept = self._kept(url, oldest)
        if kept is not None and len(kept.body) <= max_bytes:
            return kept
        try:
            host = urlsplit(url).hostname or ""
        except ValueError as error:
            raise FetchFailed(url, "not an acceptable URL", temporary=False) from error
        if signed and self._silent.get(host) is not None:
            raise FetchFailed(url, "the host was out of reach just now", temporary=True)
        try:
            self._admission.fetch(host, address)
            answer = self._fetcher.fetch(url, accept=accept, max_bytes=max_bytes, signed=signed)
        except LimitExceeded as limit:
            if not signed or limit.scope != FETCHED_HOST:
                raise
            raise FetchFailed(url, "this node asked the host too often just now", temporary=True) from limit
        except FetchFailed as failure:
            if signed and failure.temporary:
                self._silent.remember(host, failure)
            raise
        self._keep(url, answer.body, now)
        return Fetched(answer.body, answer.media_type, answer.url, now)

    def _kept(self, url: str, oldest: datetime) -> Fetched | None:
        with self._database.read() as connection:
            row = connection.execute(
                select(cache.c.data, cache.c.fetched_at).where(
                    cache.c.url == url, cache.c.fetched_at >= stored_time(oldest)
                )
            ).one_or_none()
        return Fetched(bytes(row.data), "", url, read_time(row.fetched_at)) if row is not None else None

    def _keep(self, url: str, data: bytes, now: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                delete(cache).where((cache.c.url == url) | (cache.c.fetched_at <= stored_time(now - MAX_AGE)))
            )
            count, size = connection.execute(
                select(func.count(), func.coalesce(func.sum(func.length(cache.c.data)), 0))
            ).one()
            if count < MAX_IN_STORE and size + len(data) <= MAX_BYTES_IN_STORE:
                connection.execute(insert(cache).values(url=url, data=data, fetched_at=stored_time(now)))


class _Client:
    """`SharedAnswers` on behalf of one client."""

    def __init__(self, answers: SharedAnswers, address: str | None) -> None:
        self._answers = answers
        self._address = address

    def fetch(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        not_before: datetime | None = None,
        signed: bool = False,
    ) -> Fetched:
        """See `SharedAnswers.fetch`."""
        return self._answers.fetch(
            url, self._address, accept=accept, max_bytes=max_bytes, not_before=not_before, signed=signed
        )
