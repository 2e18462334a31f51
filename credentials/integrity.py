"""The check `integrity`: digests that a credential gives of others, compared with those that are here.

Clearing houses name what they looked at by digest: Loire as `digestSRI`, `sha256-` and the hex digits of
SHA-256 over the RFC 8785 form of a token's payload; Tagus as `gx:integrity`, the same over a credential with
its proof. VC 2.0 (section 5.3, `relatedResource`) has Subresource Integrity and Multibase over the bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import base58
import rfc8785

from credentials.nquads import Quad
from credentials.report import Check, Outcome
from credentials.shapes.values import parts_of
from vocab.namespaces import CREDENTIALS, SECURITY, gaia_x
from vocab.ownership import owns

#: Digests of one credential that are compared: a clearing house names some ten, and each may cost a read.
MAX_NAMED = 100
#: Documents of one name that are compared: each is a version of the same credential.
MAX_VERSIONS = 20
#: Bytes of documents that are read for one credential, some thousand usual ones: who publishes large ones
#: must not make the verification of others dear.
MAX_READ = 5_000_000

DIGEST_PROPERTIES = frozenset(
    f"<{name}>"
    for name in (
        CREDENTIALS + "digestSRI",
        SECURITY + "digestMultibase",
        CREDENTIALS + "digestMultibase",
        *gaia_x("digestSRI", "integrity"),
    )
)
#: Multihash codes (multiformats table) of the same algorithms.
_MULTIHASH = {0x12: "sha256", 0x20: "sha384", 0x13: "sha512"}
_SRI = re.compile(r"(sha256|sha384|sha512)-([A-Za-z0-9+/_=-]+)(?:\?\S*)?")


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """A credential that is here: who issued it, as it stands (a token's payload, or with its proof).

    `raw` are its bytes as received, None where they are part of a presentation; `size` counts what was read.
    """

    issuer: str
    document: Mapping[str, Any]
    raw: bytes | None
    size: int = 0


#: From a credential's own id to the versions of it that are here, read one by one.
Held = Callable[[str], Iterable[HeldDocument]]


def named_digests(quads: Iterable[Quad]) -> tuple[tuple[str, str], ...]:
    """The IRIs that a credential gives a digest of, each with the digest as it stands there."""
    found = dict.fromkeys(
        (subject[1:-1], parts_of(object_)[0])
        for subject, predicate, object_, graph in quads
        if not graph and predicate in DIGEST_PROPERTIES and subject[0] == "<" and object_[0] == '"'
    )
    return tuple(found)


def check_integrity(named: Sequence[tuple[str, str]], held: Held | None) -> Check:
    """Compare digests (see `named_digests`) with what is here.

    A digest that fits no version fails the check where the document is by somebody who may speak for its
    name: others could put any text under it. Never raises: the policy judges.
    """
    if not named:
        return Check("integrity", Outcome.NOT_CHECKED, "It names no digests of other documents.")
    if held is None:
        return Check(
            "integrity", Outcome.NOT_CHECKED, "It names digests of documents; there is no store to look in."
        )
    equal: list[str] = []
    different: list[dict[str, str]] = []
    elsewhere: list[str] = []
    left = MAX_READ
    for number, (name, stated) in enumerate(named):
        if number == MAX_NAMED or left <= 0:
            break
        owned = False
        for version in islice(held(name), MAX_VERSIONS):
            left -= version.size
            if is_digest_of(stated, version):
                equal.append(name)
                break
            owned = owned or owns(version.issuer, name)
            if left <= 0:
                break
        else:
            if owned:
                different.append({"id": name, "stated": stated[:200]})
            else:
                elsewhere.append(name)
    compared = len(equal) + len(different) + len(elsewhere)
    evidence: dict[str, Any] = {"equal": equal, "different": different, "not_here": elsewhere}
    rest = f" {len(elsewhere)} others that it names are not here." if elsewhere else ""
    if compared < len(named):
        evidence["not_compared"] = len(named) - compared
        rest += f" {len(named) - compared} were not compared: that would be too much work."
    if different:
        return Check(
            "integrity",
            Outcome.FAILED,
            f"The digest that it gives of {different[0]['id'][:200]} is not that of the document here: it "
            f"speaks of another version. {len(different)} of {len(named)} digests differ.{rest}",
            evidence,
        )
    if equal:
        return Check(
            "integrity", Outcome.PASSED, f"{len(equal)} of its digests fit documents here.{rest}", evidence
        )
    return Check(
        "integrity",
        Outcome.NOT_CHECKED,
        f"It names digests of {len(named)} documents, and none of these is known to be here.{rest}",
        evidence,
    )


def is_digest_of(stated: str, version: HeldDocument) -> bool:
    """Whether a digest is that of a document, over its RFC 8785 form or its bytes."""
    texts = [rfc8785.dumps(dict(version.document))]
    if version.raw is not None:
        texts.append(version.raw)
    return any(
        hashlib.new(algorithm, text).digest() == value for algorithm, value in _read(stated) for text in texts
    )


def _read(stated: str) -> Iterator[tuple[str, bytes]]:
    """The algorithm and value of each digest in a text; nothing where it can't be understood."""
    for part in stated.split()[:MAX_VERSIONS]:
        match = _SRI.fullmatch(part)
        if match is None:
            yield from _multibase(part)
            continue
        size = hashlib.new(match[1]).digest_size
        if re.fullmatch(f"[0-9a-fA-F]{{{2 * size}}}", match[2]):
            # As Gaia-X writes it; no base64 of a digest is as long.
            yield match[1], bytes.fromhex(match[2])
        elif value := _base64(match[2]):
            yield match[1], value


def _multibase(text: str) -> Iterator[tuple[str, bytes]]:
    try:
        value = base58.b58decode(text[1:]) if text[0] == "z" else _base64(text[1:]) if text[0] == "u" else b""
    except ValueError:
        return
    if len(value) > 2 and value[0] in _MULTIHASH and value[1] == len(value) - 2:
        yield _MULTIHASH[value[0]], value[2:]


def _base64(text: str) -> bytes:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
