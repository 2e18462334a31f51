"""What becomes of a peer's entries here, one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from small_federation import ListSite, Member, NodeSite, Web
from sqlalchemy import select
from world import START, Clock, Provider

from catalogue.errors import ContentWithdrawn, Gone
from catalogue.federation.entering import FIRST_WAIT, LONGEST_WAIT, MAX_TRIES, wait_after
from catalogue.federation.judging import Judge
from catalogue.federation.reconsidering import ERASED_HERE
from catalogue.ledger import LISTED_BY, lines_of_digest, unpack_report
from catalogue.lifecycle import State
from catalogue.listers import HERE, listers_of
from catalogue.log import Op, entries, events_after
from catalogue.store.tables import blobs, received, withdrawals
from catalogue.verifying import open_verification
from credentials.identity import digest_of
from credentials.signing import PrivateKey

ADDRESS = "192.0.2.1"


def content_of(member: Member, digest: str) -> str:
    with member.node.database.read() as connection:
        return lines_of_digest(connection, digest)[0].content_id


def listed_by(member: Member, content: str) -> tuple[str, ...]:
    with member.node.database.read() as connection:
        return listers_of(connection, [content]).get(content, ())


def intake_of(member: Member) -> list[tuple[str, str, bool]]:
    """Op, digest and whether it is in the node's own log."""
    with member.node.database.read() as connection:
        return [
            (entry.op.value, entry.digest, entry.leaf is not None) for entry in entries(connection, 0, 1000)
        ]


def told(member: Member, kind: str) -> list[str | None]:
    with member.node.database.read() as connection:
        return [event.value for event in events_after(connection, 0, 1000) if event.kind == kind]


def states_here(member: Member) -> dict[str, State]:
    return {item.digest: item.state for item in member.node.records.statements(size=100).items}


def test_what_a_peer_lists_is_verified_and_listed_here_under_its_name(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    data = provider.sign(provider.offering())
    digest = site.add(data)
    member.sync(site)
    assert member.states(site) == ["accepted"]
    assert member.node.records.self_description(digest).data == data
    assert member.node.records.report(digest).issuer == provider.did
    assert listed_by(member, content_of(member, digest)) == ("there.example",)
    # A node logs only what was submitted to it.
    assert intake_of(member) == [("list", digest, False)]


def test_what_doesn_t_verify_is_refused_with_its_report_and_holds_up_nothing(
    member: Member, site: ListSite, provider: Provider, clock: Clock
) -> None:
    member.add(site)
    other = Provider(clock)
    forged = site.add(provider.sign(provider.offering() | {"issuer": other.did}))
    site.add(b"no self-description at all")
    site.add(b"{" * 500)
    good = site.add(provider.sign(provider.offering()))
    member.sync(site)
    assert member.states(site) == ["refused", "refused", "refused", "accepted"]
    rows = member.rows(site)
    assert "issuer_binding" in rows[0].detail
    assert "issuer_binding" in [check.name for check in unpack_report(rows[0].report).failed()]
    assert states_here(member) == {good: State.LISTED}
    with member.node.database.read() as connection:
        assert connection.execute(select(blobs.c.digest).where(blobs.c.digest == forged)).first() is None


def test_rate_limits_of_issuers_don_t_bind_what_is_copied(
    make_member: Callable[..., tuple[Member, NodeSite]], site: ListSite, provider: Provider
) -> None:
    member, _ = make_member("here", rate_issuer="1/minute", self_issued_daily=1)
    member.add(site)
    for number in range(3):
        site.add(provider.sign(provider.offering(subject=f"https://p.example/o/{number}")))
    member.sync(site)
    assert member.states(site) == ["accepted"] * 3


def test_a_blocked_issuer_is_refused_and_taken_once_the_operator_forgets_the_rule(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    member.node.operations.block(provider.did, "impersonation")
    digest = site.add(provider.sign(provider.offering()))
    member.sync(site)
    assert member.states(site) == ["refused"]
    assert "impersonation" in member.rows(site)[0].detail
    member.node.operations.forget(provider.did)
    member.sync(site)
    assert member.states(site) == ["accepted"]
    assert states_here(member) == {digest: State.LISTED}


def test_an_allowlist_binds_peers_too(
    make_member: Callable[..., tuple[Member, NodeSite]], site: ListSite, provider: Provider
) -> None:
    member, _ = make_member("here", admission="allowlist")
    member.add(site)
    site.add(provider.sign(provider.offering()))
    member.sync(site)
    assert member.states(site) == ["refused"]
    member.node.operations.allow(provider.did)
    member.sync(site)
    assert member.states(site) == ["accepted"]


def test_the_same_content_from_several_origins_is_one_record_with_their_names(
    member: Member, site: ListSite, web: Web, provider: Provider, clock: Clock
) -> None:
    other = ListSite("https://elsewhere.example", PrivateKey.from_ed25519_seed(bytes(32)), clock.now)
    web.add(other)
    member.add(site)
    member.add(other)
    data = provider.sign(provider.offering(), "ed25519-2020")
    digest = member.node.publisher.publish(data, address=ADDRESS).digest
    site.add(data)
    again = other.add(json.dumps(json.loads(data), indent=2).encode())
    member.sync(site)
    member.sync(other)
    content = content_of(member, digest)
    assert listed_by(member, content) == (HERE, "elsewhere.example", "there.example")
    assert told(member, LISTED_BY) == ["there.example", "elsewhere.example"]
    assert member.node.records.statements(size=100).total == 1
    # The same bytes are entered once; other bytes are kept too, since they may be all that is left one day.
    assert intake_of(member) == [("list", digest, True), ("list", again, False)]
    assert [path for path in site.asked if path == "blobs"] == []


def test_superseding_follows_signed_times_whatever_arrives_first(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    old = provider.sign(provider.offering("old", valid_from=START - timedelta(days=2)))
    new = provider.sign(provider.offering("new", valid_from=START - timedelta(days=1)))
    first = site.add(new)
    member.sync(site)
    second = site.add(old)
    member.sync(site)
    assert states_here(member) == {first: State.LISTED, second: State.SUPERSEDED}


@pytest.mark.parametrize("order", ["list first", "withdrawal first"])
def test_a_signed_withdrawal_applies_in_any_order_and_however_old_it_is(
    member: Member, site: ListSite, provider: Provider, clock: Clock, order: str
) -> None:
    member.add(site)
    data = provider.sign(provider.offering())
    content = digest_of(data.rpartition(b".")[0])
    token = provider.withdrawal(content, "end of life")
    clock.advance(days=3)
    digest, withdrawal = digest_of(data), digest_of(token)
    if order == "list first":
        site.add(data)
        member.sync(site)
        site.add(token, Op.WITHDRAW)
    else:
        site.add(token, Op.WITHDRAW)
        member.sync(site)
        site.add(data)
    member.sync(site)
    assert member.states(site) == ["accepted", "accepted"]
    assert states_here(member) == {digest: State.WITHDRAWN}
    assert member.node.records.withdrawal(withdrawal).data == token
    with pytest.raises(Gone) as gone:
        member.node.records.self_description(digest)
    assert gone.value.reason == "withdrawn"
    with pytest.raises(ContentWithdrawn):
        member.node.publisher.publish(data, address=ADDRESS)


def test_a_withdrawal_by_somebody_else_touches_nothing(
    member: Member, site: ListSite, provider: Provider, clock: Clock
) -> None:
    member.add(site)
    data = provider.sign(provider.offering())
    content = digest_of(data.rpartition(b".")[0])
    site.add(Provider(clock).withdrawal(content), Op.WITHDRAW)
    digest = site.add(data)
    member.sync(site)
    assert states_here(member) == {digest: State.LISTED}


def test_of_several_withdrawals_the_first_by_signed_time_counts_on_every_node(
    make_member: Callable[..., tuple[Member, NodeSite]], site: ListSite, provider: Provider, clock: Clock
) -> None:
    data = provider.sign(provider.offering())
    content = digest_of(data.rpartition(b".")[0])
    early = provider.withdrawal(content, "early")
    clock.advance(hours=1)
    late = provider.withdrawal(content, "late")
    site.add(data)
    counted = set()
    for name, tokens in (("one", (early, late)), ("two", (late, early))):
        member, _ = make_member(name)
        member.add(site)
        site.log = site.log[:1]
        for token in tokens:
            site.add(token, Op.WITHDRAW)
        member.sync(site)
        with member.node.database.read() as connection:
            counted.add(connection.execute(select(withdrawals.c.reason)).scalar_one())
    assert counted == {"early"}


def test_an_erasure_drops_what_only_that_node_listed(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    digest = site.add(provider.sign(provider.offering()))
    member.sync(site)
    site.erase(digest)
    member.sync(site)
    assert member.states(site) == ["erased", "accepted"]
    assert states_here(member) == {}
    assert told(member, "erased") == [None]
    with pytest.raises(Gone) as gone:
        member.node.records.self_description(digest)
    assert gone.value.reason == "erased"
    # Erased there, not by this node's operator: whoever publishes it here may.
    assert intake_of(member)[-1] == ("erase", digest, False)


def test_an_erasure_leaves_what_others_list_under_their_names(
    member: Member, site: ListSite, web: Web, provider: Provider, clock: Clock
) -> None:
    other = ListSite("https://elsewhere.example", PrivateKey.from_ed25519_seed(bytes(32)), clock.now)
    web.add(other)
    member.add(site)
    member.add(other)
    data = provider.sign(provider.offering())
    digest = site.add(data)
    other.add(data)
    member.sync(site)
    member.sync(other)
    content = content_of(member, digest)
    site.erase(digest)
    member.sync(site)
    assert listed_by(member, content) == ("elsewhere.example",)
    assert states_here(member) == {digest: State.LISTED}
    assert told(member, LISTED_BY) == ["elsewhere.example", "there.example"]
    other.erase(digest)
    member.sync(other)
    assert states_here(member) == {}


def test_an_erasure_holds_although_the_listing_was_not_decided_yet(
    member: Member, site: ListSite, provider: Provider, clock: Clock
) -> None:
    member.add(site)
    digest = site.add(provider.sign(provider.offering()))
    data = site.held.pop(digest)
    member.sync(site)
    assert member.states(site) == ["deferred"]
    site.erase(digest)
    member.sync(site)
    assert member.states(site) == ["erased", "accepted"]
    # Whatever comes to light later.
    site.held[digest] = data
    clock.advance(days=1)
    member.sync(site)
    assert states_here(member) == {}


def test_list_and_erasure_in_one_batch_leave_nothing_and_fetch_nothing(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    digest = site.add(provider.sign(provider.offering()))
    site.erase(digest)
    member.sync(site)
    assert member.states(site) == ["erased", "accepted"]
    assert "blobs" not in site.asked
    assert states_here(member) == {}


def test_what_the_operator_here_has_erased_is_not_taken_again_from_anybody(
    member: Member, site: ListSite, web: Web, provider: Provider, clock: Clock
) -> None:
    other = ListSite("https://elsewhere.example", PrivateKey.from_ed25519_seed(bytes(32)), clock.now)
    web.add(other)
    member.add(site)
    member.add(other)
    data = provider.sign(provider.offering())
    digest = site.add(data)
    member.sync(site)
    member.node.operations.erase(digest, "asked for")
    other.add(data)
    member.sync(other)
    for one in (site, other):
        (row,) = member.rows(one)
        assert (row.state, row.detail) == ("refused", ERASED_HERE)
    assert states_here(member) == {}


def test_bytes_erased_at_their_lister_are_gone_for_good(
    member: Member, site: ListSite, provider: Provider, clock: Clock
) -> None:
    member.add(site)
    digest = site.add(provider.sign(provider.offering()))
    data = site.held.pop(digest)
    site.erased.add(digest)
    member.sync(site)
    assert member.states(site) == ["gone"]
    site.held[digest] = data
    clock.advance(days=1)
    member.sync(site)
    assert member.states(site) == ["gone"]


def test_bytes_come_from_another_peer_when_their_lister_doesn_t_have_them(
    member: Member, site: ListSite, web: Web, provider: Provider, clock: Clock
) -> None:
    other = ListSite("https://elsewhere.example", PrivateKey.from_ed25519_seed(bytes(32)), clock.now)
    web.add(other)
    member.add(site)
    member.add(other)
    digest = site.add(provider.sign(provider.offering()))
    other.held[digest] = site.held.pop(digest)
    member.sync(site)
    assert member.states(site) == ["accepted"]
    assert listed_by(member, content_of(member, digest)) == ("there.example",)


def test_a_lister_out_of_reach_costs_its_entries_no_try(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    site.add(provider.sign(provider.offering()))
    member.poll(site)
    site.away = True
    step = member.decide(site)
    assert (step.done, step.more, step.unreachable) == (0, False, "/blobs: no connection")
    (row,) = member.rows(site)
    assert (row.state, row.tries) == ("pending", 0)
    site.away = False
    member.sync(site)
    assert member.states(site) == ["accepted"]


def test_wrong_bytes_are_never_taken_and_are_a_fault(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    digest = site.add(provider.sign(provider.offering()))
    site.held[digest] = provider.sign(provider.offering("another"))
    member.poll(site)
    step = member.decide(site)
    assert step.fault is not None
    assert digest in step.fault
    assert member.states(site) == ["deferred"]
    assert states_here(member) == {}


def test_bytes_that_don_t_fit_into_one_answer_are_asked_for_again(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    site.room = 2
    for number in range(5):
        site.add(provider.sign(provider.offering(subject=f"https://p.example/o/{number}")))
    member.sync(site)
    assert member.states(site) == ["accepted"] * 5
    assert site.asked.count("blobs") == 3


def test_an_answer_with_nothing_in_it_holds_up_nothing_for_ever(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    site.room = 0
    for number in range(3):
        site.add(provider.sign(provider.offering(subject=f"https://p.example/o/{number}")))
    member.sync(site)
    assert member.states(site) == ["deferred"] * 3


def test_bytes_larger_than_is_read_are_refused_and_the_others_taken(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    good = [
        site.add(provider.sign(provider.offering(subject=f"https://p.example/o/{number}")))
        for number in range(4)
    ]
    site.add(b"x" * 13_000_000)
    good.append(site.add(provider.sign(provider.offering(subject="https://p.example/o/9"))))
    member.sync(site)
    assert member.states(site) == [*["accepted"] * 4, "refused", "accepted"]
    assert "larger than" in member.rows(site)[4].detail
    assert sorted(states_here(member)) == sorted(good)


def test_an_entry_is_tried_again_and_refused_in_the_end(
    member: Member, site: ListSite, provider: Provider, clock: Clock
) -> None:
    member.add(site)
    digest = site.add(provider.sign(provider.offering()))
    del site.held[digest]
    good = site.add(provider.sign(provider.offering(subject="https://p.example/o/2")))
    member.sync(site)
    assert member.states(site) == ["deferred", "accepted"]
    waited = timedelta(0)
    for tries in range(1, MAX_TRIES):
        (row, _) = member.rows(site)
        assert (row.state, row.tries) == ("deferred", tries)
        assert member.decide(site).done == 0, "it isn't due yet"
        wait = wait_after(tries)
        clock.advance(seconds=wait.total_seconds())
        waited += wait
        member.decide(site)
    (row, _) = member.rows(site)
    assert row.state == "refused"
    assert row.detail.endswith("there.example doesn't have the bytes that it lists")
    assert timedelta(days=6) < waited < timedelta(days=8)
    assert states_here(member) == {good: State.LISTED}


def test_waits_double_up_to_a_bound() -> None:
    waits = [wait_after(tries) for tries in range(1, MAX_TRIES)]
    assert waits[0] == FIRST_WAIT
    assert waits[1] == 2 * FIRST_WAIT
    assert max(waits) == waits[-1] == LONGEST_WAIT


def test_a_did_document_out_of_reach_defers_and_its_return_accepts(
    make_member: Callable[..., tuple[Member, NodeSite]], site: ListSite, clock: Clock, did_folder: Path
) -> None:
    member, _ = make_member("here", did_documents="")
    member.add(site)
    web_provider = Provider(clock, host="nuee.invalid", folder=did_folder)
    digest = site.add(web_provider.sign(web_provider.offering()))
    member.sync(site)
    (row,) = member.rows(site)
    assert (row.state, row.tries) == ("deferred", 1)
    assert row.detail.startswith("key: ")
    clock.advance(minutes=2)
    settings = make_member("with-documents")[0].node.settings
    verification = open_verification(settings, member.node.database, member.node.admission, clock)
    member.inbox._judges = Judge(settings, verification, clock)
    member.sync(site)
    assert member.states(site) == ["accepted"]
    assert states_here(member) == {digest: State.LISTED}


def test_a_polled_peer_s_key_entry_needs_nothing(member: Member, site: ListSite) -> None:
    member.add(site)
    site.add(b"statement", Op.KEY)
    member.sync(site)
    assert member.states(site) == ["accepted"]
    assert "blobs" not in site.asked
    assert intake_of(member) == []


def test_received_rows_name_their_peer_only_and_no_statement(member: Member, site: ListSite) -> None:
    assert "issuer" not in received.c
    assert "subject" not in received.c
