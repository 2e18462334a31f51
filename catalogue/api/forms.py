"""The JSON forms of what the services return; `catalogue.api.schemas` documents them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from catalogue.history import HistoryPage
from catalogue.ledger import RecordLine
from catalogue.operations import Erasure, IssuerRule
from catalogue.publishing import Publication, WithdrawalReceipt
from catalogue.records import ListedStatement, Standing, StatementPage
from credentials.times import to_rfc3339

Json = dict[str, Any]


def line(record: RecordLine) -> Json:
    """One statement about one subject."""
    return {
        "id": record.id,
        "digest": record.digest,
        "index": record.index,
        "content_id": record.content_id,
        "issuer": record.issuer,
        "subject": record.subject,
        "state": record.state.value,
    }


def publication(done: Publication) -> Json:
    """What became of a publication."""
    return {
        "digest": done.digest,
        "records": [line(record) for record in done.records],
        "report": done.report.to_dict(),
    }


def receipt(done: WithdrawalReceipt) -> Json:
    """What became of a withdrawal."""
    return {
        "digest": done.digest,
        "content_id": done.content_id,
        "issuer": done.issuer,
        "withdrawn_at": to_rfc3339(done.withdrawn_at),
        "records": [line(record) for record in done.records],
    }


def statement(listed: ListedStatement) -> Json:
    """A listed statement with its times."""
    return {
        "id": listed.id,
        "digest": listed.digest,
        "index": listed.index,
        "content_id": listed.content_id,
        "issuer": listed.issuer,
        "subject": listed.subject,
        "state": listed.state.value,
        "valid_from": to_rfc3339(listed.valid_from),
        "valid_until": to_rfc3339(listed.valid_until) if listed.valid_until else None,
        "listed_at": to_rfc3339(listed.listed_at),
        "shapes": listed.shapes,
    }


def statements(page: StatementPage) -> Json:
    """A page of statements."""
    return {"items": [statement(item) for item in page.items], "total": page.total, "next": page.next}


def history(page: HistoryPage) -> Json:
    """A page of a record's history."""
    return {
        "items": [
            {
                "at": to_rfc3339(one.at),
                "kind": one.kind,
                "content_id": one.content_id,
                "digest": one.digest,
                "value": one.value,
                "since": to_rfc3339(one.since) if one.since else None,
                "reason": one.reason,
            }
            for one in page.items
        ],
        "total": page.total,
        "next": page.next,
    }


def standing(where: Standing, admission: str) -> Json:
    """Where an issuer stands on a node whose admission is `open` or `allowlist`."""
    return {
        "did": where.did,
        "rule": where.rule,
        "rule_reason": where.rule_reason,
        "admission": admission,
        "statements": dict(where.statements),
        "refusals": [
            {
                "digest": refusal.digest,
                "at": to_rfc3339(refusal.at),
                "check": refusal.check,
                "detail": refusal.detail,
            }
            for refusal in where.refusals
        ],
    }


def rule(said: IssuerRule) -> Json:
    """What the operator said of an issuer."""
    return {"did": said.did, "rule": said.rule, "reason": said.reason, "at": to_rfc3339(said.at)}


def erasure(done: Erasure) -> Json:
    """What an erasure removed."""
    return {
        "digest": done.digest,
        "records": list(done.records),
        "erased_at": to_rfc3339(done.erased_at),
    }


def whole(items: Iterable[Json]) -> Json:
    """A list that is given in one piece, in the form that every list has."""
    every = list(items)
    return {"items": every, "total": len(every), "next": None}
