"""Nodes that somebody else runs, as far as one sees them before following: a log, a key, a DID document."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from world import START

from catalogue.node_key import log_origin, node_did, node_did_document
from credentials.resolving import Fetched, FetchFailed
from credentials.signing import PrivateKey, generate_key
from credentials.transparency.checkpoints import origin_key, sign_checkpoint
from credentials.transparency.merkle import Frontier, leaf_hash


class Web:
    """What is served where, behind the fetcher's interface. `asked`: addresses, `posted`: bodies."""

    def __init__(self) -> None:
        self.served: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.asked: list[str] = []
        self.posted: list[tuple[str, bytes]] = []

    def fetch(self, url: str, *, max_bytes: int, post: Any = None, **_options: Any) -> Fetched:
        self.asked.append(url)
        if post is not None:
            self.posted.append((url, post.body))
        final = self.redirects.get(url, url)
        if final not in self.served:
            raise FetchFailed(url, "the host takes no connection", temporary=True)
        body = self.served[final]
        if len(body) > max_bytes:
            raise FetchFailed(url, f"the answer is larger than {max_bytes} bytes", temporary=False)
        return Fetched(body, "text/plain", final, START)


class Stranger:
    """A node at `url` with a log of so many entries; `serve` puts it on the web."""

    def __init__(self, web: Web, url: str, log_id: str = "a1b2c3d4") -> None:
        self.web = web
        self.url = url
        self.key: PrivateKey = generate_key("Ed25519")
        self.origin = log_origin(url, log_id)
        self.entries: list[bytes] = []

    @property
    def vkey(self) -> str:
        return origin_key(self.origin, self.key).text()

    def root(self, size: int | None = None) -> bytes:
        return Frontier().extend([leaf_hash(entry) for entry in self.entries[:size]]).root()

    def note(self, at: datetime = START) -> bytes:
        return sign_checkpoint(self.origin, len(self.entries), self.root(), self.key, at)

    def serve(self, at: datetime = START, *, documented: PrivateKey | None = None) -> Stranger:
        """Answer with the log as it is, and a DID document that names this key, or `documented`."""
        document = node_did_document(self.url, documented or self.key)
        assert document["id"] == node_did(self.url)
        self.web.served[self.url + "/log/checkpoint"] = self.note(at)
        self.web.served[self.url + "/.well-known/did.json"] = json.dumps(document).encode()
        return self
