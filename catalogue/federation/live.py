"""A search that asks the peers too, for what has not been copied from them yet (`scope=live`).

One hop: each peer is asked what it has itself. What it names, and this node doesn't hold, is verified here,
on the spot, and searched here by what it says itself. A peer that is late, away or talking nonsense costs its
own part of the answer and nobody else's.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from catalogue.admission import Admission
from catalogue.counters import Counters
from catalogue.discovery import item_of
from catalogue.errors import BadParameter, LimitExceeded
from catalogue.federation.asking import MAX_QUESTION, AskedPeer, Candidate, parameters_of, passed_on
from catalogue.federation.checking import Checking, NotShown
from catalogue.federation.limits import PeerLimits
from catalogue.federation.model import Peer, PeerState
from catalogue.federation.peer_client import Fetch, PeerFault, PeerUnreachable
from catalogue.federation.roster import every_peer
from catalogue.fetching import WebFetcher
from catalogue.lifecycle import State
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.trusting import TrustFile
from catalogue.unlisted import Unlisted
from catalogue.verdicts import verdict_form
from catalogue.verifying import Verification
from credentials.times import Clock
from search.among import search_among
from search.plan import question_of
from search.query import MAX_SIZE, Query
from search.values import HOME

#: For each of the two requests to a peer: the search, and the bytes of what is new. A node answers within
#: some ten milliseconds; whoever needs longer is overloaded or far away.
ASK_SECONDS = 1.5
#: From the first question to the answer, whoever has not answered by then. Verifying takes milliseconds, but
#: a DID document may have to be fetched for it.
ANSWER_SECONDS = 4.0
#: Peers that one process asks at the same time: each waits for a network most of the time, and holds a few
#: megabytes at worst.
MAX_AT_ONCE = 8

_LATE = "it didn't answer in time"
#: By whether the peer gave other bytes under that digest.
_ABSENT = {
    True: "its bytes aren't those that the digest names",
    False: "the node that found it doesn't give its bytes",
}
_NO_HIT = "what it says itself doesn't answer the question; what others say of it isn't known here"

Json = dict[str, Any]


class Outcome(StrEnum):
    """What came of asking a peer."""

    #: It answered, and what it found was looked at.
    ANSWERED = "answered"
    #: It had not answered in time.
    LATE = "late"
    #: It can't be reached, or can't answer just now.
    UNREACHABLE = "unreachable"
    #: It refuses the question, answers it with what is no answer, or may not be asked so often.
    REFUSED = "refused"


@dataclass(slots=True)
class Answer:
    """A peer's part: how many of its hits are held here already, and why others aren't shown."""

    peer: str
    outcome: Outcome
    detail: str | None = None
    known: int = 0
    found: list[Unlisted] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    shown: int = 0

    def form(self) -> Json:
        """Its JSON."""
        return {
            "name": self.peer,
            "outcome": self.outcome.value,
            "items": self.shown,
            "known": self.known,
            "refused": [{"reason": reason, "count": count} for reason, count in sorted(self.refused.items())],
            "detail": self.detail,
        }


class LiveSearch:
    """Asks the peers of one node. Threads may share it; close it at the end."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        verification: Verification,
        admission: Admission,
        counters: Counters,
        trust: TrustFile,
        clock: Clock,
        fetcher: Fetch | None = None,
    ) -> None:
        """`fetcher` is the way to peers, the web as settings allow it if there is none."""
        self._settings = settings
        self._database = database
        self._verification = verification
        self._admission = admission
        self._limits = PeerLimits(settings, counters, clock)
        self._trust = trust
        self._clock = clock
        self._given = fetcher
        # Without a thread before the first question.
        self._threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="live")

    def search(self, query: Query, languages: Sequence[str], address: str | None) -> Json:
        """What the peers have of it and this node doesn't: `{"peers", "items"}`.

        Counted for the client at `address` as one verification for each peer that is asked, and one for each
        statement that is verified. Raises BadParameter, QueryInvalid, and LimitExceeded where not even one
        may be.
        """
        _require_askable(query)
        deadline = time.monotonic() + ANSWER_SECONDS
        question = passed_on(query)
        question_of(question)
        answers: list[Answer] = []
        asked: dict[str, Future[Answer]] = {}
        for peer in self._peers(query):
            if len(parameters_of(question)) > MAX_QUESTION:
                answers.append(Answer(peer.name, Outcome.REFUSED, "the question is too long to be passed on"))
                continue
            try:
                self._admission.request(address, "verify")
            except LimitExceeded as limit:
                if not asked:
                    raise
                answers.append(Answer(peer.name, Outcome.REFUSED, f"not asked: {limit}"))
                continue
            asked[peer.name] = self._threads.submit(self._ask, peer, question, address, deadline)
        wait(asked.values(), timeout=max(0.0, deadline - time.monotonic()))
        for name, future in asked.items():
            # Who has not begun by now never will; who has, ends by itself and is heard by nobody.
            late = future.cancel() or not future.done()
            answers.append(Answer(name, Outcome.LATE, _LATE) if late else future.result())
        answers.sort(key=lambda answer: answer.peer)
        items = self._items(answers, question, languages)
        return {"peers": [answer.form() for answer in answers], "items": items}

    def close(self) -> None:
        """Ask nobody any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def _fetcher(self) -> Fetch:
        settings = self._settings
        return self._given or WebFetcher(
            allowed_hosts=settings.fetch_allow_hosts,
            ca_file=settings.fetch_ca_file or None,
            clock=self._clock,
            total_seconds=ASK_SECONDS,
        )

    @cached_property
    def _checking(self) -> Checking:
        return Checking(self._settings, self._database, self._verification, self._trust, self._clock)

    def _peers(self, query: Query) -> Sequence[Peer]:
        """Whom to ask: those that are followed, of those that the question is about."""
        if HOME in query.filters.get("home", ()):
            return ()
        with self._database.read() as connection:
            followed = every_peer(connection, PeerState.FOLLOWED)
        named = query.filters.get("listed_by")
        return [peer for peer in followed if named is None or peer.name in named]

    def _ask(self, peer: Peer, question: Query, address: str | None, deadline: float) -> Answer:
        """One peer's answer, whatever it is."""
        # Counted apart: no buyer holds up the copying.
        client = AskedPeer(f"{peer.name} (live)", peer.url, self._fetcher, self._limits)
        began = time.monotonic()
        try:
            candidates = client.find(question)
            wanted = self._checking.unknown(candidates)
            answer = Answer(peer.name, Outcome.ANSWERED, known=len(candidates) - len(wanted))
            if wanted and time.monotonic() < deadline:
                began = time.monotonic()
                self._look(answer, client, wanted, address, deadline)
        except (PeerUnreachable, PeerFault, LimitExceeded) as error:
            return Answer(peer.name, *_failure(error, time.monotonic() - began))
        return answer

    def _look(
        self,
        answer: Answer,
        client: AskedPeer,
        wanted: Sequence[Candidate],
        address: str | None,
        deadline: float,
    ) -> None:
        """Fetch and verify what a peer has found."""
        blobs = client.blobs(list(dict.fromkeys(one.digest for one in wanted)))
        for candidate in wanted:
            data = blobs.found.get(candidate.digest)
            try:
                if data is None:
                    raise NotShown(_ABSENT[candidate.digest in blobs.wrong])
                if time.monotonic() >= deadline:
                    raise NotShown("there was no time left to verify it")
                try:
                    self._admission.request(address, "verify")
                except LimitExceeded as limit:
                    raise NotShown(f"not verified: {limit}") from limit
                answer.found.append(self._checking.check(candidate, data, client.name))
            except NotShown as reason:
                answer.refused[reason.reason] += 1

    def _items(self, answers: Sequence[Answer], question: Query, languages: Sequence[str]) -> list[Json]:
        """What of all that is a hit here, in the order of the question, with the peers that have it."""
        newest: dict[str, Unlisted] = {}
        for answer in answers:
            for one in answer.found:
                other = newest.get(one.document.id)
                if other is None or _age(one) > _age(other):
                    newest[one.document.id] = one
        if not newest:
            return []
        documents = [one.document for one in newest.values()]
        page = search_among(documents, replace(question, size=MAX_SIZE))
        shown = {hit.id for hit in page.hits}
        having: dict[str, list[str]] = {}
        for answer in answers:
            for one in answer.found:
                record = one.document.id
                if _age(one) != _age(newest[record]):
                    answer.refused["another node has a newer statement of its issuer"] += 1
                elif record not in shown:
                    answer.refused[_NO_HIT] += 1
                else:
                    answer.shown += 1
                    having.setdefault(record, []).append(answer.peer)
        items = []
        for hit in page.hits:
            item = item_of(hit.item, hit.highlights, languages)
            for nowhere_yet in ("state", "listed_at"):
                del item[nowhere_yet]
            item["copied"] = False
            item["listed_by"] = [{"name": name, "home": False, "stale": False} for name in having[hit.id]]
            item["verdict"] = verdict_form(newest[hit.id].verdict)
            items.append(item)
        return items


def _age(one: Unlisted) -> tuple[object, str]:
    return one.credential.valid_from, one.credential.content_id


def _require_askable(query: Query) -> None:
    """BadParameter for what has no live answer."""
    if query.cursor is not None:
        raise BadParameter("cursor", "can't be given with scope=live, which has one page")
    if set(query.filters.get("state", ())) - {State.LISTED.value}:
        raise BadParameter("state", "with scope=live it can only be listed")


def _failure(error: PeerUnreachable | PeerFault | LimitExceeded, seconds: float) -> tuple[Outcome, str]:
    """What a failed question comes to, in words without anything that the peer says."""
    match error:
        case PeerUnreachable(status=None) if seconds >= ASK_SECONDS:
            return Outcome.LATE, _LATE
        case PeerUnreachable(status=None):
            return Outcome.UNREACHABLE, "it doesn't answer"
        case PeerUnreachable(status=int(status)) if 400 <= status < 500:
            return Outcome.REFUSED, f"it answers {status}"
        case PeerUnreachable(status=status):
            return Outcome.UNREACHABLE, f"it answers {status}"
        case PeerFault():
            return Outcome.REFUSED, "its answer can't be used"
    return Outcome.REFUSED, "this node has asked it too often just now"
