"""A record's history tells every version and every event, once each, in either order."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from world import START, Clock, Provider

from catalogue.errors import BadParameter, Gone, NotFound
from catalogue.history import NEWEST, OLDEST, Happening
from catalogue.log import tell
from catalogue.node import Node

ADDRESS = "192.0.2.1"


def publish(node: Node, data: bytes) -> Any:
    return node.publisher.publish(data, address=ADDRESS).records[0]


def told(node: Node, record: str, *, order: str = OLDEST, size: int = 100) -> list[Happening]:
    """All of a history, walked through in pages."""
    found: list[Happening] = []
    cursor = None
    while True:
        page = node.discovery.history(record, order=order, cursor=cursor, size=size)
        found += page.items
        assert len(page.items) <= size
        cursor = page.next
        if cursor is None:
            assert page.total == len(found)
            return found


def kinds(node: Node, record: str) -> list[str]:
    return [one.kind for one in told(node, record)]


def test_versions_and_events_are_told_in_order(node: Node, provider: Provider, clock: Clock) -> None:
    first = publish(node, provider.sign(provider.offering("one")))
    clock.advance(hours=1)
    second = publish(node, provider.sign(provider.offering("two", valid_until=START + timedelta(hours=2))))
    assert second.id == first.id
    clock.advance(hours=1)
    node.operations.catch_up()
    listed, again, superseded, expired = told(node, first.id)
    assert (listed.kind, listed.content_id, listed.digest, listed.at) == (
        "listed",
        first.content_id,
        first.digest,
        START,
    )
    assert (again.kind, again.content_id) == ("listed", second.content_id)
    assert (superseded.kind, superseded.content_id, superseded.at) == (
        "superseded",
        first.content_id,
        START + timedelta(hours=1),
    )
    assert second.content_id in superseded.reason
    assert (expired.kind, expired.at) == ("expired", START + timedelta(hours=2))


def test_version_that_comes_too_late_is_superseded_as_it_comes(
    node: Node, provider: Provider, clock: Clock
) -> None:
    older = provider.sign(provider.offering("older"))
    clock.advance(hours=1)
    newer = publish(node, provider.sign(provider.offering("newer")))
    clock.advance(hours=1)
    late = publish(node, older)
    assert [(one.kind, one.content_id) for one in told(node, newer.id)] == [
        ("listed", newer.content_id),
        ("listed", late.content_id),
        ("superseded", late.content_id),
    ]


def test_withdrawal_of_an_older_version_is_told(node: Node, provider: Provider, clock: Clock) -> None:
    first = publish(node, provider.sign(provider.offering("one")))
    clock.advance(seconds=1)
    publish(node, provider.sign(provider.offering("two")))
    clock.advance(seconds=1)
    node.publisher.withdraw(provider.withdrawal(first.content_id, "a mistake"), address=ADDRESS)
    last = told(node, first.id)[-1]
    assert (last.kind, last.content_id, last.reason) == ("withdrawn", first.content_id, "a mistake")
    assert last.at == clock.now


@pytest.mark.parametrize("order", [NEWEST, OLDEST])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_tell_each_once_though_much_happens_at_one_moment(
    node: Node, provider: Provider, clock: Clock, order: str, size: int
) -> None:
    record = publish(node, provider.sign(provider.offering("one"))).id
    for step in range(3):
        with node.database.write() as connection:
            for number in range(3):
                tell(connection, clock.now, "turned", record, None, f"{step}.{number}")
        clock.advance(seconds=1)
        publish(node, provider.sign(provider.offering(f"{step}")))
    whole = told(node, record)
    assert len(whole) == 4 + 3 + 9
    assert [one.at for one in whole] == sorted(one.at for one in whole)
    paged = told(node, record, order=order, size=size)
    assert (paged if order == OLDEST else paged[::-1]) == whole


def test_history_is_hidden_with_the_record(node: Node, provider: Provider, clock: Clock) -> None:
    record = publish(node, provider.sign(provider.offering("one")))
    participant = publish(node, provider.sign(provider.participant("Nuée SAS")))
    with pytest.raises(NotFound):
        told(node, "0" * 32)
    with pytest.raises(NotFound):
        told(node, participant.id)
    node.operations.block(provider.did, "impersonation")
    with pytest.raises(NotFound):
        told(node, record.id)
    node.operations.forget(provider.did)
    assert kinds(node, record.id) == ["listed", "blocked", "unblocked"]
    clock.advance(seconds=1)
    node.publisher.withdraw(provider.withdrawal(record.content_id), address=ADDRESS)
    with pytest.raises(Gone):
        told(node, record.id)


def cursor_of(*place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "%%%",
        "é",
        cursor_of(OLDEST, "2026-06-01T12:00:00Z", 0, "x"),
        cursor_of(NEWEST, "yesterday", 0, "x"),
        cursor_of(NEWEST, "2026-06-01T12:00:00Z", 4, "x"),
        cursor_of(NEWEST, "2026-06-01T12:00:00Z", 3, "x"),
        cursor_of(NEWEST, "2026-06-01T12:00:00Z", 0),
        "A" * 301,
    ],
    ids=[
        "empty",
        "no-base64",
        "not-ascii",
        "other-order",
        "no-time",
        "no-rank",
        "no-number",
        "short",
        "long",
    ],
)
def test_cursor_of_another_list_is_refused(node: Node, provider: Provider, cursor: str) -> None:
    record = publish(node, provider.sign(provider.offering("one"))).id
    with pytest.raises(BadParameter):
        node.discovery.history(record, order=NEWEST, cursor=cursor, size=1)
