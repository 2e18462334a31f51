"""Names derived from content, the same on every node (docs/architecture.md, Identity)."""

from __future__ import annotations

import hashlib

import rfc8785

#: 128 bits are far beyond accidental collision and keep addresses readable.
RECORD_ID_DIGITS = 32


def digest_of(data: bytes) -> str:
    """The name of a blob, and the form of every content_id: SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def record_id(issuer: str, subject: str) -> str:
    """The id of the record (issuer, subject): 32 hex digits of SHA-256 over JCS (RFC 8785) of the pair."""
    return hashlib.sha256(rfc8785.dumps([issuer, subject])).hexdigest()[:RECORD_ID_DIGITS]
