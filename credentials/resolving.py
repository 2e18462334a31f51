"""From a DID to its document: out of the DID itself, from a folder, over the web, or from kept bytes.

Each resolver answers for some DIDs and says `NotResponsible` for the others, so that `FirstOf` can chain
them. How a document was obtained goes with it: "https" shows control of a host, "folder" the operator's word,
"inline" nothing but the key, "derived" that the DID's own text was believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

from credentials.dids import (
    MAX_DID_DOCUMENT,
    Did,
    DidDocument,
    DidDocumentInvalid,
    DidMalformed,
    parse_did_document,
    web_host,
    web_url,
)
from credentials.encoding import from_base58btc, from_base64url
from credentials.errors import Rejection
from credentials.keys import KeyUnusable, public_key_from_jwk, public_key_from_multibase, public_key_from_pem
from credentials.parsing import parse_json

Obtained = Literal["https", "folder", "derived", "inline"]

#: Documents in one folder; all are held in memory, typically 2 kB each.
MAX_FOLDER_DOCUMENTS = 10_000
#: Documents derived from a DID's text that are kept, since reading the key costs up to 13 ms.
DERIVED_CACHE = 1_024

DID_MEDIA_TYPES = "application/did+json, application/did+ld+json, application/json"


class ResolutionFailed(Exception):
    """No usable document for `did`; `temporary` says whether trying again later may help."""

    def __init__(self, did: str, reason: str, *, temporary: bool = False) -> None:
        super().__init__(f"{did[:200]}: {reason}")
        self.did = did
        self.reason = reason
        self.temporary = temporary


class NotResponsible(ResolutionFailed):
    """This resolver does not answer for such DIDs; another one may."""


class FetchFailed(Exception):
    """A `Fetcher` got no acceptable answer; `temporary` says whether trying again later may help.

    `status` is that of the answer, None when none came.
    """

    def __init__(self, url: str, reason: str, *, temporary: bool, status: int | None = None) -> None:
        super().__init__(f"{url[:200]}: {reason}")
        self.url = url
        self.reason = reason
        self.temporary = temporary
        self.status = status


class AnswerTooLarge(FetchFailed):
    """There is an answer, which says itself that it has more bytes, `length`, than are read."""

    def __init__(self, url: str, reason: str, length: int) -> None:
        super().__init__(url, reason, temporary=False)
        self.length = length


class FolderUnusable(Exception):
    """A folder of DID documents that cannot be used; `path` and `problem` tell the operator where."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Resolved:
    """A DID document, how it was obtained and, if fetched, when. `raw` are the bytes as received."""

    document: DidDocument
    obtained: Obtained
    raw: bytes
    fetched_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer to a GET: the body, its media type in lower case without parameters, the final URL, when."""

    body: bytes
    media_type: str
    url: str
    at: datetime


class Resolver(Protocol):
    """Finds the document of a DID."""

    def resolve(self, did: str) -> Resolved:
        """The document of `did`. ResolutionFailed when there is none."""


class Fetcher(Protocol):
    """The only way to the outside (implemented in `catalogue.fetching`)."""

    def fetch(self, url: str, *, accept: str, max_bytes: int, signed: bool = False) -> Fetched:
        """GET `url`, at most `max_bytes` of body. FetchFailed for anything but a complete 200.

        `signed`: the reader checks a signature over what comes, so that plain http will do.
        """


class FirstOf:
    """Asks each resolver in turn; the first that is responsible answers, or fails, for all."""

    def __init__(self, resolvers: Sequence[Resolver]) -> None:
        self._resolvers = tuple(resolvers)

    def resolve(self, did: str) -> Resolved:
        """The document of `did`. ResolutionFailed, with every reason, when nobody has one."""
        reasons = []
        for resolver in self._resolvers:
            try:
                return resolver.resolve(did)
            except NotResponsible as error:
                reasons.append(error.reason)
        raise ResolutionFailed(did, "; ".join(reasons) or "no way to resolve DIDs is configured")


class InlineResolver:
    """did:key and did:jwk: the DID is the key, its document follows from it."""

    def resolve(self, did: str) -> Resolved:
        """The derived document of a did:key or did:jwk. ResolutionFailed when its key is unusable."""
        return _inline(did)


@lru_cache(maxsize=DERIVED_CACHE)
def _inline(did: str) -> Resolved:
    parsed = _parsed(did)
    method: dict[str, Any]
    try:
        if parsed.method == "key":
            public_key_from_multibase(parsed.identifier)
            method = {
                "id": f"{did}#{parsed.identifier}",
                "type": "Multikey",
                "publicKeyMultibase": parsed.identifier,
            }
        elif parsed.method == "jwk":
            jwk = parse_json(from_base64url(parsed.identifier))
            public_key_from_jwk(jwk)
            method = {"id": f"{did}#0", "type": "JsonWebKey", "publicKeyJwk": jwk}
        else:
            raise NotResponsible(did, "the DID does not contain its key")
    except KeyUnusable as error:
        raise ResolutionFailed(did, error.problem) from error
    except Rejection as error:
        raise ResolutionFailed(did, f"the did:jwk is not acceptable JSON ({error.detail})") from error
    except ValueError as error:
        raise ResolutionFailed(did, f"the did:jwk is {error}") from error
    return _derived(did, method, "inline")


class SelfCertifyingResolver:
    """Wizard DIDs: `did:web:<host>:...:api:credentials:<base58 of a PEM public key or certificate>`.

    The key comes from the DID's text, so nobody has shown control of the host: for test beds only. `hosts`
    are names as in the DID, with `:port` where it has one.
    """

    #: The only method id in use for such keys.
    FRAGMENT = "JWK2020"

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)

    def resolve(self, did: str) -> Resolved:
        """The document that the DID's text implies. ResolutionFailed when that holds no usable key."""
        parsed = _parsed(did)
        segments = parsed.identifier.split(":")
        if parsed.method != "web" or len(segments) < 4 or segments[-3:-1] != ["api", "credentials"]:
            raise NotResponsible(did, "the DID's text contains no wizard key")
        try:
            host = web_host(did)
        except DidMalformed as error:
            raise ResolutionFailed(did, error.problem) from error
        if host not in self._hosts:
            raise NotResponsible(did, f"keys in DIDs of host {host} are not believed here")
        return _wizard(did, segments[-1])


@lru_cache(maxsize=DERIVED_CACHE)
def _wizard(did: str, text: str) -> Resolved:
    try:
        key = public_key_from_pem(from_base58btc(text))
    except KeyUnusable as error:
        raise ResolutionFailed(did, error.problem) from error
    except ValueError as error:
        raise ResolutionFailed(did, f"its last segment is {error}") from error
    method = {
        "id": f"{did}#{SelfCertifyingResolver.FRAGMENT}",
        "type": "JsonWebKey2020",
        "publicKeyJwk": key.jwk(),
    }
    return _derived(did, method, "derived")


def _derived(did: str, method: Mapping[str, Any], obtained: Obtained) -> Resolved:
    document = {
        "id": did,
        "verificationMethod": [{**method, "controller": did}],
        "assertionMethod": [method["id"]],
        "authentication": [method["id"]],
    }
    raw = json.dumps(document).encode()
    return Resolved(parse_did_document(did, raw), obtained, raw)


def _parsed(did: str) -> Did:
    try:
        return Did.parse(did)
    except DidMalformed as error:
        raise ResolutionFailed(did, error.problem) from error


class FolderResolver:
    """Every `*.json` in a folder, each found by its `id` whatever the file's name. Read once, when made.

    FolderUnusable when a file is no DID document, or two files disagree about a DID.
    """

    def __init__(self, path: Path) -> None:
        self._documents: dict[str, Resolved] = {}
        try:
            files = sorted(path.glob("*.json")) if path.is_dir() else None
        except OSError as error:
            raise FolderUnusable(path, str(error)) from error
        if files is None:
            raise FolderUnusable(path, "not a folder")
        if len(files) > MAX_FOLDER_DOCUMENTS:
            raise FolderUnusable(path, f"more than {MAX_FOLDER_DOCUMENTS} documents")
        for file in files:
            self._add(file)

    def _add(self, file: Path) -> None:
        try:
            with file.open("rb") as stream:
                raw = stream.read(MAX_DID_DOCUMENT + 1)
            parsed = parse_json(raw) if len(raw) <= MAX_DID_DOCUMENT else {}
            did = parsed.get("id")
            if not isinstance(did, str):
                raise FolderUnusable(file, f"not a DID document of at most {MAX_DID_DOCUMENT} bytes")
            Did.parse(did)
            document = parse_did_document(did, raw)
        except OSError as error:
            raise FolderUnusable(file, str(error)) from error
        except Rejection as error:
            raise FolderUnusable(file, error.detail) from error
        except (DidMalformed, DidDocumentInvalid) as error:
            raise FolderUnusable(file, error.problem) from error
        known = self._documents.setdefault(did, Resolved(document, "folder", raw))
        if known.raw != raw and parse_json(known.raw) != parsed:
            raise FolderUnusable(
                file, f"another file in the folder holds a different document of {did[:200]}"
            )

    def resolve(self, did: str) -> Resolved:
        """The folder's document of `did`; NotResponsible when it has none."""
        try:
            return self._documents[did]
        except KeyError:
            raise NotResponsible(did, "the folder of DID documents has none of this DID") from None


class WebResolver:
    """did:web over https, through a `Fetcher`."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def resolve(self, did: str) -> Resolved:
        """Fetch and read the document of a did:web. ResolutionFailed when that is not possible."""
        if _parsed(did).method != "web":
            raise NotResponsible(did, "not a did:web")
        try:
            fetched = self._fetcher.fetch(web_url(did), accept=DID_MEDIA_TYPES, max_bytes=MAX_DID_DOCUMENT)
            document = parse_did_document(did, fetched.body)
        except (DidMalformed, DidDocumentInvalid) as error:
            raise ResolutionFailed(did, error.problem) from error
        except FetchFailed as error:
            raise ResolutionFailed(did, error.reason, temporary=error.temporary) from error
        return Resolved(document, "https", fetched.body, fetched.at)


class ReplayResolver:
    """Documents kept with an earlier verdict, so that a rebuild needs no network.

    `obtained` says how each was obtained then: one word for all, or one by DID.
    """

    def __init__(self, documents: Mapping[str, bytes], obtained: Mapping[str, Obtained] | Obtained) -> None:
        self._documents = dict(documents)
        self._obtained = obtained

    def resolve(self, did: str) -> Resolved:
        """The kept document of `did`; NotResponsible when none was kept."""
        raw = self._documents.get(did)
        if raw is None:
            raise NotResponsible(did, "no document of this DID was kept")
        try:
            document = parse_did_document(did, raw)
        except DidDocumentInvalid as error:
            raise ResolutionFailed(did, error.problem) from error
        obtained = self._obtained if isinstance(self._obtained, str) else self._obtained[did]
        return Resolved(document, obtained, raw)
