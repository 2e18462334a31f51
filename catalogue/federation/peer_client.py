"""What is asked of a peer: its checkpoint, bundles and tiles, statements of its key, and blobs in batches.

Every answer is bounded in bytes and time, and counted. Nothing is believed because of where it came from:
logs prove themselves by signatures and hashes, blobs by their digests.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from catalogue.errors import CatalogueError
from catalogue.fetching import Form
from credentials.identity import digest_of
from credentials.resolving import AnswerTooLarge, Fetched, FetchFailed
from credentials.transparency.log_keys import MAX_ROTATION, MAX_ROTATIONS
from credentials.transparency.notes import MAX_NOTE
from credentials.transparency.tiles import MAX_BUNDLE_BYTES, MAX_TILE_BYTES, Bundle, Tile

#: Digests in one request: some 70 bytes each.
MAX_DIGESTS = 256
#: Bytes of an answer with blobs. A node puts 4 MB of them into one; in JSON, letters beyond ASCII may take
#: three times as many.
MAX_BLOBS_ANSWER = 12_100_000
#: What an answer may say that it has: a node that takes larger self-descriptions than most gives such ones.
MAX_SAID = 4 * MAX_BLOBS_ANSWER
#: Every statement that a chain may have, and the names around them.
MAX_KEYS_ANSWER = MAX_ROTATIONS * (MAX_ROTATION + 64) + 8_192

_NOTE_TYPE = "text/plain"
_BYTES_TYPE = "application/octet-stream"
_JSON_TYPE = "application/json"
_NOT_FOUND = 404


class Fetch(Protocol):
    """The way to a peer: `catalogue.fetching.WebFetcher`."""

    def fetch(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        signed: bool = False,
        self_proving: bool = False,
        post: Form | None = None,
    ) -> Fetched:
        """See `WebFetcher.fetch`. Raises FetchFailed."""


class Counts(Protocol):
    """What counts what is asked of a peer (`limits.PeerLimits`). Raises LimitExceeded."""

    def request(self, peer: str) -> None:
        """Count a request that is about to be sent."""

    def answer(self, peer: str, size: int) -> None:
        """Count the bytes of an answer."""


class Uncounted:
    """Counts nothing: for a person who reads one log once."""

    def request(self, peer: str) -> None:
        """Nothing."""

    def answer(self, peer: str, size: int) -> None:
        """Nothing."""


class PeerUnreachable(CatalogueError):
    """The peer didn't answer, or not with what was asked for; that may pass.

    `status` is that of its answer, None when there was none.
    """

    def __init__(self, peer: str, reason: str, status: int | None = None) -> None:
        super().__init__(f"{peer}: {reason}")
        self.peer = peer
        self.reason = reason
        self.status = status


class PeerFault(CatalogueError):
    """The peer's answer is none that a node gives: too large, malformed, or leading somewhere else."""

    def __init__(self, peer: str, reason: str) -> None:
        super().__init__(f"{peer}: {reason}")
        self.peer = peer
        self.reason = reason


class PeerSaysTooMuch(PeerFault):
    """The answer says that it has more bytes than are read. Of several blobs, a single one may be at fault.

    What is larger still, or goes on and on without having said so, is no node's answer.
    """


@dataclass(frozen=True, slots=True)
class Blobs:
    """What a peer answered for some digests. Each asked for is in one of these, or there was no room for it.

    `wrong` are those for which it gave bytes that are not theirs.
    """

    found: dict[str, bytes]
    erased: frozenset[str]
    unknown: frozenset[str]
    wrong: frozenset[str]


class PeerClient:
    """One peer, by its name among nodes and its base URL."""

    def __init__(self, name: str, url: str, fetcher: Fetch, limits: Counts) -> None:
        self.name = name
        self._url = url.rstrip("/")
        self._fetcher = fetcher
        self._limits = limits

    def checkpoint(self) -> bytes:
        """The note that the peer serves now. Raises PeerUnreachable, PeerFault, LimitExceeded, as all do."""
        return self._get("log/checkpoint", _NOTE_TYPE, MAX_NOTE)

    def bundle(self, bundle: Bundle) -> bytes:
        """A bundle of entries, or the full one in its place where a log has dropped the partial one."""
        try:
            return self._get(f"log/{bundle.path}", _BYTES_TYPE, MAX_BUNDLE_BYTES)
        except PeerUnreachable as error:
            if error.status != _NOT_FOUND or bundle.full:
                raise
        return self._get(f"log/{Bundle(bundle.index).path}", _BYTES_TYPE, MAX_BUNDLE_BYTES)

    def tile(self, tile: Tile) -> bytes:
        """A tile of hashes."""
        return self._get(f"log/{tile.path}", _BYTES_TYPE, MAX_TILE_BYTES)

    def key_statements(self) -> tuple[bytes, ...]:
        """The statements by which the log's key was changed, oldest first."""
        answer = self._json(self._get("log/keys", _JSON_TYPE, MAX_KEYS_ANSWER))
        match answer:
            case {"rotations": list(statements)} if len(statements) <= MAX_ROTATIONS:
                if all(isinstance(one, str) and one.isascii() for one in statements):
                    return tuple(one.encode("ascii") for one in statements)
        raise PeerFault(self.name, "its list of key statements can't be read")

    def blobs(self, digests: Sequence[str]) -> Blobs:
        """Bytes by their digests, at most `MAX_DIGESTS`; as many as fit into one answer."""
        body = json.dumps({"digests": list(digests)}).encode()
        answer = self._json(self._fetch("blobs", _JSON_TYPE, MAX_BLOBS_ANSWER, Form(body)))
        match answer:
            case {"blobs": list(items)} if len(items) <= len(digests):
                return self._sorted(set(digests), items)
        raise PeerFault(self.name, "its answer with blobs can't be read")

    def _sorted(self, asked: set[str], items: list[Any]) -> Blobs:
        found: dict[str, bytes] = {}
        missing: dict[str, set[str]] = {"erased": set(), "unknown": set()}
        wrong: set[str] = set()
        for item in items:
            match item:
                case {"digest": str(digest), "text": str(text)} if digest in asked:
                    try:
                        data = text.encode()
                    except UnicodeEncodeError:
                        # A lone surrogate: no bytes that are UTF-8 come to that.
                        wrong.add(digest)
                        continue
                    if digest_of(data) == digest:
                        found[digest] = data
                    else:
                        wrong.add(digest)
                case {"digest": str(digest), "missing": "erased" | "unknown" as how} if digest in asked:
                    missing[how].add(digest)
                case _:
                    raise PeerFault(self.name, "its answer with blobs holds what was not asked for")
        return Blobs(found, frozenset(missing["erased"]), frozenset(missing["unknown"]), frozenset(wrong))

    def _get(self, path: str, accept: str, max_bytes: int) -> bytes:
        return self._fetch(path, accept, max_bytes, None)

    def _fetch(self, path: str, accept: str, max_bytes: int, post: Form | None) -> bytes:
        self._limits.request(self.name)
        try:
            answer = self._fetcher.fetch(
                f"{self._url}/{path}", accept=accept, max_bytes=max_bytes, self_proving=True, post=post
            )
        except FetchFailed as failure:
            where = f"/{path}: {failure.reason}"
            # A status is an answer of sorts: a node that is being set up, a proxy whose node is away.
            if failure.temporary or failure.status is not None:
                raise PeerUnreachable(self.name, where, failure.status) from failure
            if failure.status is None and not isinstance(failure, AnswerTooLarge):
                # It may have sent as much as is read.
                self._limits.answer(self.name, max_bytes)
            if isinstance(failure, AnswerTooLarge) and failure.length <= MAX_SAID:
                raise PeerSaysTooMuch(self.name, where) from failure
            raise PeerFault(self.name, where) from failure
        self._limits.answer(self.name, len(answer.body))
        return answer.body

    def _json(self, data: bytes) -> object:
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise PeerFault(self.name, "its answer is no JSON") from error
