"""Evidence that a log's node broke its word, for anybody to check offline.

Two checkpoints, both signed by the log's key, that can't both be true. `fork`: the larger tree doesn't
contain the smaller; shown by hashes of the larger tree's subtrees, which lead to its root, and of which the
first ones make up another root for the smaller size than was signed. `rollback`: the smaller tree was signed
after the larger one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from credentials.errors import Rejection
from credentials.keys import KeyUnusable
from credentials.parsing import parse_json
from credentials.times import to_rfc3339
from credentials.transparency.checkpoints import SignedCheckpoint, verify_checkpoint
from credentials.transparency.log_keys import MAX_ROTATION, MAX_ROTATIONS, follow_rotations
from credentials.transparency.merkle import HASH_BYTES, Frontier, ReadHash, subtrees
from credentials.transparency.notes import MAX_NOTE, NoteKey, from_base64, to_base64
from credentials.transparency.refusals import EvidenceMalformed, EvidenceProvesNothing, LogRefused

FORMAT = "catalogue-log-evidence"
VERSION = 1
#: An edge of a tree has at most as many hashes as its size has bits; what completes it, twice as many.
_MAX_HASHES = 128
#: Two notes, whose ends of lines take two characters in JSON, all statements of keys, and the hashes.
MAX_EVIDENCE = 2 * 2 * MAX_NOTE + MAX_ROTATIONS * (MAX_ROTATION + 8) + 2 * _MAX_HASHES * 50 + 4_096

Kind = Literal["fork", "rollback"]
_MEMBERS = frozenset(
    {"format", "v", "kind", "origin", "key", "rotations", "smaller", "larger", "prefix", "rest"}
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What convicts a log. Nothing of it is checked yet: see `verify`.

    `smaller` and `larger` are the two notes, by the size of their trees. `prefix` are the hashes of
    `subtrees(0, smaller)` in the larger tree, and `rest` those of `subtrees(smaller, larger)`; both are empty
    for a rollback and for trees of one size. `key` is the log's key, `rotations` the statements that lead
    from it to the one that signed the other note, where that is a later one.
    """

    kind: Kind
    origin: str
    key: NoteKey
    smaller: bytes
    larger: bytes
    prefix: tuple[bytes, ...] = ()
    rest: tuple[bytes, ...] = ()
    rotations: tuple[bytes, ...] = ()

    def to_bytes(self) -> bytes:
        """The JSON form, to serve and to keep."""
        form = {
            "format": FORMAT,
            "v": VERSION,
            "kind": self.kind,
            "origin": self.origin,
            "key": self.key.text(),
            "rotations": [statement.decode("ascii") for statement in self.rotations],
            "smaller": self.smaller.decode(),
            "larger": self.larger.decode(),
            "prefix": [to_base64(item) for item in self.prefix],
            "rest": [to_base64(item) for item in self.rest],
        }
        return json.dumps(form, ensure_ascii=False, indent=1).encode()

    @classmethod
    def parse(cls, data: bytes) -> Evidence:
        """The inverse of `to_bytes`. EvidenceMalformed for anything else."""
        if len(data) > MAX_EVIDENCE:
            raise EvidenceMalformed(f"evidence has at most {MAX_EVIDENCE} bytes, this {len(data)}")
        try:
            form = parse_json(data)
        except Rejection as error:
            raise EvidenceMalformed(f"the evidence can't be read: {error.detail}") from error
        if form.get("format") != FORMAT:
            raise EvidenceMalformed(f"the evidence's format is not {FORMAT!r}")
        if form.get("v") != VERSION:
            raise EvidenceMalformed(f"the evidence is of version {form.get('v')!r}; {VERSION} is read")
        if form.keys() != _MEMBERS:
            raise EvidenceMalformed(f"the evidence's members are not {', '.join(sorted(_MEMBERS))}")
        if form["kind"] not in ("fork", "rollback"):
            raise EvidenceMalformed(f"the evidence's kind is {str(form['kind'])[:40]!r}")
        try:
            key = NoteKey.parse(_text(form, "key"))
        except KeyUnusable as error:
            raise EvidenceMalformed(f"the evidence's key can't be used: {error.problem}") from error
        return cls(
            form["kind"],
            _text(form, "origin"),
            key,
            _text(form, "smaller").encode(),
            _text(form, "larger").encode(),
            _hashes(form, "prefix"),
            _hashes(form, "rest"),
            tuple(item.encode() for item in _texts(form, "rotations", MAX_ROTATIONS)),
        )


def _text(form: dict[str, Any], name: str) -> str:
    value = form[name]
    if not isinstance(value, str):
        raise EvidenceMalformed(f"the evidence's {name} is no text")
    return value


def _texts(form: dict[str, Any], name: str, limit: int) -> list[str]:
    value = form[name]
    if not isinstance(value, list) or len(value) > limit or not all(isinstance(item, str) for item in value):
        raise EvidenceMalformed(f"the evidence's {name} is no list of at most {limit} texts")
    return value


def _hashes(form: dict[str, Any], name: str) -> tuple[bytes, ...]:
    try:
        found = tuple(from_base64(item) for item in _texts(form, name, _MAX_HASHES))
    except ValueError as error:
        raise EvidenceMalformed(f"a hash of the evidence's {name} is {error}") from error
    if any(len(item) != HASH_BYTES for item in found):
        raise EvidenceMalformed(f"a hash of the evidence's {name} is not of {HASH_BYTES} bytes")
    return found


@dataclass(frozen=True, slots=True)
class Finding:
    """What evidence shows for certain: the log `origin`, whose key is `key`, signed both checkpoints.

    `contained` is the root that the larger tree has at the smaller size (for a fork of two sizes), or None.
    """

    kind: Kind
    origin: str
    key: NoteKey
    smaller: SignedCheckpoint
    larger: SignedCheckpoint
    contained: bytes | None = None

    def sentence(self) -> str:
        """What happened, for anybody."""
        smaller, larger = self.smaller, self.larger
        one, other = (
            f"{item.size} entries (root {item.root.hex()[:16]}…, {to_rfc3339(item.signed_at)})"
            for item in (smaller, larger)
        )
        if self.kind == "rollback":
            return f"{self.origin} signed a log of {other}, and later a smaller one of {one}."
        if self.contained is None:
            return f"{self.origin} signed two different logs of the same size: {one} and {other}."
        return (
            f"{self.origin} signed a log of {one}, and a log of {other} whose first {smaller.size} entries "
            f"are others (root {self.contained.hex()[:16]}…)."
        )


def verify(evidence: Evidence, keys: Sequence[NoteKey] | None = None) -> Finding:
    """Judge evidence offline. EvidenceProvesNothing unless it convicts the log.

    With `keys`, the log's key must be one of them. Without, the finding is about whoever holds the key that
    the evidence names: compare it with the node's own.
    """
    if keys is not None and evidence.key not in keys:
        raise EvidenceProvesNothing(f"it is about another key, {evidence.key.text()}")
    try:
        chain = follow_rotations(evidence.origin, evidence.key, evidence.rotations)
        smaller = verify_checkpoint(evidence.smaller, evidence.origin, chain)
        larger = verify_checkpoint(evidence.larger, evidence.origin, chain)
    except LogRefused as error:
        raise EvidenceProvesNothing(f"a checkpoint is not signed by the log: {error.problem}") from error
    if evidence.kind == "rollback":
        _check_rollback(smaller, larger)
        return Finding("rollback", evidence.origin, evidence.key, smaller, larger)
    contained = _check_fork(smaller, larger, evidence)
    return Finding("fork", evidence.origin, evidence.key, smaller, larger, contained)


def _check_rollback(smaller: SignedCheckpoint, larger: SignedCheckpoint) -> None:
    if smaller.size >= larger.size:
        raise EvidenceProvesNothing("the tree that is said to be smaller is not")
    if smaller.signed_at <= larger.signed_at:
        raise EvidenceProvesNothing("the smaller tree was not signed after the larger one")


def _check_fork(smaller: SignedCheckpoint, larger: SignedCheckpoint, evidence: Evidence) -> bytes | None:
    """The root that the larger tree has at the smaller size; None for two trees of one size."""
    if smaller.size > larger.size:
        raise EvidenceProvesNothing("the tree that is said to be smaller is not")
    if smaller.size == larger.size:
        if smaller.root == larger.root:
            raise EvidenceProvesNothing("the two checkpoints say the same")
        return None
    try:
        contained = Frontier(smaller.size, evidence.prefix)
        whole = contained.complete(larger.size, evidence.rest)
    except ValueError as error:
        raise EvidenceProvesNothing("its hashes are not those of two such trees") from error
    if whole.root() != larger.root:
        raise EvidenceProvesNothing("its hashes don't lead to the root of the larger tree")
    if contained.root() == smaller.root:
        raise EvidenceProvesNothing("the larger tree contains the smaller one, as it should")
    return contained.root()


def rollback_evidence(
    smaller: SignedCheckpoint, larger: SignedCheckpoint, key: NoteKey, rotations: Sequence[bytes] = ()
) -> Evidence:
    """The evidence of two checkpoints of which the smaller was signed later. EvidenceProvesNothing else."""
    evidence = Evidence(
        "rollback",
        larger.checkpoint.origin,
        key,
        smaller.note,
        larger.note,
        rotations=tuple(rotations),
    )
    verify(evidence)
    return evidence


def fork_evidence(
    one: SignedCheckpoint,
    other: SignedCheckpoint,
    key: NoteKey,
    read: ReadHash | None = None,
    rotations: Sequence[bytes] = (),
) -> Evidence:
    """The evidence that neither of two trees contains the other; `read` reads the *larger* tree's hashes.

    It isn't needed for two trees of one size. `key` is the one from which `rotations` lead to the signers.
    EvidenceProvesNothing when what is read shows no fork; further errors as `read` raises them.
    """
    smaller, larger = sorted((one, other), key=lambda item: item.size)
    prefix: tuple[bytes, ...] = ()
    rest: tuple[bytes, ...] = ()
    if smaller.size != larger.size:
        if read is None:
            raise EvidenceProvesNothing("trees of two sizes need the larger one's hashes")
        prefix = tuple(read(height, index) for height, index in subtrees(0, smaller.size))
        rest = tuple(read(height, index) for height, index in subtrees(smaller.size, larger.size))
    evidence = Evidence(
        "fork",
        larger.checkpoint.origin,
        key,
        smaller.note,
        larger.note,
        prefix,
        rest,
        tuple(rotations),
    )
    verify(evidence)
    return evidence
