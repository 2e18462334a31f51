"""Whether the nodes of the showcase hold the same: what each has of the others' logs, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalogue.showcase.homes import MEMBER_STATES
from catalogue.showcase.member import Member

#: The first columns of the table are words, the others numbers.
_WORDS = 2


@dataclass(frozen=True, slots=True)
class Sight:
    """What one node says: the entries of its own log, what it has of others', and what it finds.

    `behind` are entries that others have signed and that aren't received, decided and searchable here yet;
    `reasons` is what the node says of peers that it can't follow.
    """

    code: str
    url: str
    own: int
    received: int
    refused: int
    behind: int
    offerings: int
    participants: int
    reasons: tuple[str, ...]

    @property
    def converged(self) -> bool:
        """Whether it has all that there is."""
        return not self.behind


def look_at(members: Sequence[Member]) -> tuple[Sight, ...]:
    """Ask every node. Raises NodeUnreachable, NodeProblem."""
    states = {member.code: member.client.get("/federation") for member in members}
    signed = {form["name"]: form["size"] for form in states.values()}
    return tuple(_sight(member, states[member.code], signed) for member in members)


def converged(sights: Sequence[Sight]) -> bool:
    """Whether nobody is behind, and all find the same number of services and participants."""
    found = {(sight.offerings, sight.participants) for sight in sights}
    return len(found) == 1 and all(sight.converged for sight in sights)


def _sight(member: Member, state: Mapping[str, Any], signed: Mapping[str, int]) -> Sight:
    peers = state["peers"]
    own = state["name"]
    followed = {peer["name"]: peer for peer in peers}
    behind = int(member.client.get("/readyz")["lag"])
    for name, size in signed.items():
        if name == own:
            continue
        peer = followed.get(name)
        # What a peer has signed is known better at the peer than here.
        behind += size if peer is None else size - peer["size"] + _open(peer)
    return Sight(
        code=member.code,
        url=member.url,
        own=signed[own],
        received=sum(peer["size"] for peer in peers),
        refused=sum(peer["entries"].get("refused", 0) for peer in peers),
        behind=behind,
        offerings=_total(member, "/offerings"),
        participants=_total(member, "/participants"),
        reasons=tuple(f"{peer['name']}: {peer['last_error']}" for peer in peers if peer["last_error"]),
    )


def _open(peer: Mapping[str, Any]) -> int:
    """Entries that are received and not decided yet."""
    return sum(int(peer["entries"].get(state, 0)) for state in ("pending", "deferred"))


def _total(member: Member, path: str) -> int:
    return int(member.client.get(path, [("size", "1"), ("facets", "none")])["total"])


def table_of(sights: Sequence[Sight]) -> str:
    """What the nodes say, a line each, in columns."""
    rows = [
        ("node", "address", "own log", "of others", "refused", "behind", "services", "participants"),
        *(
            (
                f"{sight.code} {MEMBER_STATES[sight.code]}",
                sight.url,
                *map(str, (sight.own, sight.received, sight.refused, sight.behind)),
                *map(str, (sight.offerings, sight.participants)),
            )
            for sight in sights
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            # Words to the left, numbers to the right.
            f"{cell:<{width}}" if place < _WORDS else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
