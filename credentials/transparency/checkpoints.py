"""C2SP tlog-checkpoint: the size and root of a log, signed by its node, with the time at which it signed.

A node's key has the log's origin as its name and signs each checkpoint twice: plainly, as any reader expects,
and with the time, so that a node which has stopped shows, and which of two checkpoints came later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from credentials.private_keys import PrivateKey
from credentials.transparency.merkle import HASH_BYTES, MAX_SIZE
from credentials.transparency.notes import (
    NoteKey,
    SignedNote,
    check_note,
    cosign_text,
    from_base64,
    is_key_name,
    parse_note,
    sign_text,
    to_base64,
)
from credentials.transparency.refusals import BadSignature, NoteMalformed, WouldContradict, WrongOrigin

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: the log's origin, its size, its root hash; further lines mean nothing here."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The note's text."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The inverse of `text`. NoteMalformed for anything else."""
        lines = text.split("\n")
        if lines.pop() or len(lines) < 3 or not all(lines):
            raise NoteMalformed("a checkpoint has three lines or more, none of them empty")
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
            raise NoteMalformed(f"the checkpoint's second line is no size of a tree: {size[:40]!r}")
        try:
            decoded = from_base64(root)
        except ValueError as error:
            raise NoteMalformed(f"the checkpoint's third line is {error}") from error
        if len(decoded) != HASH_BYTES:
            raise NoteMalformed(f"the checkpoint's root has {len(decoded)} bytes instead of {HASH_BYTES}")
        return cls(origin, int(size), decoded, tuple(extensions))


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint whose signatures hold: by `key`, at `signed_at` for the last time. `note` is exact."""

    checkpoint: Checkpoint
    key: NoteKey
    signed_at: datetime
    note: bytes

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """The root hash."""
        return self.checkpoint.root


def is_origin(text: str) -> bool:
    """Whether a node's log may be called so: as a key may, without characters that aren't seen."""
    return is_key_name(text) and text.isprintable()


def origin_key(origin: str, key: PrivateKey) -> NoteKey:
    """The public key under the log's name: what followers pin."""
    return NoteKey(origin, key.public())


def sign_checkpoint(
    origin: str,
    size: int,
    root: bytes,
    key: PrivateKey,
    at: datetime,
    *,
    previous: SignedCheckpoint | None = None,
    further_keys: Sequence[PrivateKey] = (),
) -> bytes:
    """The note to publish, signed plainly and with the time `at` (to the second).

    `previous` is what this log published last: WouldContradict when the new note and that one would convict
    the node, by a smaller size, another root for the same size, or an earlier time. A signer whose clock went
    back signs with the previous time. `further_keys` sign too, while followers change from a key to the next.
    ValueError for an origin, size or root that can't be.
    """
    if not is_origin(origin) or not 0 <= size <= MAX_SIZE or len(root) != HASH_BYTES:
        raise ValueError("an origin has no spaces and no plus, and a root has 32 bytes")
    if previous is not None:
        _check_follows(previous, Checkpoint(origin, size, root), at)
    text = Checkpoint(origin, size, root).text()
    signatures = [
        signature
        for signer in (key, *further_keys)
        for signature in (sign_text(text, origin, signer), cosign_text(text, origin, signer, at))
    ]
    return SignedNote(text, tuple(signatures)).to_bytes()


def _check_follows(previous: SignedCheckpoint, new: Checkpoint, at: datetime) -> None:
    if previous.checkpoint.origin != new.origin:
        raise WouldContradict(f"the previous checkpoint is of the log {previous.checkpoint.origin!r}")
    if new.size < previous.size:
        raise WouldContradict(
            f"a checkpoint of {previous.size} entries is published; the log has {new.size} now"
        )
    if new.size == previous.size and new.root != previous.root:
        raise WouldContradict(f"another root is published for {new.size} entries")
    if at < previous.signed_at:
        raise WouldContradict(f"the previous checkpoint has a later time, {previous.signed_at.isoformat()}")


def verify_checkpoint(note: bytes, origin: str, keys: Sequence[NoteKey]) -> SignedCheckpoint:
    """Check a note of the log `origin`, signed plainly and with the time by one of `keys`.

    Raises NoteMalformed, WrongOrigin, BadSignature.
    """
    parsed = parse_note(note)
    checkpoint = Checkpoint.parse(parsed.text)
    if checkpoint.origin != origin:
        raise WrongOrigin(origin, checkpoint.origin)
    signed = check_note(parsed, keys)
    plain = {one.key for one in signed if one.at is None}
    timed = [(one.at, one.key) for one in signed if one.at is not None and one.key in plain]
    if not timed:
        raise BadSignature("the time at which it was signed is not signed with it (cosignature/v1)")
    signed_at, key = max(timed, key=lambda pair: pair[0])
    return SignedCheckpoint(checkpoint, key, signed_at, note)
