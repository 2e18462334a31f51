"""`catalogue log`: what an operator sees and does, directly on the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from world import Clock

from catalogue.cli import catalogue
from catalogue.federation.heads import hold
from catalogue.federation.signer import Signer
from catalogue.log import Op, append
from catalogue.node import Node
from catalogue.store.database import LogHeld

Run = Callable[..., Result]


@pytest.fixture
def node(make_node: Callable[..., Node]) -> Node:
    return make_node(database_url="")


@pytest.fixture
def run(node: Node, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `catalogue log ...` on the node's store; checks the exit code."""
    monkeypatch.setenv("CATALOGUE_DATA", str(node.settings.data))

    def call(*arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(catalogue, ["log", *arguments])
        assert done.exit_code == code, done.output
        return done

    return call


def grow(node: Node, clock: Clock) -> None:
    with node.database.write() as connection:
        append(connection, Op.LIST, "0" * 64, clock.now)


def held(node: Node, reason: str) -> None:
    with node.database.write() as connection:
        hold(connection, reason)


def test_status_says_how_the_log_stands(node: Node, clock: Clock, run: Run) -> None:
    assert "nothing yet" in run("status").output
    grow(node, clock)
    Signer(node.settings, node.database, clock).sign()
    held(node, "put back from a backup")
    output = run("status").output
    for text in (node.log.keys().origin, "1 at 2026-06-01T12:00:00Z", "put back from a backup"):
        assert text in output


def test_held_log_without_peers_is_resumed(node: Node, clock: Clock, run: Run) -> None:
    held(node, "a test")
    assert "no peers to ask" in run("resume").output
    grow(node, clock)


def test_altered_log_is_not_resumed_by_anybody(node: Node, clock: Clock, run: Run) -> None:
    grow(node, clock)
    Signer(node.settings, node.database, clock).sign()
    with node.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM intake")
    held(node, "a test")
    output = run("resume", "--without-peers", "--reason", "try", code=1).output
    assert "entry 0 of the log is missing" in output
    with pytest.raises(LogHeld, match="entry 0"):
        grow(node, clock)


def test_resuming_without_peers_needs_a_reason(run: Run) -> None:
    assert "needs a --reason" in run("resume", "--without-peers", code=2).output


def test_another_log_is_begun_after_a_question(node: Node, clock: Clock, run: Run) -> None:
    grow(node, clock)
    held(node, "a test")
    before = node.log.keys().origin
    run("renew", "--reason", "a test", code=1)
    assert node.log.keys().origin == before
    output = run("renew", "--reason", "a test", "--yes").output
    assert node.log.keys().origin in output
    assert node.log.keys().origin != before


def test_key_is_changed_once_something_is_signed(node: Node, clock: Clock, run: Run) -> None:
    assert "nothing was signed yet" in run("rotate-key", code=1).output
    Signer(node.settings, node.database, clock).sign()
    before = node.log.keys().key
    output = run("rotate-key").output
    assert f"Old key: {before}" in output
    assert f"New key: {node.log.keys().key}" in output
    assert node.log.keys().key != before
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in node.settings.data.glob("node-key*")}
    assert modes == {"node-key.json": "0o600", "node-key.previous.json": "0o600"}
    held(node, "a test")
    assert "the log is held: a test" in run("rotate-key", code=1).output


def test_erasing_on_a_held_log_is_refused_with_the_reason(node: Node, run: Run, provider: Any) -> None:
    digest = node.publisher.publish(provider.sign(provider.offering()), address=None).digest
    held(node, "a test")
    done = CliRunner().invoke(catalogue, ["erase", digest, "--reason", "x"])
    assert done.exit_code == 1
    assert "the log is held: a test" in done.output
