"""How a peer stands, by this node's clock: up to date or stale. Silence marks what it lists, deletes nothing.

A peer signs its log anew every minute, grown or not. What counts is when a newer signature was last *seen
here*: a peer that answers with an old one is as stale as one that doesn't answer, and one whose clock is
wrong is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from catalogue.federation.model import Peer, PeerState
from catalogue.federation.roster import every_peer

#: A difference of clocks that is shown. Below it, it is the time that a signature is under way: it may be a
#: minute old when it is first seen, and clocks set by the network differ by less.
NOTED_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a peer is `stale`, and since when; when it was last known to be alive, None for never.

    `clock_skew` is how far its clock is ahead of this node's (negative: behind), None when that can't be told
    from the time that a signature is under way. It is shown, and changes nothing else.
    """

    stale: bool
    since: datetime | None
    seen_at: datetime | None
    clock_skew: timedelta | None


def standing_of(peer: Peer, now: datetime, allowed: timedelta) -> Standing:
    """How a peer stands at `now`, where a signature may be `allowed` old."""
    since = (peer.renewed_at or peer.added_at) + allowed
    if peer.state is PeerState.REMOVED:
        # Nobody asks it any more, whenever it was seen.
        since = min(since, now)
    skew = peer.signed_at - peer.renewed_at if peer.signed_at and peer.renewed_at else timedelta(0)
    stale = now >= since
    return Standing(
        stale=stale,
        since=since if stale else None,
        seen_at=peer.renewed_at,
        clock_skew=skew if abs(skew) > NOTED_SKEW else None,
    )


def stale_names(connection: Connection, now: datetime, allowed: timedelta) -> frozenset[str]:
    """The names of the nodes whose word is old: stale ones, and those that are followed no longer."""
    return frozenset(peer.name for peer in every_peer(connection) if standing_of(peer, now, allowed).stale)
