"""Where this node's log has a document, with the proof of that: checked here before anybody is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalogue.api.blueprint import node
from catalogue.errors import NotFound
from catalogue.federation.own_log import Inclusion, NotSigned
from catalogue.federation.own_tiles import HistoryAltered
from credentials.transparency.checkpoints import verify_checkpoint
from credentials.transparency.entries import Op
from credentials.transparency.merkle import leaf_hash, verify_inclusion
from credentials.transparency.notes import NoteKey, to_base64
from credentials.transparency.refusals import LogRefused


@dataclass(frozen=True, slots=True)
class LogProof:
    """An entry's place in a log of `size` entries, the way from it to the root, and the signed root's time.

    `fault` is "" where the way leads to the root that the log's key has signed; else it says what is wrong.
    """

    leaf: int
    size: int
    listed_at: datetime
    origin: str
    root: str
    hashes: tuple[str, ...]
    signed_at: datetime | None
    fault: str


def proof_of(digest: str) -> LogProof | None:
    """The proof for the newest listing of these bytes; None where the log has none that is signed."""
    log = node().log
    try:
        listed = [one for one in log.inclusions(digest, None) if one.entry.entry.op is Op.LIST]
    except (NotFound, NotSigned):
        return None
    except HistoryAltered as altered:
        return LogProof(altered.leaf or 0, 0, node().clock(), "", "", (), None, altered.problem)
    return _checked(listed[-1], log.keys().key) if listed else None


def _checked(found: Inclusion, key: str) -> LogProof:
    signed_at, fault = None, ""
    try:
        if found.note is None:
            fault = "this size of the log isn't signed"
        else:
            signed = verify_checkpoint(found.note, found.origin, (NoteKey.parse(key),))
            signed_at = signed.signed_at
            leaf = leaf_hash(found.entry.entry.to_bytes())
            verify_inclusion(leaf, found.entry.leaf, signed.size, found.hashes, signed.root)
    except LogRefused as refused:
        fault = str(refused)
    return LogProof(
        found.entry.leaf,
        found.size,
        found.entry.entry.at,
        found.origin,
        to_base64(found.root),
        tuple(map(to_base64, found.hashes)),
        signed_at,
        fault,
    )
