"""The JSON forms of what is said of the federation; `catalogue.api.federation_schemas` documents them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from catalogue.api.forms import Json
from catalogue.federation.difference import Difference, OthersEntry, OwnStatement
from catalogue.federation.introduction import fingerprint
from catalogue.federation.model import ReceivedEntry
from catalogue.federation.overview import Contradiction, EntryPage, OwnHead, PeerStatus, shown_error
from catalogue.federation.peers import Candidate, Removal
from credentials.report import Report
from credentials.times import to_rfc3339


def federation(own: OwnHead, peers: Iterable[PeerStatus], against: Iterable[Contradiction]) -> Json:
    """This node's log and its peers."""
    return {
        "name": own.name,
        "url": own.url,
        "origin": own.origin,
        "key": own.key,
        "fingerprint": fingerprint(own.key),
        "size": own.size,
        "root": own.root,
        "signed_at": _time(own.signed_at),
        "held": own.held,
        "peers": [public_peer(status) for status in peers],
        "contradictions": [contradiction(one) for one in against],
    }


def public_peer(status: PeerStatus) -> Json:
    """A peer, for everybody."""
    peer, standing = status.peer, status.standing
    return {
        "name": peer.name,
        "url": peer.url,
        "origin": peer.origin,
        "key": peer.keys[-1],
        "state": peer.state.value,
        "stale": standing.stale,
        "stale_since": _time(standing.since),
        "added_at": to_rfc3339(peer.added_at),
        "seen_at": _time(standing.seen_at),
        "answered_at": _time(peer.answered_at),
        "signed_at": _time(peer.signed_at),
        "clock_skew": int(standing.clock_skew.total_seconds()) if standing.clock_skew else None,
        "size": peer.size,
        "signed_size": peer.signed_size,
        "lag": peer.lag,
        "entries": {state.value: number for state, number in status.entries.items()},
        "last_error": shown_error(peer.last_error),
        "contradictions": [one.id for one in status.contradictions],
    }


def peer(status: PeerStatus) -> Json:
    """A peer, for the operator."""
    found = status.peer
    return {
        **public_peer(status),
        "fingerprint": fingerprint(found.keys[-1]),
        "keys": list(found.keys),
        "reason": found.reason,
        "due_at": _time(found.due_at),
        "grew_at": _time(found.grew_at),
        "faults": found.faults,
    }


def contradiction(one: Contradiction) -> Json:
    """What is held against a log."""
    return {
        "id": one.id,
        "peer": one.peer,
        "origin": one.origin,
        "kind": one.kind,
        "found_at": to_rfc3339(one.found_at),
    }


def candidate(met: Candidate) -> Json:
    """A node that was asked who it is."""
    found = met.introduction
    return {
        "url": found.url,
        "name": found.name,
        "origin": found.origin,
        "key": found.key,
        "fingerprint": found.fingerprint,
        "size": found.size,
        "root": found.root,
        "signed_at": to_rfc3339(found.signed_at),
        "voucher": found.voucher.value,
        "did": found.did,
        "known": met.known.name if met.known else None,
        "former": met.former.origin if met.former else None,
    }


def removal(done: Removal) -> Json:
    """What a removal did."""
    return {"name": done.name, "dropped": done.dropped, "left": done.left, "kept": done.kept}


def entries(page: EntryPage) -> Json:
    """A page of a peer's entries."""
    return {
        "items": [entry(one, report) for one, report in page.items],
        "total": page.total,
        "next": page.next,
    }


def entry(one: ReceivedEntry, report: Report | None) -> Json:
    """An entry of a peer's log, and what became of it."""
    return {
        "leaf": one.leaf,
        "op": one.op,
        "digest": one.digest,
        "at": to_rfc3339(one.at),
        "state": one.state.value,
        "tries": one.tries,
        "due_at": _time(one.due_at),
        "check": check_of(report),
        "detail": one.detail,
        "report": report.to_dict() if report else None,
    }


def check_of(report: Report | None) -> str | None:
    """The first check that spoke against it."""
    objection = next(report.objections(), None) if report else None
    return objection.name if objection else None


def difference(found: Difference) -> Json:
    """A page of what differs."""
    log, live = found.log, found.live
    body: Json = {
        "peer": found.peer.name,
        "log": {
            "received": log.received,
            "received_root": log.received_root,
            "signed": log.signed,
            "signed_root": log.signed_root,
            "signed_at": _time(log.signed_at),
            "outcome": log.outcome,
            "detail": log.detail,
        },
        "next": found.next,
        "live": None
        if live is None
        else {
            "outcome": live.outcome,
            "detail": live.detail,
            "logs": [
                {"name": one.name, "origin": one.origin, "here": one.here, "there": one.there}
                for one in live.logs
            ],
        },
    }
    if found.there is not None:
        body["there"] = [_others_entry(one) for one in found.there]
    if found.here is not None:
        body["here"] = [_own_statement(one) for one in found.here]
    return body


def _others_entry(one: OthersEntry) -> Json:
    return {
        "leaf": one.leaf,
        "op": one.op,
        "digest": one.digest,
        "at": to_rfc3339(one.at),
        "outcome": one.outcome,
        "check": one.check,
        "detail": one.detail,
    }


def _own_statement(one: OwnStatement) -> Json:
    return {
        "id": one.record_id,
        "content_id": one.content_id,
        "digest": one.digest,
        "issuer": one.issuer,
        "subject": one.subject,
        "listed_by": list(one.listed_by),
    }


def _time(moment: datetime | None) -> str | None:
    return to_rfc3339(moment) if moment else None
