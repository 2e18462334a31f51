"""`catalogue peers`: whom this node follows, directly on its store; a running node sees changes at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from catalogue.cli.operating import open_store
from catalogue.cli.output import Refused, end, printable, show_table

if TYPE_CHECKING:
    from catalogue.federation.overview import Overview, PeerStatus
    from catalogue.federation.peers import Candidate, Peers

#: Refused entries that `status` shows; the API lists them all.
SHOWN_REFUSED = 20
_VOUCHED = {
    "host": "named by {did}, fetched over https",
    "nobody": "named by {did}, fetched over plain http: nobody vouches for it",
    "operator": "the key that you gave",
}


@dataclass(frozen=True, slots=True)
class _Services:
    """What the commands call."""

    peers: Peers
    overview: Overview


@contextmanager
def _services() -> Iterator[_Services]:
    from catalogue.errors import NotFound, PeerRefused
    from catalogue.federation.overview import Overview
    from catalogue.federation.peers import Peers
    from catalogue.fetching import WebFetcher
    from credentials.times import utc_now

    with open_store() as (settings, database):
        fetcher = WebFetcher(allowed_hosts=settings.fetch_allow_hosts, ca_file=settings.fetch_ca_file or None)
        try:
            yield _Services(
                Peers(settings, database, fetcher, utc_now), Overview(settings, database, utc_now)
            )
        except (NotFound, PeerRefused) as error:
            raise Refused(printable(error)) from error


@click.group()
def peers() -> None:
    """Follow other nodes, and see how they stand."""


@peers.command()
@click.argument("url")
@click.option("--key", help="The log's key, if you have it by another way: no other is believed.")
@click.option("--yes", is_flag=True, help="Pin the key that is shown without asking.")
def add(url: str, key: str | None, yes: bool) -> None:
    """Follow the node at a URL.

    Shows what the node says of itself and asks before its key is pinned. Compare the fingerprint with what
    the node's operator tells you by another way. With `--key` nothing is asked: the log must be signed by
    that key.
    """
    with _services() as services:
        met = services.peers.meet(url, key)
        _show_candidate(met)
        if key is None and not yes and not click.confirm("Pin this key and follow the node?"):
            click.echo("Nothing was changed.", err=True)
            end(1)
        peer = services.peers.add(met.introduction)
    click.echo(f"{peer.name}: followed")


def _show_candidate(met: Candidate) -> None:
    found = met.introduction
    vouched = _VOUCHED[found.voucher.value].format(did=found.did)
    lines = [
        ("Name", found.name),
        ("Log", found.origin),
        ("Entries", f"{found.size}, signed at {_second(found.signed_at)}"),
        ("Key", found.key),
        ("Fingerprint", found.fingerprint),
        ("Whose word", vouched),
    ]
    if met.known is not None:
        lines.append(("Known", f"followed before; goes on after {met.known.size} entries"))
        if met.known.keys[-1] != found.key:
            lines.append(("Warning", "its key is another one than before"))
    if met.former is not None:
        lines.append(("Warning", f"the node has made its log anew; the former one was {met.former.origin}"))
    for title, text in lines:
        click.echo(f"{title + ':':<13}{printable(text)}")


@peers.command("list")
def list_peers() -> None:
    """List the nodes that are followed, or were."""
    from catalogue.federation.model import EntryState

    with _services() as services:
        found = services.overview.peers()
    show_table(
        ("Name", "State", "Entries", "To come", "Refused", "Deferred", "Last signature", "Last error"),
        [
            (
                status.peer.name,
                _state(status),
                status.peer.size,
                "" if status.peer.lag is None else status.peer.lag,
                status.entries[EntryState.REFUSED],
                status.entries[EntryState.DEFERRED],
                _second(status.standing.seen_at),
                status.peer.last_error or "",
            )
            for status in found
        ],
    )


@peers.command()
@click.argument("name")
def status(name: str) -> None:
    """Say how a peer stands, and what was refused of it."""
    from catalogue.federation.model import EntryState

    with _services() as services:
        found = services.overview.peer(name)
        refused = services.overview.entries(name, EntryState.REFUSED, after=0, size=SHOWN_REFUSED)
    peer, standing = found.peer, found.standing
    lines = [
        ("Name", peer.name),
        ("URL", peer.url),
        ("Log", peer.origin),
        ("Key", peer.keys[-1]),
        ("State", _state(found) + (f": {peer.reason}" if peer.reason else "")),
        ("Entries", f"{peer.size} received" + ("" if peer.lag is None else f", {peer.lag} to come")),
        *((state.value.capitalize(), str(number)) for state, number in found.entries.items()),
        ("Signed", f"{_second(peer.signed_at)} by its clock, seen at {_second(standing.seen_at)}"),
        ("Answered", _second(peer.answered_at)),
    ]
    if standing.clock_skew is not None:
        ahead = standing.clock_skew > timedelta(0)
        lines.append(("Clock", f"{'ahead' if ahead else 'behind'} by {abs(standing.clock_skew)}"))
    if peer.last_error:
        lines.append(("Last error", peer.last_error))
    lines += [
        ("Evidence", f"{one.kind}, /federation/contradictions/{one.id}") for one in found.contradictions
    ]
    for title, text in lines:
        click.echo(f"{title + ':':<13}{printable(text)}")
    if refused.items:
        click.echo()
        show_table(
            ("Leaf", "Digest", "Why refused"),
            [(entry.leaf, entry.digest, entry.detail or "") for entry, _ in refused.items],
        )
    if refused.next is not None:
        left = refused.total - len(refused.items)
        click.echo(f"... and {left} more: GET /operator/peer-entries/...", err=True)


@peers.command()
@click.argument("name")
@click.option("--reason", help="A note for yourself.")
def pause(name: str, reason: str | None) -> None:
    """Ask nothing of a peer for now; what it listed stays."""
    with _services() as services:
        services.peers.pause(name, reason)
    click.echo(f"{name}: paused")


@peers.command()
@click.argument("name")
def resume(name: str) -> None:
    """Follow a peer again that was paused or stopped for its faults; look at once at what was put off."""
    with _services() as services:
        services.peers.resume(name)
    click.echo(f"{name}: followed")


@peers.command()
@click.argument("name")
@click.option("--drop", is_flag=True, help="Drop what only this peer lists.")
def remove(name: str, drop: bool) -> None:
    """Follow a peer no longer.

    What it listed stays, marked as that of a node that is followed no longer. With `--drop`, what nobody else
    lists goes; it may come again from whoever lists it.
    """
    with _services() as services:
        done = services.peers.remove(name, drop=drop)
    kept = f"; {done.kept} of its entries stay in force" if done.kept else ""
    click.echo(f"{name}: followed no longer" + (f"; {done.dropped} of its entries dropped" if drop else kept))


@peers.command()
@click.argument("name")
@click.option("--key", required=True, help="The new key, as its operator tells you by another way.")
def rekey(name: str, key: str) -> None:
    """Believe another key of the same log.

    For a node that lost its key: a key that the old one has signed for is followed by itself.
    """
    from catalogue.federation.introduction import fingerprint

    with _services() as services:
        services.peers.rekey(name, key)
    click.echo(f"{name}: new key pinned, fingerprint {fingerprint(key)}")


def _state(status: PeerStatus) -> str:
    return status.peer.state.value + (", stale" if status.standing.stale else "")


def _second(moment: datetime | None) -> str:
    from credentials.times import to_rfc3339

    return to_rfc3339(moment.replace(microsecond=0)) if moment else "never"
