"""Getting to know a node before its log is followed: what it says of itself, and who vouches for it.

A follower believes a log's key and nothing else, so the one moment at which somebody has to be believed is
when the key is pinned. Whoever decides that sees origin, key and fingerprint, and on whose word the key is
the node's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from urllib.parse import urlsplit

from catalogue.errors import PeerRefused
from catalogue.fetching import MAX_URL, WebFetcher
from catalogue.node_key import node_did, node_name
from credentials.dids import MAX_DID_DOCUMENT, DidDocumentInvalid, parse_did_document
from credentials.keys import KeyUnusable
from credentials.resolving import DID_MEDIA_TYPES, Fetched, FetchFailed
from credentials.transparency.checkpoints import Checkpoint, SignedCheckpoint, verify_checkpoint
from credentials.transparency.notes import MAX_NOTE, NoteKey, parse_note
from credentials.transparency.refusals import LogRefused

#: What stands between a node's name and its log's id in an origin.
LOG_SEGMENT = "/log/"
#: Hex digits of a fingerprint, 96 bits: short enough to be read out, too long to be met by trying keys.
FINGERPRINT_DIGITS = 24
_GROUP = 4
#: A node's URL and the name that follows from it, written out so that the API's document can say them.
NAME = r"[A-Za-z0-9\[][A-Za-z0-9._~:\[\]-]*(?:/[A-Za-z0-9._~%-]+)*"
NAME_PATTERN = f"^{NAME}$"
URL_PATTERN = f"^https?://{NAME}/?$"
CHECKPOINT = "/log/checkpoint"
DID_DOCUMENT = "/.well-known/did.json"


class Voucher(StrEnum):
    """On whose word a key is the node's."""

    #: Whoever follows it has the key by another way, and gave it.
    OPERATOR = "operator"
    #: The node's DID document, fetched over https: control of the host.
    HOST = "host"
    #: Nobody: the DID document came over plain http, which anybody on the way can change.
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a node at `url` says of itself, its signature checked. `name` is what it is called among nodes.

    `key` is in the text form of signed notes; `root` in hex; `did` the document that names the key, None
    where the operator gave it.
    """

    url: str
    name: str
    origin: str
    key: str
    size: int
    root: str
    signed_at: datetime
    voucher: Voucher
    did: str | None

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint."""
        return fingerprint(self.key)


def fingerprint(key: str) -> str:
    """A short form of a key (in its text form) to compare by other ways: groups of hex digits."""
    digits = sha256(NoteKey.parse(key).raw).hexdigest()[:FINGERPRINT_DIGITS]
    return " ".join(digits[at : at + _GROUP] for at in range(0, FINGERPRINT_DIGITS, _GROUP))


def name_of_origin(origin: str) -> str:
    """The node's name in the origin of its log; the origin itself where it is of another form."""
    name, separator, _ = origin.rpartition(LOG_SEGMENT)
    return name if separator else origin


def introduce(fetcher: WebFetcher, url: str, key: str | None = None) -> Introduction:
    """Ask a node who it is. PeerRefused when it doesn't answer, or isn't what it says.

    With `key` the log must be signed by it; else by a key of the node's DID document, under the node's own
    address.
    """
    url = _usable(url)
    pinned = _read_key(key) if key is not None else None
    note = _fetch(fetcher, url + CHECKPOINT, "text/plain", MAX_NOTE).body
    origin = _origin(note)
    if not re.fullmatch(NAME_PATTERN, name_of_origin(origin)):
        raise PeerRefused("url", "the origin of its log names no host and path")
    if pinned is not None:
        signed = _verified(note, origin, (pinned,))
        return _introduction(url, origin, signed, Voucher.OPERATOR, None)
    if name_of_origin(origin) != node_name(url):
        raise PeerRefused(
            "url",
            f"the node at {url} calls itself {name_of_origin(origin)}: add it under its own address, "
            "or give its key",
        )
    document = _fetch(fetcher, url + DID_DOCUMENT, DID_MEDIA_TYPES, MAX_DID_DOCUMENT)
    did = node_did(url)
    signed = _verified(note, origin, _keys(did, document.body, origin))
    over_https = document.url.startswith("https:") and url.startswith("https:")
    return _introduction(url, origin, signed, Voucher.HOST if over_https else Voucher.NOBODY, did)


def _usable(url: str) -> str:
    url = url.rstrip("/")
    if len(url) > MAX_URL or not re.fullmatch(URL_PATTERN, url):
        raise PeerRefused("url", f"{url[:200]!r} is not the http(s) address of a node")
    try:
        urlsplit(url).port  # noqa: B018 - raises for a port that isn't one
    except ValueError as error:
        raise PeerRefused("url", f"{url[:200]!r} is not the http(s) address of a node") from error
    return url


def _read_key(text: str) -> NoteKey:
    try:
        return NoteKey.parse(text)
    except KeyUnusable as error:
        raise PeerRefused("key", error.problem) from error


def _fetch(fetcher: WebFetcher, url: str, accept: str, max_bytes: int) -> Fetched:
    try:
        # The checkpoint proves itself; that a DID document over http doesn't is told to whoever pins its key.
        return fetcher.fetch(url, accept=accept, max_bytes=max_bytes, self_proving=True)
    except FetchFailed as error:
        raise PeerRefused("url", f"{error.url}: {error.reason}") from error


def _origin(note: bytes) -> str:
    try:
        return Checkpoint.parse(parse_note(note).text).origin
    except LogRefused as error:
        raise PeerRefused("url", f"what is served as checkpoint can't be used: {error.problem}") from error


def _verified(note: bytes, origin: str, keys: tuple[NoteKey, ...]) -> SignedCheckpoint:
    try:
        return verify_checkpoint(note, origin, keys)
    except LogRefused as error:
        raise PeerRefused("key", f"the checkpoint doesn't hold: {error.problem}") from error


def _keys(did: str, raw: bytes, origin: str) -> tuple[NoteKey, ...]:
    """The Ed25519 keys with which the node may sign, under its log's name."""
    try:
        document = parse_did_document(did, raw)
    except DidDocumentInvalid as error:
        raise PeerRefused("url", f"the node's DID document can't be used: {error}") from error
    found = []
    for method in document.verification_methods:
        try:
            found.append(NoteKey(origin, method.key()))
        except KeyUnusable:
            # A key of another kind is for something else.
            continue
    if not found:
        raise PeerRefused("key", f"the DID document of {did} names no Ed25519 key")
    return tuple(found)


def _introduction(
    url: str, origin: str, signed: SignedCheckpoint, voucher: Voucher, did: str | None
) -> Introduction:
    return Introduction(
        url=url,
        name=name_of_origin(origin),
        origin=origin,
        key=signed.key.text(),
        size=signed.size,
        root=signed.root.hex(),
        signed_at=signed.signed_at,
        voucher=voucher,
        did=did,
    )
