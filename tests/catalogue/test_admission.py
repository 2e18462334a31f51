"""Limits: who is counted, what is refused, for how long, and that all workers count together."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalogue import counters as counters_module
from catalogue.admission import Admission, address_name
from catalogue.counters import Counters, CountersUnavailable, Increment, open_counters
from catalogue.errors import LimitExceeded
from catalogue.settings import Settings


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of each kind; PostgreSQL is another process, so it is among the slow ones."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def clock() -> Clock:
    return Clock()


def admission(url: str, folder: Path, clock: Clock, **settings: Any) -> Admission:
    return Admission(Settings(data=folder, **settings), open_counters(url, folder), clock)


def refused(act: Any, *arguments: Any) -> LimitExceeded:
    with pytest.raises(LimitExceeded) as refusal:
        act(*arguments)
    return refusal.value


def test_rate_lets_through_exactly_its_number_and_starts_over(
    store_url: str, tmp_path: Path, clock: Clock
) -> None:
    limits = admission(store_url, tmp_path, clock, rate_publish="3/minute")
    for _ in range(3):
        limits.request("192.0.2.1", "publish")
    clock.move(20)
    refusal = refused(limits.request, "192.0.2.1", "publish")
    assert (refusal.scope, refusal.limit, refusal.retry_after) == ("address", "3 per 1 minute", 40)
    limits.request("192.0.2.2", "publish")
    clock.move(40)
    limits.request("192.0.2.1", "publish")
    limits.close()


def test_kinds_of_requests_are_counted_apart(store_url: str, tmp_path: Path, clock: Clock) -> None:
    limits = admission(
        store_url, tmp_path, clock, rate_publish="1/minute", rate_verify="1/minute", rate_read="1/minute"
    )
    for action in ("publish", "verify", "read"):
        limits.request("192.0.2.1", action)
        refused(limits.request, "192.0.2.1", action)
    limits.close()


def test_workers_count_together(store_url: str, tmp_path: Path, clock: Clock) -> None:
    workers = [admission(store_url, tmp_path, clock, rate_read="10/minute") for _ in range(2)]
    let_in = []

    def visit(worker: Admission) -> None:
        for _ in range(10):
            try:
                worker.request("192.0.2.1", "read")
            except LimitExceeded:
                continue
            let_in.append(1)

    threads = [threading.Thread(target=visit, args=(worker,)) for worker in workers * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_in) == 10
    for worker in workers:
        worker.close()


def test_volume_of_an_address_is_counted_in_bytes_a_day(store_url: str, tmp_path: Path, clock: Clock) -> None:
    limits = admission(store_url, tmp_path, clock, volume_address=1000)
    limits.request("192.0.2.1", "publish", 600)
    limits.request("192.0.2.1", "verify", 400)
    refusal = refused(limits.request, "192.0.2.1", "publish", 1)
    assert (refusal.limit, refusal.retry_after) == ("1000 bytes per day", 86_400)
    limits.request("192.0.2.1", "read")
    limits.close()


def test_issuer_has_a_rate_and_a_volume_of_its_own(store_url: str, tmp_path: Path, clock: Clock) -> None:
    limits = admission(store_url, tmp_path, clock, rate_issuer="2/minute", volume_issuer=1000)
    limits.publication("did:web:a.example", 10)
    limits.publication("did:web:a.example", 10)
    assert refused(limits.publication, "did:web:a.example", 10).limit == "2 per 1 minute"
    assert refused(limits.publication, "did:web:b.example", 1001).limit == "1000 bytes per day"
    limits.close()


def test_self_issued_dids_share_one_daily_ceiling(store_url: str, tmp_path: Path, clock: Clock) -> None:
    limits = admission(store_url, tmp_path, clock, self_issued_daily=2)
    limits.publication("did:key:z1", 10)
    limits.publication("did:jwk:e30", 10)
    assert refused(limits.publication, "did:key:z3", 10).limit == "2 per day"
    limits.publication("did:web:a.example", 10)
    clock.move(86_400)
    limits.publication("did:key:z3", 10)
    limits.close()


def test_ceiling_of_zero_takes_no_self_issued_did(store_url: str, tmp_path: Path, clock: Clock) -> None:
    limits = admission(store_url, tmp_path, clock, self_issued_daily=0)
    refused(limits.publication, "did:key:z1", 10)
    limits.close()


def test_fetches_are_counted_by_host_and_by_who_caused_them(
    store_url: str, tmp_path: Path, clock: Clock
) -> None:
    limits = admission(store_url, tmp_path, clock, rate_fetch_host="2/minute", rate_fetch_address="3/minute")
    limits.fetch("a.example", "192.0.2.1")
    limits.fetch("a.example", "192.0.2.2")
    assert refused(limits.fetch, "a.example", "192.0.2.3").scope == "fetched host"
    limits.fetch("b.example", "192.0.2.1")
    limits.fetch("c.example", "192.0.2.1")
    assert refused(limits.fetch, "d.example", "192.0.2.1").scope == "address"
    limits.close()


def test_what_lasts_longest_is_told(tmp_path: Path, clock: Clock) -> None:
    limits = admission("sqlite://", tmp_path, clock, rate_publish="1/minute", volume_address=10)
    refusal = refused(limits.request, "192.0.2.1", "publish", 11)
    assert refusal.retry_after == 86_400
    assert refused(limits.request, "192.0.2.1", "publish", 1).retry_after == 86_400
    limits.close()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        (None, "local"),
        ("", "local"),
        ("unix:", "unix:"),
        ("x" * 500, "x" * 64),
    ],
)
def test_client_is_counted_by_what_it_can_not_change_at_will(address: str | None, name: str) -> None:
    assert address_name(address) == name


def test_expired_counters_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters_module, "SWEEP_EVERY", 10)
    counters = open_counters("sqlite://", tmp_path)
    for number in range(9):
        counters.add([Increment(f"name {number}", 1, 60)], now=1000.0)
    assert counters.size() == 9
    counters.add([Increment("last", 1, 60)], now=2000.0)
    assert counters.size() == 1
    counters.close()


def test_counters_survive_a_restart(tmp_path: Path) -> None:
    for expected in (1, 2):
        counters = open_counters("sqlite://", tmp_path)
        (count,) = counters.add([Increment("name", 1, 60)], now=1000.0)
        assert count.used == expected
        counters.close()


def test_lost_table_is_an_outage_and_not_a_free_pass(tmp_path: Path) -> None:
    import sqlite3

    counters: Counters = open_counters("sqlite://", tmp_path)
    with sqlite3.connect(tmp_path / "limits.sqlite") as connection:
        connection.execute("DROP TABLE limit_counters")
    connection.close()
    with pytest.raises(CountersUnavailable):
        counters.add([Increment("name", 1, 60)], now=1000.0)
    counters.close()


def test_processes_with_shares_never_let_more_through_than_the_limit(
    store_url: str, tmp_path: Path, clock: Clock
) -> None:
    workers = [admission(store_url, tmp_path, clock, rate_publish="1000/minute") for _ in range(3)]
    passed = 0
    for number in range(1_500):
        try:
            workers[number % 3].request("192.0.2.1", "publish")
        except LimitExceeded:
            continue
        passed += 1
    # What the workers hold unused when the limit is reached is lost, a share of 5 each at most.
    assert 985 <= passed <= 1000
    clock.move(61)
    workers[0].request("192.0.2.1", "publish")
    for worker in workers:
        worker.close()


def test_use_larger_than_a_share_is_counted_whole(store_url: str, tmp_path: Path, clock: Clock) -> None:
    limits = admission(store_url, tmp_path, clock, volume_address=10_000)
    limits.request("192.0.2.1", "publish", 40)
    limits.request("192.0.2.1", "publish", 9_900)
    assert refused(limits.request, "192.0.2.1", "publish", 200).scope == "address"
    limits.close()
