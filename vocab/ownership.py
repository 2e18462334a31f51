"""Which DIDs speak for an identifier, so that nobody collects evidence under somebody else's name.

A subject's IRI is free text to its author. An attestation that names an IRI therefore only counts for the
issuer who controls that IRI: its own DID and DID URLs, and for `did:web` the https addresses below the
place where the DID document lies (did:web method specification, section 3.2).
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from vocab.reading import MAX_IRI

#: Path steps of an https address that are tried as the path of a `did:web`; real ones have three.
MAX_PATH_STEPS = 8
#: DIDs of which the canonical form is remembered: those of one chunk of descriptions come again and again.
_REMEMBERED = 1_024

_DID = re.compile(r"did:[a-z0-9]+:[^/?#]+")
# URL parsers drop some of these silently, so that two texts would name one place.
_NOT_IN_IRI = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_WEB = "did:web:"


@lru_cache(maxsize=_REMEMBERED)
def canonical(did: str) -> str:
    """A form of a DID that is equal for equal DIDs: host in lower case, one way of percent-encoding."""
    if not did.startswith(_WEB):
        return did
    host, *path = did[len(_WEB) :].split(":")
    return _web_did(unquote(host), [unquote(step) for step in path])


def owners(iri: str) -> tuple[str, ...]:
    """Every DID, in canonical form, that may speak for `iri`: the widest first, none where nobody may."""
    if len(iri) > MAX_IRI or _NOT_IN_IRI.search(iri):
        return ()
    found = _DID.match(iri)
    if found is not None:
        return (canonical(found[0]),)
    try:
        parts = urlsplit(iri)
        port = parts.port
    except ValueError:
        return ()
    host = parts.hostname
    if parts.scheme != "https" or not host or "@" in parts.netloc:
        return ()
    steps = [unquote(step) for step in parts.path.split("/") if step]
    if any(step in {".", ".."} or "/" in step for step in steps):
        return ()
    place = host if port in {None, 443} else f"{host}:{port}"
    return tuple(_web_did(place, steps[:length]) for length in range(min(len(steps), MAX_PATH_STEPS) + 1))


def owns(did: str, iri: str) -> bool:
    """Whether the holder of `did` may speak for `iri`."""
    return canonical(did) in owners(iri)


def _web_did(host: str, steps: list[str]) -> str:
    return _WEB + ":".join(quote(part, safe="") for part in (host.lower(), *steps))
