"""How a log's key changes: the old key says which one comes next.

The statement is a compact JWS of `typ` catalogue-log-key+jwt with `{origin, new_key, from_size, iat}`, signed
by the old key. It is a blob that an entry of the log names (op `key`). A chain of them leads from the key
that somebody pinned once to the newest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import rfc8785

from credentials.errors import Rejection
from credentials.jws import Jws, parse_compact, verify_compact
from credentials.keys import KeyUnusable
from credentials.parsing import parse_json
from credentials.private_keys import PrivateKey
from credentials.signing import sign_compact
from credentials.transparency.merkle import MAX_SIZE
from credentials.transparency.notes import NoteKey
from credentials.transparency.refusals import RotationInvalid

ROTATION_TYPE = "catalogue-log-key+jwt"
#: Header, claims with two names of the greatest length, and a signature stay below it.
MAX_ROTATION = 4_096
#: A key a year for a working life; whoever has missed more pins the key anew.
MAX_ROTATIONS = 32

_CLAIMS = frozenset({"origin", "new_key", "from_size", "iat"})
#: datetime ends with the year 9999.
_MAX_TIME = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Rotation:
    """A verified statement: from trees of `from_size` entries on, `new_key` signs the log's checkpoints."""

    origin: str
    new_key: NoteKey
    from_size: int
    issued_at: datetime


def sign_rotation(
    origin: str, old: PrivateKey, new: PrivateKey, from_size: int, issued_at: datetime
) -> bytes:
    """The statement by which `old` hands over to `new`. KeyUnusable unless both are Ed25519 keys."""
    NoteKey(origin, old.public())
    claims: dict[str, str | int] = {
        "origin": origin,
        "new_key": NoteKey(origin, new.public()).text(),
        "from_size": from_size,
        "iat": int(issued_at.timestamp()),
    }
    header = {"alg": old.algorithm, "typ": ROTATION_TYPE}
    return sign_compact(header, rfc8785.dumps(claims), old).encode("ascii")


def verify_rotation(data: bytes, origin: str, old: NoteKey) -> Rotation:
    """Check a statement of the log `origin` by its key `old`. RotationInvalid unless it holds."""
    if len(data) > MAX_ROTATION:
        raise RotationInvalid(f"a statement of a log's key has at most {MAX_ROTATION} bytes")
    try:
        jws = parse_compact(data)
        rotation = _claims(jws)
        verify_compact(jws, old.key)
    except Rejection as error:
        raise RotationInvalid(f"the statement of the log's key doesn't hold: {error.detail}") from error
    except KeyUnusable as error:
        raise RotationInvalid(f"the new key can't be used: {error.problem}") from error
    if rotation.origin != origin:
        raise RotationInvalid(f"the statement is of the log {rotation.origin[:200]!r}, not of {origin!r}")
    if rotation.new_key.name != origin:
        raise RotationInvalid("the new key doesn't bear the log's name")
    if rotation.new_key == old:
        raise RotationInvalid("the new key is the old one")
    return rotation


def _claims(jws: Jws) -> Rotation:
    if jws.header.get("typ") != ROTATION_TYPE:
        raise RotationInvalid(f"the statement's typ is {ROTATION_TYPE}")
    claims = parse_json(jws.payload)
    if claims.keys() != _CLAIMS:
        raise RotationInvalid(f"the statement's members are {', '.join(sorted(_CLAIMS))}, and no others")
    origin, new_key, from_size, iat = (claims[name] for name in ("origin", "new_key", "from_size", "iat"))
    if not isinstance(origin, str) or not isinstance(new_key, str):
        raise RotationInvalid("origin and new_key are text")
    # A boolean is an int too.
    if type(from_size) is not int or not 0 <= from_size <= MAX_SIZE:
        raise RotationInvalid("from_size is the size of a tree")
    if type(iat) is not int or not 0 <= iat <= _MAX_TIME:
        raise RotationInvalid("iat is a time in seconds")
    return Rotation(origin, NoteKey.parse(new_key), from_size, datetime.fromtimestamp(iat, UTC))


def follow_rotations(origin: str, pinned: NoteKey, statements: Sequence[bytes]) -> tuple[NoteKey, ...]:
    """All keys from the pinned one to the newest, by statements in order. RotationInvalid when one fails.

    A log never returns to a key that it has left, and neither sizes nor times go back.
    """
    if len(statements) > MAX_ROTATIONS:
        raise RotationInvalid(f"at most {MAX_ROTATIONS} statements are followed; pin the newest key")
    keys = [pinned]
    before: Rotation | None = None
    for statement in statements:
        rotation = verify_rotation(statement, origin, keys[-1])
        if rotation.new_key in keys:
            raise RotationInvalid("the log returns to a key that it has left")
        if before and (rotation.from_size < before.from_size or rotation.issued_at < before.issued_at):
            raise RotationInvalid("a later statement is of a smaller size or an earlier time")
        keys.append(rotation.new_key)
        before = rotation
    return tuple(keys)
