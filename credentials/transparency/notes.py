"""C2SP signed-note: a text with signatures below it, by Ed25519 keys that have a name.

The same key signs in two ways: plainly (type 0x01), and with the time (type 0x04, tlog-cosignature's
cosignature/v1). What the two sign can't be mistaken for one another: a checkpoint's second line is a number,
a cosigned message's begins with `time`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal

from credentials.encoding import from_base64url
from credentials.keys import KeyUnusable, PublicKey, SignatureInvalid, public_key_from_jwk
from credentials.private_keys import PrivateKey
from credentials.transparency.refusals import BadSignature, NoteMalformed

#: A checkpoint's text has some 120 bytes; extension lines may follow.
MAX_TEXT = 4_096
#: The specification has every reader accept as many.
MAX_SIGNATURES = 16
#: The longest signature that has a type today (ML-DSA-44, 2,432 bytes) takes 3,244 letters.
MAX_SIGNATURE = 4_096
#: Names are addresses without a scheme.
MAX_NAME = 255
#: What to read of a note at most, in bytes.
MAX_NOTE = MAX_TEXT + MAX_SIGNATURES * (MAX_SIGNATURE + MAX_NAME * 4 + 6)
#: A `name+id+key` text of a key with the longest name.
MAX_VKEY = 1_200

#: The types of signatures.
PLAIN: Final = 0x01
TIMED: Final = 0x04
SignatureType = Literal[0x01, 0x04]

_DASH = "\u2014 "
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+]+")
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
#: datetime ends with the year 9999.
_MAX_TIME = 253_402_300_799


@dataclass(frozen=True, slots=True)
class NoteKey:
    """An Ed25519 key under the name that its signatures carry."""

    name: str
    key: PublicKey

    def __post_init__(self) -> None:
        if self.key.curve != "Ed25519":
            raise KeyUnusable("a log's key is an Ed25519 key")
        if not is_key_name(self.name):
            raise KeyUnusable("a key's name has no spaces and no plus")

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the public key (RFC 8032)."""
        return from_base64url(self.key.jwk()["x"])

    def id(self, kind: SignatureType = PLAIN) -> bytes:
        """The four bytes before its signatures of this type."""
        return sha256(self.name.encode() + b"\n" + bytes([kind]) + self.raw).digest()[:4]

    def text(self) -> str:
        """The form in which it is handed on and pinned (vkey): `name+id+base64(0x01, key)`."""
        return f"{self.name}+{self.id().hex()}+{to_base64(bytes([PLAIN]) + self.raw)}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """The inverse of `text`. KeyUnusable for anything else, or a wrong id."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            data = from_base64(encoded) if len(text) <= MAX_VKEY else b""
        except ValueError as error:
            raise KeyUnusable(f"the log's key is {error}") from error
        if len(data) != 1 + _KEY_BYTES or data[0] != PLAIN:
            raise KeyUnusable("the log's key is not of the form name+id+base64 with an Ed25519 key")
        found = cls.of_raw(name, data[1:])
        if key_id != found.id().hex():
            raise KeyUnusable(f"the id of this key is {found.id().hex()}; the text was changed")
        return found

    @classmethod
    def of_raw(cls, name: str, raw: bytes) -> NoteKey:
        """The key of 32 bytes. KeyUnusable when it must not be used."""
        encoded = base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
        return cls(name, public_key_from_jwk({"kty": "OKP", "crv": "Ed25519", "x": encoded}))


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line below a note: whose, and the bytes after the key's id."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line, with its end."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text (with the end of its last line) and what is signed below it. Nothing of it is checked yet."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def to_bytes(self) -> bytes:
        """The note as it is served."""
        return (self.text + "\n" + "".join(signature.line() for signature in self.signatures)).encode()


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds: by which key, and when, where the time is signed too."""

    key: NoteKey
    at: datetime | None


def is_key_name(text: str) -> bool:
    """Whether it may be a key's name: some text without spaces and plus."""
    return len(text) <= MAX_NAME and bool(_NAME.fullmatch(text))


def parse_note(data: bytes) -> SignedNote:
    """Take a note apart. NoteMalformed unless it is well-formed and within the bounds."""
    if len(data) > MAX_NOTE:
        raise NoteMalformed(f"a note has at most {MAX_NOTE} bytes, this one {len(data)}")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteMalformed("a note is UTF-8 text") from error
    if _CONTROL.search(whole):
        raise NoteMalformed("a note has no control characters but the ends of its lines")
    text, separator, below = whole.rpartition("\n\n")
    if not separator or not text:
        raise NoteMalformed("the note has no signatures: they follow after an empty line")
    text += "\n"
    if len(text.encode()) > MAX_TEXT:
        raise NoteMalformed(f"a note's text has at most {MAX_TEXT} bytes")
    lines = below.split("\n")
    if lines.pop():
        raise NoteMalformed("the note's last line has no end")
    if not 1 <= len(lines) <= MAX_SIGNATURES:
        raise NoteMalformed(f"a note has one to {MAX_SIGNATURES} signatures, this one {len(lines)}")
    return SignedNote(text, tuple(_signature(line) for line in lines))


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not is_key_name(name) or len(encoded) > MAX_SIGNATURE:
        raise NoteMalformed(f"not the line of a signature: {line[:60]!r}")
    try:
        data = from_base64(encoded)
    except ValueError as error:
        raise NoteMalformed(f"the signature of {name[:60]!r} is {error}") from error
    if len(data) < 5:
        raise NoteMalformed(f"the signature of {name[:60]!r} is too short")
    return NoteSignature(name, data[:4], data[4:])


def sign_text(text: str, name: str, key: PrivateKey) -> NoteSignature:
    """Sign a note's text plainly (type 0x01). KeyUnusable for a key that isn't Ed25519."""
    public = NoteKey(name, key.public())
    return NoteSignature(name, public.id(PLAIN), key.sign(text.encode()))


def cosign_text(text: str, name: str, key: PrivateKey, at: datetime) -> NoteSignature:
    """Sign a checkpoint's text together with the time, to the second (type 0x04)."""
    public = NoteKey(name, key.public())
    seconds = int(at.timestamp())
    signature = key.sign(_timed_message(seconds, text))
    return NoteSignature(name, public.id(TIMED), seconds.to_bytes(8, "big") + signature)


def check_note(note: SignedNote, keys: Iterable[NoteKey]) -> tuple[Signed, ...]:
    """The signatures by these keys, which all hold; at least one is a plain one.

    Signatures by others are passed over. BadSignature when one by these keys is wrong, or none is plain.
    """
    known: dict[tuple[str, bytes], tuple[NoteKey, bool]] = {}
    for key in keys:
        known[key.name, key.id(PLAIN)] = key, False
        known[key.name, key.id(TIMED)] = key, True
    found: list[Signed] = []
    for signature in note.signatures:
        if match := known.get((signature.name, signature.key_id)):
            key, timed = match
            if timed:
                found.append(Signed(key, _check_timed(note.text, signature, key)))
            else:
                _check(key, signature.signature, note.text.encode())
                found.append(Signed(key, None))
    if not any(signed.at is None for signed in found):
        raise BadSignature(f"none of the known keys has signed it; it is signed by {_names(note.signatures)}")
    return tuple(found)


def _names(signatures: Sequence[NoteSignature]) -> str:
    return ", ".join(f"{one.name[:80]}+{one.key_id.hex()}" for one in signatures[:4])


def _check_timed(text: str, signature: NoteSignature, key: NoteKey) -> datetime:
    data = signature.signature
    if len(data) != 8 + _SIGNATURE_BYTES:
        raise BadSignature(f"the timed signature of {key.name} has {len(data)} bytes instead of 72")
    seconds = int.from_bytes(data[:8], "big")
    if seconds > _MAX_TIME:
        raise BadSignature(f"the timed signature of {key.name} is of no year that can be written")
    _check(key, data[8:], _timed_message(seconds, text))
    return datetime.fromtimestamp(seconds, UTC)


def _check(key: NoteKey, signature: bytes, message: bytes) -> None:
    try:
        key.key.verify("EdDSA", signature, message)
    except SignatureInvalid as error:
        raise BadSignature(f"the signature of {key.name} doesn't fit its key and the text") from error


def _timed_message(seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def to_base64(data: bytes) -> str:
    """Base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """The inverse of `to_base64`. ValueError for every spelling but that one."""
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError as error:
        raise ValueError("not base64") from error
    if to_base64(data) != text:
        raise ValueError("not base64 as it is written")
    return data
