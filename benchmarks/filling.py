"""A store with many offerings in minutes: verified and listed like publications, a thousand to a commit.

What HTTP, limits and a sync for each would add is measured elsewhere (`benchmarks.publishing`); here the
offerings only have to be there, exactly as if they had been published.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import corpus
from catalogue.ledger import list_verified, store_verified
from catalogue.log import Op, append
from catalogue.node import prepare
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.verifying import local_resolvers
from credentials.contexts import ContextStore
from credentials.identity import digest_of
from credentials.policies import policy_named
from credentials.resolving import FirstOf
from credentials.times import utc_now
from credentials.verification import Verified, Verifier

#: Offerings signed and verified in one piece of work, and listed in one transaction.
_CHUNK = 1_000
#: Pieces of work ahead of the writer: both processes stay busy, and a few megabytes wait.
_AHEAD = 4

_Judged = tuple[bytes, Verified]


_Document = tuple[corpus.Issuer, dict[str, Any]]


def fill(
    settings: Settings, who: Sequence[corpus.Issuer], count: int, others: Sequence[_Document] = ()
) -> None:
    """List the participants of `who` and `count` offerings of theirs in the new store of `settings`.

    Before the offerings, `others`: unsigned documents, each with its issuer.
    """
    prepare(settings)
    database = Database(settings.store_url)
    try:
        for chunk in _judged(settings, who, count, others):
            with database.write() as connection:
                for data, verified in chunk:
                    digest = digest_of(data)
                    entry = append(connection, Op.LIST, digest, utc_now())
                    store_verified(connection, entry, data, verified)
                    list_verified(connection, entry, verified, frozenset(), entry.at)
    finally:
        database.close()


def settings_for(data: Path, did_documents: Path) -> Settings:
    """The settings of a node over `data` as far as its store is concerned."""
    return Settings(data=data, did_documents=str(did_documents))


def _judged(
    settings: Settings, who: Sequence[corpus.Issuer], count: int, others: Sequence[_Document]
) -> Iterator[list[_Judged]]:
    made_at = corpus.made_now()
    yield _judge(settings, corpus.sign_participants(who, made_at))
    yield _judge(settings, corpus.sign_documents(others, made_at))
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        waiting: deque[Future[list[_Judged]]] = deque()
        for start in range(0, count, _CHUNK):
            if len(waiting) == _AHEAD:
                yield waiting.popleft().result()
            size = min(_CHUNK, count - start)
            waiting.append(pool.submit(_sign_and_judge, settings, tuple(who), start, size, made_at))
        while waiting:
            yield waiting.popleft().result()


def _sign_and_judge(
    settings: Settings, who: Sequence[corpus.Issuer], start: int, count: int, made_at: datetime
) -> list[_Judged]:
    return _judge(settings, corpus.sign_offerings(who, start, count, made_at))


def _judge(settings: Settings, bodies: Sequence[bytes]) -> list[_Judged]:
    verifier = Verifier(
        policy_named(settings.policy), FirstOf(local_resolvers(settings)), ContextStore(), utc_now
    )
    return [(body, verifier.verify(body)) for body in bodies]
