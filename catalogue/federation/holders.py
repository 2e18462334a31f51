"""Asking a peer what it holds of this node's own log: after a restore, that is what was signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from catalogue.errors import CatalogueError
from catalogue.federation.heads import SignedHead
from catalogue.federation.peer_client import PeerClient, PeerFault, PeerUnreachable
from credentials.times import from_rfc3339
from credentials.transparency.checkpoints import verify_checkpoint
from credentials.transparency.entries import LogEntry, Op
from credentials.transparency.log_keys import MAX_ROTATION, MAX_ROTATIONS
from credentials.transparency.notes import MAX_NOTE, NoteKey

#: Entries of a log that are taken back at most: they are held in memory until they are shown to be right.
MAX_TAKEN_BACK = 2_000_000
#: Entries asked for at once; as many as a node gives.
PAGE = 1_000
#: Bytes of an answer with so many.
MAX_PAGE_BYTES = 512 * PAGE

#: Bytes of an answer with a note, whose characters may take six each in JSON, and all statements of keys.
_MAX_ANSWER = 6 * MAX_NOTE + MAX_ROTATIONS * (MAX_ROTATION + 8) + 1_024
_JSON = "application/json"
_NOT_FOUND = 404


class NotHeld(CatalogueError):
    """The peer doesn't copy this log."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a peer holds of the log: its newest head, by this node's own signature.

    `rotations` are statements of its key; nothing of them is checked but that the log names them.
    """

    origin: str
    head: SignedHead
    rotations: tuple[bytes, ...] = ()


class Holder(PeerClient):
    """A peer, asked about this node's log."""

    def holding(self, origin: str, keys: Sequence[NoteKey]) -> Holding:
        """The newest note that the peer has checked, with this node's signature checked again.

        Raises NotHeld, PeerUnreachable, PeerFault, LimitExceeded; LogRefused when it isn't this node's.
        """
        path = f"federation/held?origin={quote(origin, safe='')}"
        try:
            # In JSON a character may take six.
            answer = self._json(self._get(path, _JSON, _MAX_ANSWER))
        except PeerUnreachable as error:
            if error.status == _NOT_FOUND:
                raise NotHeld(f"{self.name} doesn't copy this log") from error
            raise
        match answer:
            case {"checkpoint": str(note)}:
                signed = verify_checkpoint(note.encode(errors="replace"), origin, keys)
                head = SignedHead(signed.size, signed.root, signed.note, signed.signed_at)
                return Holding(origin, head, _statements(answer))
        raise PeerFault(self.name, "its answer about the log can't be read")

    def entries(self, holding: Holding, first: int) -> list[LogEntry]:
        """The entries from leaf `first` to the holding's end, not checked yet. Raises as `holding`."""
        if holding.head.size - first > MAX_TAKEN_BACK:
            raise PeerFault(self.name, f"it holds more than {MAX_TAKEN_BACK} entries that are missing here")
        found: list[LogEntry] = []
        while (at := first + len(found)) < holding.head.size:
            path = f"federation/held/entries?origin={quote(holding.origin, safe='')}&after={at}&limit={PAGE}"
            answer = self._json(self._get(path, _JSON, MAX_PAGE_BYTES))
            match answer:
                case {"items": list(items)} if 0 < len(items) <= PAGE:
                    found += [
                        self._entry(item, at + place)
                        for place, item in enumerate(items[: holding.head.size - at])
                    ]
                case _:
                    raise PeerFault(self.name, "its answer with entries of the log can't be read")
        return found

    def _entry(self, item: object, leaf: int) -> LogEntry:
        match item:
            case {"leaf": int(given), "op": str(op), "digest": str(digest), "at": str(at)} if given == leaf:
                try:
                    entry = LogEntry(Op(op), digest, from_rfc3339(at))
                    entry.to_bytes()
                except ValueError as error:
                    raise PeerFault(self.name, f"its entry {leaf} of the log is none") from error
                return entry
        raise PeerFault(self.name, f"its entry {leaf} of the log can't be read")


def _statements(answer: object) -> tuple[bytes, ...]:
    match answer:
        case {"rotations": list(found)}:
            return tuple(one.encode("ascii") for one in found if isinstance(one, str) and one.isascii())
    return ()
