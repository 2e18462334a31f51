"""Exact text encodings: base64url without padding (RFC 7515 section 2) and base58btc.

Both refuse every spelling but the one an encoder writes, so that a signature or key has one text form.
"""

from __future__ import annotations

import base64
import binascii
import re

import base58

#: base58 decodes in quadratic time; 4,096 characters (3 kB, 13 ms) hold the largest key that occurs:
#: a certificate in PEM inside a wizard DID.
MAX_BASE58 = 4096

#: From the letters of base64url to those of base64, as RFC 4648 section 5 has them.
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
#: The last letters that an encoder writes after two and after three of a group of four: no spare bit is set.
_LAST_LETTERS = {2: frozenset(b"AQgw"), 3: frozenset(b"AEIMQUYcgkosw048")}

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]+", re.ASCII)


def to_base64url(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The inverse of `to_base64url`. ValueError for padding, white space, other letters or spare bits."""
    try:
        letters = text.encode("ascii")
        if b"+" in letters or b"/" in letters or b"=" in letters:
            raise ValueError("letters of base64")
        # In its strict mode the decoder passes over nothing.
        padded = letters.translate(_TO_STANDARD) + b"=" * (-len(letters) % 4)
        data = binascii.a2b_base64(padded, strict_mode=True)
    except ValueError as error:
        raise ValueError(f"not base64url{_problem(text, 'impossible length')}") from error
    # Spare bits in the last letter would give one signature many spellings.
    rest = len(letters) % 4
    if rest and letters[-1] not in _LAST_LETTERS[rest]:
        raise ValueError(f"not base64url{_problem(text, 'unused bits are set')}")
    return data


def _problem(text: str, otherwise: str) -> str:
    return f": {otherwise}" if _BASE64URL.fullmatch(text) else " without padding"


def to_base58btc(data: bytes) -> str:
    """base58 in the Bitcoin alphabet, without a multibase prefix."""
    return str(base58.b58encode(data).decode("ascii"))


def from_base58btc(text: str) -> bytes:
    """The inverse of `to_base58btc`. ValueError for other letters or more than MAX_BASE58 of them."""
    if len(text) > MAX_BASE58:
        raise ValueError(f"base58 text longer than {MAX_BASE58} characters")
    if not _BASE58.fullmatch(text):
        raise ValueError("not base58btc")
    return bytes(base58.b58decode(text))


def from_multibase(text: str) -> bytes:
    """Decode a multibase text in base58btc (prefix `z`), the only base that did:key and proofs use here.

    ValueError for any other base.
    """
    if not text.startswith("z"):
        raise ValueError("not multibase base58btc (prefix z)")
    return from_base58btc(text[1:])
