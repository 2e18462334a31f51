"""What an operator is told of what is due, what ends, and what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from world import START, Clock, Provider

from catalogue.node import Node
from catalogue.oversight import CALENDAR_DAYS
from credentials.verification import Refused


def test_the_queue_counts_what_is_due(node: Node, provider: Provider, clock: Clock) -> None:
    node.publisher.publish(provider.sign(provider.offering()), address="192.0.2.1")
    assert (node.oversight.queue().listed, node.oversight.queue().due) == (1, 0)
    clock.advance(seconds=node.settings.recheck_seconds + 1)
    queue = node.oversight.queue()
    assert (queue.listed, queue.due) == (1, 1)
    assert queue.oldest == START + timedelta(seconds=node.settings.recheck_seconds)


def test_the_calendar_has_the_days_on_which_something_ends(node: Node, provider: Provider) -> None:
    for number, days in enumerate((5, 5, 80, CALENDAR_DAYS + 1)):
        document = provider.offering(
            subject=f"https://p.example/o/{number}", valid_until=START + timedelta(days=days)
        )
        node.publisher.publish(provider.sign(document), address="192.0.2.1")
    ending = {day.on: day.ending for day in node.oversight.calendar() if day.ending}
    assert ending == {
        (START + timedelta(days=5)).date(): 2,
        (START + timedelta(days=80)).date(): 1,
    }


def test_days_on_which_rules_change_are_in_the_calendar(node: Node, clock: Clock) -> None:
    # Version 2026 of the doctrine applies from 15 August 2026 on, 75 days later.
    assert [day.on.isoformat() for day in node.oversight.calendar() if day.rules] == ["2026-08-15"]


def test_refusals_and_rules_are_told(node: Node, provider: Provider, clock: Clock) -> None:
    forged = provider.offering() | {"issuer": Provider(clock).did}
    with pytest.raises(Refused):
        node.publisher.publish(provider.sign(forged), address="192.0.2.1")
    node.operations.block(provider.did, "spam")
    assert [one.check for one in node.oversight.refused()] == ["issuer_binding"]
    assert node.oversight.rules() == {"block": 1}
