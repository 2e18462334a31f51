"""A log in memory behind a real web server, at the paths of a node."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from hostile_logs import HonestLog
from https_servers import Web, page

from credentials.transparency.refusals import LogRefused
from credentials.transparency.tiles import Bundle, parse_path

#: Where a node has its log.
LOG = "/log/"


class ServedLog(Web):
    """Serves `log` over plain http; `blobs` by their digests, and `pages` first of all."""

    def __init__(self, log: HonestLog) -> None:
        super().__init__(None, plain=True)  # type: ignore[arg-type]
        self.log = log
        self.blobs: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        """The node's base URL."""
        return f"http://127.0.0.1:{self.port}"

    def page_of(self, path: str) -> Callable[[BaseHTTPRequestHandler], None]:
        """What the node answers to a GET."""
        if path in self.pages:
            return self.pages[path]
        if path.startswith("/self-descriptions/"):
            data = self.blobs.get(path.rpartition("/")[2])
            return page(b"", 404) if data is None else page(data, content_type="application/jwt")
        if path == LOG + "checkpoint":
            return page(self.log.checkpoint(), content_type="text/plain; charset=utf-8")
        if path == LOG + "keys":
            return page(json.dumps({"statements": []}).encode(), content_type="application/json")
        return self._static(path.removeprefix(LOG))

    def _static(self, path: str) -> Callable[[BaseHTTPRequestHandler], None]:
        try:
            found = parse_path(path)
        except LogRefused:
            return page(b"", 404)
        level, end = (0, found.start + found.width) if isinstance(found, Bundle) else (found.level, 0)
        if not isinstance(found, Bundle):
            end = found.index * 256 + found.width
        if end > len(self.log.entries) >> (8 * level):
            return page(b"", 404)
        data = self.log.bundle(found) if isinstance(found, Bundle) else self.log.tile(found)
        return page(data, content_type="application/octet-stream")
