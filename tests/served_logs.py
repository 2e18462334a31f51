"""A log in memory behind a real web server, at the paths of a node."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from hostile_logs import HonestLog
from https_servers import Web, page

from catalogue.node_key import node_did, node_did_document
from credentials.transparency.refusals import LogRefused
from credentials.transparency.tiles import Bundle, parse_path

#: Where a node has its log.
LOG = "/log/"


class ServedLog(Web):
    """Serves `log` over plain http with all that a node serves beside it; `pages` come first.

    `blobs` by their digests: bytes, or how they are missing. `room` is how many fit into an answer.
    """

    def __init__(self, log: HonestLog) -> None:
        super().__init__(None, plain=True)  # type: ignore[arg-type]
        self.log = log
        self.blobs: dict[str, bytes | str] = {}
        self.room = 100
        self.statements: list[bytes] = []

    @property
    def address(self) -> str:
        """The node's base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def did(self) -> str:
        """The node's name as a DID."""
        return node_did(self.address)

    def page_of(self, path: str) -> Callable[[BaseHTTPRequestHandler], None]:
        """What the node answers."""
        if path in self.pages:
            return self.pages[path]
        if path == "/.well-known/did.json":
            return _json(node_did_document(self.address, self.log.key))
        if path == "/blobs":
            return _json(self._given(json.loads(self.posted[-1])["digests"]))
        if path == LOG + "checkpoint":
            return page(self.log.checkpoint(), content_type="text/plain; charset=utf-8")
        if path == LOG + "keys":
            rotations = [statement.decode() for statement in self.statements]
            return _json({"origin": self.log.origin, "rotations": rotations})
        return self._static(path.removeprefix(LOG))

    def _static(self, path: str) -> Callable[[BaseHTTPRequestHandler], None]:
        try:
            found = parse_path(path)
        except LogRefused:
            return page(b"", 404)
        level = 0 if isinstance(found, Bundle) else found.level
        if found.index * 256 + found.width > len(self.log.entries) >> (8 * level):
            return page(b"", 404)
        data = self.log.bundle(found) if isinstance(found, Bundle) else self.log.tile(found)
        return page(data, content_type="application/octet-stream")

    def _given(self, digests: list[str]) -> dict[str, object]:
        items = []
        for digest in digests[: self.room]:
            held = self.blobs.get(digest, "unknown")
            what = {"missing": held} if isinstance(held, str) else {"text": held.decode()}
            items.append({"digest": digest, **what})
        return {"blobs": items, "left": digests[self.room :]}


def _json(value: object) -> Callable[[BaseHTTPRequestHandler], None]:
    return page(json.dumps(value).encode(), content_type="application/json")
