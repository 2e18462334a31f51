"""What is taken in, what becomes of it, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from world import START, Clock, Provider

from catalogue.errors import (
    ContentErased,
    ContentWithdrawn,
    Gone,
    IssuerBlocked,
    IssuerNotAllowed,
    NotFound,
    NotTheIssuer,
    TooLarge,
    UnknownContent,
)
from catalogue.lifecycle import State
from catalogue.log import Op, entries
from catalogue.node import Node
from catalogue.store.database import LogHeld
from catalogue.store.tables import heads
from credentials.errors import Rejection
from credentials.identity import digest_of, record_id
from credentials.parsing import Unrecognised
from credentials.verification import Refused

ADDRESS = "192.0.2.1"


def log_of(node: Node) -> list[tuple[Op, str]]:
    with node.database.read() as connection:
        return [(entry.op, entry.digest) for entry in entries(connection, 0, 1000)]


@pytest.mark.parametrize("form", ["vc-jwt", "ed25519-2020"])
def test_published_bytes_come_back_exactly(node: Node, provider: Provider, form: str) -> None:
    data = provider.sign(provider.offering(), form)
    publication = node.publisher.publish(data, address=ADDRESS)
    assert publication.created
    assert publication.digest == digest_of(data)
    assert node.records.self_description(publication.digest).data == data
    assert node.records.report(publication.digest) == publication.report
    (line,) = publication.records
    assert line.id == record_id(provider.did, "https://p.example/o/1")
    assert (line.issuer, line.subject, line.state) == (provider.did, "https://p.example/o/1", State.LISTED)
    assert log_of(node) == [(Op.LIST, publication.digest)]


def test_same_content_in_other_bytes_is_no_second_entry(node: Node, provider: Provider) -> None:
    data = provider.sign(provider.offering(), "ed25519-2020")
    first = node.publisher.publish(data, address=ADDRESS)
    again = node.publisher.publish(json.dumps(json.loads(data), indent=3).encode(), address=ADDRESS)
    assert not again.created
    assert again.digest == first.digest
    assert again.records == first.records
    assert len(log_of(node)) == 1


def test_a_held_log_takes_nothing_and_loses_nothing(node: Node, provider: Provider) -> None:
    data = provider.sign(provider.offering())
    with node.database.write() as connection:
        connection.execute(update(heads).values(held="put back from a backup"))
    with pytest.raises(LogHeld) as caught:
        node.publisher.publish(data, address=ADDRESS)
    assert caught.value.reason == "put back from a backup"
    assert log_of(node) == []
    with node.database.write() as connection:
        connection.execute(update(heads).values(held=None))
    assert node.publisher.publish(data, address=ADDRESS).created
    with node.database.read() as connection:
        assert [(entry.position, entry.leaf) for entry in entries(connection, 0, 10)] == [(0, 0)]


def test_refused_submission_leaves_nothing_but_a_line_for_its_claimed_issuer(
    node: Node, provider: Provider, clock: Clock
) -> None:
    other = Provider(clock)
    forged = provider.offering() | {"issuer": other.did}
    with pytest.raises(Refused) as caught:
        node.publisher.publish(provider.sign(forged), address=ADDRESS)
    assert "issuer_binding" in [check.name for check in caught.value.report.failed()]
    assert log_of(node) == []
    standing = node.records.standing(other.did)
    assert standing.statements == {}
    assert [refusal.check for refusal in standing.refusals] == ["issuer_binding"]
    assert node.records.standing(provider.did).refusals == ()


def test_newer_signed_statement_supersedes_in_any_order_of_arrival(node: Node, provider: Provider) -> None:
    old = provider.sign(provider.offering("old", valid_from=START - timedelta(days=2)))
    new = provider.sign(provider.offering("new", valid_from=START - timedelta(days=1)))
    first = node.publisher.publish(new, address=ADDRESS)
    second = node.publisher.publish(old, address=ADDRESS)
    assert [line.state for line in second.records] == [State.SUPERSEDED]
    assert len({line.id for line in (*first.records, *second.records)}) == 1
    states = {item.digest: item.state for item in node.records.statements(issuer=provider.did).items}
    assert states == {first.digest: State.LISTED, second.digest: State.SUPERSEDED}
    assert node.records.self_description(second.digest).data == old


def test_statements_of_different_issuers_are_never_merged(
    node: Node, provider: Provider, clock: Clock
) -> None:
    intruder = Provider(clock)
    mine = node.publisher.publish(provider.sign(provider.offering("mine")), address=ADDRESS)
    clock.advance(seconds=1)
    theirs = node.publisher.publish(intruder.sign(intruder.offering("theirs")), address=ADDRESS)
    assert mine.records[0].id != theirs.records[0].id
    assert node.records.statements(subject="https://p.example/o/1", state="listed").total == 2


def test_withdrawn_content_is_gone_and_never_lists_again(node: Node, provider: Provider) -> None:
    data = provider.sign(provider.offering(), "ed25519-2020")
    publication = node.publisher.publish(data, address=ADDRESS)
    token = provider.withdrawal(publication.records[0].content_id, "end of life")
    receipt = node.publisher.withdraw(token, address=ADDRESS)
    assert receipt.created
    assert [line.state for line in receipt.records] == [State.WITHDRAWN]
    assert log_of(node)[-1] == (Op.WITHDRAW, receipt.digest)
    assert node.records.withdrawal(receipt.digest).data == token
    with pytest.raises(Gone) as gone:
        node.records.self_description(publication.digest)
    assert gone.value.reason == "withdrawn"
    for form in (data, json.dumps(json.loads(data), indent=1).encode()):
        with pytest.raises(ContentWithdrawn):
            node.publisher.publish(form, address=ADDRESS)


def test_second_withdrawal_changes_nothing(node: Node, provider: Provider, clock: Clock) -> None:
    publication = node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)
    content_id = publication.records[0].content_id
    first = node.publisher.withdraw(provider.withdrawal(content_id), address=ADDRESS)
    clock.advance(seconds=5)
    second = node.publisher.withdraw(provider.withdrawal(content_id), address=ADDRESS)
    assert not second.created
    assert (second.digest, second.withdrawn_at) == (first.digest, first.withdrawn_at)
    assert len(log_of(node)) == 2


def test_only_the_issuer_withdraws(node: Node, provider: Provider, clock: Clock) -> None:
    publication = node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)
    content_id = publication.records[0].content_id
    with pytest.raises(NotTheIssuer):
        node.publisher.withdraw(Provider(clock).withdrawal(content_id), address=ADDRESS)
    with pytest.raises(UnknownContent):
        node.publisher.withdraw(provider.withdrawal("0" * 64), address=ADDRESS)
    late = provider.withdrawal(content_id)
    clock.advance(seconds=301)
    with pytest.raises(Rejection) as caught:
        node.publisher.withdraw(late, address=ADDRESS)
    assert caught.value.check == "validity"
    assert node.records.self_description(publication.digest)


def test_withdrawing_the_newest_keeps_older_ones_superseded(
    node: Node, provider: Provider, clock: Clock
) -> None:
    old = node.publisher.publish(provider.sign(provider.offering("old")), address=ADDRESS)
    clock.advance(seconds=1)
    new = node.publisher.publish(provider.sign(provider.offering("new")), address=ADDRESS)
    node.publisher.withdraw(provider.withdrawal(new.records[0].content_id), address=ADDRESS)
    states = {item.digest: item.state for item in node.records.statements(issuer=provider.did).items}
    assert states == {old.digest: State.SUPERSEDED, new.digest: State.WITHDRAWN}


@pytest.mark.parametrize("form", ["vp-jwt", "ed25519-2020"])
def test_presentation_is_listed_whole_and_its_credentials_become_records(
    node: Node, provider: Provider, form: str
) -> None:
    inner_form = "vc-jwt" if form == "vp-jwt" else "ed25519-2020"
    parts = [
        provider.sign(provider.offering("one", subject="https://p.example/o/1"), inner_form),
        provider.sign(provider.offering("two", subject="https://p.example/o/2"), inner_form),
    ]
    publication = node.publisher.publish(provider.present(*parts, form=form), address=ADDRESS)
    assert [(line.index, line.subject) for line in publication.records] == [
        (0, "https://p.example/o/1"),
        (1, "https://p.example/o/2"),
    ]
    assert len(publication.report.credentials) == 2
    alone = node.publisher.publish(parts[1], address=ADDRESS)
    assert not alone.created
    assert alone.digest == publication.digest


def test_presentation_with_one_bad_credential_is_refused_whole(
    node: Node, provider: Provider, clock: Clock
) -> None:
    good = provider.sign(provider.offering("good"))
    bad = provider.sign(
        provider.offering("bad", subject="https://p.example/o/2") | {"issuer": "did:web:x.example"}
    )
    with pytest.raises(Refused):
        node.publisher.publish(provider.present(good, bad), address=ADDRESS)
    assert node.records.is_empty()


def test_presentation_bytes_stay_until_all_their_statements_are_withdrawn(
    node: Node, provider: Provider
) -> None:
    parts = [provider.sign(provider.offering(name, subject=f"https://p.example/o/{name}")) for name in "ab"]
    publication = node.publisher.publish(provider.present(*parts), address=ADDRESS)
    first, second = (line.content_id for line in publication.records)
    node.publisher.withdraw(provider.withdrawal(first), address=ADDRESS)
    assert node.records.self_description(publication.digest)
    with pytest.raises(ContentWithdrawn):
        node.publisher.publish(provider.present(parts[0]), address=ADDRESS)
    node.publisher.withdraw(provider.withdrawal(second), address=ADDRESS)
    with pytest.raises(Gone):
        node.records.self_description(publication.digest)


def test_erased_bytes_are_gone_and_not_taken_again(node: Node, provider: Provider) -> None:
    data = provider.sign(provider.offering())
    publication = node.publisher.publish(data, address=ADDRESS)
    node.operations.erase(publication.digest, "asked by the person named")
    for read in (node.records.self_description, node.records.report):
        with pytest.raises(Gone) as gone:
            read(publication.digest)
        assert gone.value.reason == "erased"
    assert node.records.statements(issuer=provider.did).total == 0
    with pytest.raises(ContentErased):
        node.publisher.publish(data, address=ADDRESS)
    with pytest.raises(Gone):
        node.operations.erase(publication.digest, "again")
    with pytest.raises(NotFound):
        node.operations.erase("0" * 64, "never here")


def test_erased_text_is_nowhere_in_the_data_folder(node: Node, provider: Provider, store: str) -> None:
    if store:
        pytest.skip("PostgreSQL frees what was deleted with its next vacuum, see docs/privacy.md")
    secret = "Zyzzyvanova"
    data = provider.sign(provider.offering(secret), "ed25519-2020")
    publication = node.publisher.publish(data, address=ADDRESS)
    node.operations.erase(publication.digest, "asked for")
    node.close()
    store = node.settings.data / "catalogue.sqlite"
    assert secret.encode() not in store.read_bytes()
    assert not Path(f"{store}-wal").exists()


def test_statement_that_another_blob_carries_survives_erasure_of_the_first(
    node: Node, provider: Provider, clock: Clock
) -> None:
    one = provider.sign(provider.offering("one"))
    two = provider.sign(provider.offering("two", subject="https://p.example/o/2"))
    alone = node.publisher.publish(one, address=ADDRESS)
    clock.advance(seconds=1)
    both = node.publisher.publish(provider.present(one, two), address=ADDRESS)
    node.operations.erase(alone.digest, "the wrong wrapping")
    items = {item.subject: (item.digest, item.state) for item in node.records.statements().items}
    assert items == {
        "https://p.example/o/1": (both.digest, State.LISTED),
        "https://p.example/o/2": (both.digest, State.LISTED),
    }


def test_allow_list_admits_only_whom_the_operator_allowed(
    make_node: Callable[..., Node], provider: Provider
) -> None:
    node = make_node(admission="allowlist")
    data = provider.sign(provider.offering())
    with pytest.raises(IssuerNotAllowed):
        node.publisher.publish(data, address=ADDRESS)
    node.operations.allow(provider.did, "member of the federation")
    assert node.publisher.publish(data, address=ADDRESS).created


def test_blocked_issuer_is_refused_hidden_and_comes_back_when_unblocked(
    node: Node, provider: Provider
) -> None:
    publication = node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)
    node.operations.block(provider.did, "impersonation")
    with pytest.raises(IssuerBlocked):
        node.publisher.publish(provider.sign(provider.offering("another")), address=ADDRESS)
    assert node.records.statements(issuer=provider.did).items[0].state is State.BLOCKED
    standing = node.records.standing(provider.did)
    assert (standing.rule, standing.rule_reason) == ("block", "impersonation")
    node.operations.forget(provider.did)
    assert node.records.statements(issuer=provider.did).items[0].state is State.LISTED
    assert node.records.self_description(publication.digest)


def test_expiry_is_seen_at_once_and_told_once(node: Node, provider: Provider, clock: Clock) -> None:
    until = START + timedelta(hours=1)
    node.publisher.publish(provider.sign(provider.offering(valid_until=until)), address=ADDRESS)
    assert node.operations.catch_up() == 0
    clock.advance(hours=1)
    assert node.records.statements(state="expired").total == 1
    assert node.records.statements(state="listed").total == 0
    assert node.operations.catch_up() == 1
    assert node.operations.catch_up() == 0
    assert node.records.statements(state="expired").items[0].state is State.EXPIRED


def test_dry_run_keeps_nothing(node: Node, provider: Provider) -> None:
    report = node.publisher.check(provider.sign(provider.offering()), address=ADDRESS)
    assert report.verdict == "accepted"
    refused = node.publisher.check(
        provider.sign(provider.offering() | {"issuer": "did:web:x.example"}), address=ADDRESS
    )
    assert refused.verdict == "refused"
    assert node.records.is_empty()
    assert node.records.standing("did:web:x.example").refusals == ()


def test_input_that_is_neither_json_nor_jws_or_too_large_is_told_apart(
    make_node: Callable[..., Node],
) -> None:
    node = make_node(max_bytes=5_000)
    with pytest.raises(Unrecognised):
        node.publisher.publish(b"<html></html>", address=ADDRESS)
    with pytest.raises(TooLarge):
        node.publisher.publish(b"{" * 5_001, address=ADDRESS)


def test_walk_through_statements_meets_each_once(node: Node, provider: Provider) -> None:
    for number in range(7):
        node.publisher.publish(
            provider.sign(provider.offering(subject=f"https://p.example/o/{number}")), address=ADDRESS
        )
    seen: list[str] = []
    cursor = None
    while True:
        page = node.records.statements(size=3, cursor=cursor)
        assert page.total == 7
        seen += [item.subject for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [f"https://p.example/o/{number}" for number in range(7)]
