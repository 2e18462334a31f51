"""DID documents for the verifier: over https, with a cache that all workers share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, func, insert, select

from catalogue.admission import Admission
from catalogue.store.database import Database
from catalogue.store.tables import did_cache, read_time, stored_time
from credentials.dids import DidMalformed, parse_did_document, web_url
from credentials.resolving import Fetcher, Resolved, Resolver, WebResolver
from credentials.times import Clock

#: Parsed documents that one process keeps: the issuers of a busy hour.
MAX_IN_MEMORY = 1_000
#: Documents in the shared cache: at most 64 kB each, so 640 MB at the very worst and a few MB in practice.
MAX_IN_STORE = 10_000


class WebDocuments:
    """Fetched did:web documents, used again for at most `ttl`.

    `for_client` makes fetches count against who causes them.
    """

    def __init__(
        self, database: Database, fetcher: Fetcher, admission: Admission, clock: Clock, ttl: timedelta
    ) -> None:
        self._database = database
        self._web = WebResolver(fetcher)
        self._admission = admission
        self._clock = clock
        self._ttl = ttl
        self._memory: OrderedDict[str, Resolved] = OrderedDict()
        self._mutex = threading.Lock()

    def for_client(self, address: str | None) -> Resolver:
        """A resolver whose fetches count against the client at `address`."""
        return _ClientResolver(self, address)

    def resolve(self, did: str, address: str | None) -> Resolved:
        """From memory, the shared cache or the web, in this order. Raises ResolutionFailed, LimitExceeded."""
        now = self._clock()
        cached = self._from_memory(did, now) or self._from_store(did, now)
        if cached is not None:
            return cached
        try:
            host = urlsplit(web_url(did)).hostname or ""
        except DidMalformed:
            # No did:web, or one without an address: the resolver says so, and fetches nothing.
            return self._web.resolve(did)
        self._admission.fetch(host, address)
        resolved = replace(self._web.resolve(did), fetched_at=now)
        self._keep(did, resolved, now)
        return resolved

    def _from_memory(self, did: str, now: datetime) -> Resolved | None:
        with self._mutex:
            resolved = self._memory.get(did)
            if resolved is None or resolved.fetched_at is None or now - resolved.fetched_at >= self._ttl:
                return None
            self._memory.move_to_end(did)
            return resolved

    def _from_store(self, did: str, now: datetime) -> Resolved | None:
        with self._database.read() as connection:
            row = connection.execute(
                select(did_cache.c.data, did_cache.c.fetched_at).where(
                    did_cache.c.did == did, did_cache.c.fetched_at > stored_time(now - self._ttl)
                )
            ).one_or_none()
        if row is None:
            return None
        raw = bytes(row.data)
        resolved = Resolved(parse_did_document(did, raw), "https", raw, read_time(row.fetched_at))
        self._remember(did, resolved)
        return resolved

    def _keep(self, did: str, resolved: Resolved, now: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                delete(did_cache).where(
                    (did_cache.c.did == did) | (did_cache.c.fetched_at <= stored_time(now - self._ttl))
                )
            )
            size = connection.execute(select(func.count()).select_from(did_cache)).scalar_one()
            if size < MAX_IN_STORE:
                connection.execute(
                    insert(did_cache).values(did=did, data=resolved.raw, fetched_at=stored_time(now))
                )
        self._remember(did, resolved)

    def _remember(self, did: str, resolved: Resolved) -> None:
        with self._mutex:
            self._memory[did] = resolved
            while len(self._memory) > MAX_IN_MEMORY:
                self._memory.popitem(last=False)


class _ClientResolver:
    """`WebDocuments` on behalf of one client."""

    def __init__(self, documents: WebDocuments, address: str | None) -> None:
        self._documents = documents
        self._address = address

    def resolve(self, did: str) -> Resolved:
        """See `WebDocuments.resolve`."""
        return self._documents.resolve(did, self._address)
