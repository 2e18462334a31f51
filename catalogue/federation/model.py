"""What the node knows of peers and their entries: the values that the tables `peers` and `received` hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PeerState(StrEnum):
    """How a peer stands here. `stale` is no state: it follows from times, and changes nothing by itself."""

    #: Polled, and its entries are taken.
    FOLLOWED = "followed"
    #: The operator has stopped it for now; what was taken from it stays.
    PAUSED = "paused"
    #: It made too many faults in a row and is left alone for a while, until `due_at`.
    QUARANTINED = "quarantined"
    #: It signed what can't both be true. Nothing more is taken until the operator decides.
    CONTRADICTED = "contradicted"
    #: The operator follows it no longer. What was taken from it stays, and is marked; nothing is asked of it.
    REMOVED = "removed"


class EntryState(StrEnum):
    """What became of an entry of a peer's log."""

    #: Received, and not looked at yet.
    PENDING = "pending"
    #: Verified here, and in force as far as other statements and the operator's rules let it.
    ACCEPTED = "accepted"
    #: Verified here, and not taken; the report says why.
    REFUSED = "refused"
    #: Could not be decided: looked at again at `due_at`, a bounded number of times.
    DEFERRED = "deferred"
    #: The bytes are nowhere to be had any more, since their origin has erased them. Final.
    GONE = "gone"
    #: It listed bytes, and a later entry of the same log erased them.
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Peer:
    """A node whose log is copied. Times are this node's, but `signed_at`, which is by the peer's clock.

    `keys` are its pinned keys in the text form of signed notes, the newest last; `size` the entries received.
    `signed_size` and `signed_at` are of the newest checkpoint known; `renewed_at` when that was first seen.
    """

    id: int
    name: str
    url: str
    origin: str
    keys: tuple[str, ...]
    state: PeerState
    reason: str | None
    size: int
    added_at: datetime
    signed_size: int | None
    signed_at: datetime | None
    renewed_at: datetime | None
    answered_at: datetime | None
    grew_at: datetime | None
    due_at: datetime | None
    faults: int
    last_error: str | None

    @property
    def lag(self) -> int | None:
        """Entries that the peer has signed and that are still to come; None while that isn't known."""
        return None if self.signed_size is None else max(0, self.signed_size - self.size)


@dataclass(frozen=True, slots=True)
class ReceivedEntry:
    """An entry of a peer's log, by its leaf there, with what became of it here."""

    peer: int
    leaf: int
    op: str
    digest: str
    at: datetime
    state: EntryState
    tries: int
    due_at: datetime | None
    detail: str | None
