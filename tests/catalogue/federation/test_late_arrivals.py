"""What was over before it was copied: it keeps its place here as it does where it was listed in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from https_servers import Authority, Web
from small_federation import ListSite, Member, NodeSite
from web_provider import HOST, WebProvider
from world import START, Clock, Provider

from catalogue.replay import rebuild
from credentials.verification import Refused


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    served = Web(Authority(tmp_path_factory.mktemp("authority")), HOST)
    yield served
    served.close()


@pytest.fixture
def member(make_member: Callable[..., tuple[Member, NodeSite]], tls: Web, site: ListSite) -> Member:
    made, _ = make_member(
        "here",
        fetch_allow_hosts=frozenset({f"{HOST}:{tls.port}"}),
        fetch_ca_file=str(tls.authority.file),
    )
    made.add(site)
    return made


def two_versions(provider: Provider, **of_the_newer: Any) -> tuple[bytes, bytes]:
    older = provider.offering("Older", valid_from=START - timedelta(days=2))
    newer = provider.offering("Newer", valid_from=START - timedelta(days=1), **of_the_newer)
    return provider.sign(older), provider.sign(newer)


def states(member: Member) -> list[str]:
    """Of the older statement and of the newer one."""
    found = member.node.records.statements(size=100).items
    return [item.state.value for item in sorted(found, key=lambda item: item.valid_from)]


def test_what_was_revoked_before_it_was_copied_doesn_t_bring_an_older_statement_back(
    member: Member, site: ListSite, tls: Web, clock: Clock
) -> None:
    provider = WebProvider(clock, tls)
    provider.serve_list(7)
    for data in two_versions(provider, credentialStatus=provider.status(7)):
        site.add(data)
    member.sync(site)
    assert member.states(site) == ["accepted", "accepted"]
    assert states(member) == ["superseded", "revoked"]
    rebuild(member.node.database, clock, max_bytes=1_000_000)
    assert states(member) == ["superseded", "revoked"]


def test_what_had_expired_before_it_was_copied_doesn_t_either(
    member: Member, site: ListSite, clock: Clock, provider: Provider
) -> None:
    for data in two_versions(provider, valid_until=START + timedelta(hours=1)):
        site.add(data)
    clock.advance(hours=2)
    member.sync(site)
    assert states(member) == ["superseded", "expired"]
    rebuild(member.node.database, clock, max_bytes=1_000_000)
    assert states(member) == ["superseded", "expired"]


def test_a_presentation_of_which_one_statement_is_revoked_brings_the_others(
    member: Member, site: ListSite, tls: Web, clock: Clock
) -> None:
    provider = WebProvider(clock, tls)
    provider.serve_list(7)
    fine = provider.offering("Fine", subject="https://p.example/o/1", valid_from=START - timedelta(days=2))
    revoked = provider.offering(
        "Revoked", subject="https://p.example/o/2", credentialStatus=provider.status(7)
    )
    site.add(provider.present(provider.sign(fine), provider.sign(revoked)))
    member.sync(site)
    assert states(member) == ["listed", "revoked"]


def test_what_expires_is_over_but_what_is_still_to_come_is_refused(
    member: Member, site: ListSite, provider: Provider, clock: Clock
) -> None:
    site.add(provider.sign(provider.offering("Tomorrow", valid_from=clock.now + timedelta(days=1))))
    member.sync(site)
    assert member.states(site) == ["refused"]


def test_a_forged_signature_is_refused_however_long_it_has_been_over(
    member: Member, site: ListSite, provider: Provider, clock: Clock
) -> None:
    _, newer = two_versions(provider, valid_until=START + timedelta(hours=1))
    head, _, signature = newer.rpartition(b".")
    site.add(head + b"." + signature[::-1])
    clock.advance(hours=2)
    member.sync(site)
    assert member.states(site) == ["refused"]
    assert states(member) == []


def test_who_submits_it_here_himself_is_refused_as_ever(
    member: Member, clock: Clock, provider: Provider, tls: Web
) -> None:
    revoked = WebProvider(clock, tls)
    revoked.serve_list(7)
    _, withdrawn = two_versions(revoked, credentialStatus=revoked.status(7))
    _, expired = two_versions(provider, valid_until=START - timedelta(hours=1))
    for data, check in ((withdrawn, "status"), (expired, "validity")):
        with pytest.raises(Refused, match=check):
            member.node.publisher.publish(data, address=None)
