"""A node's log and blobs, served from memory by a process of its own: what a follower is measured against.

It answers as a node's endpoints do and costs next to nothing, so that the follower is what is measured.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from typing import Any

from credentials.identity import digest_of
from credentials.private_keys import PrivateKey
from credentials.times import utc_now
from credentials.transparency.checkpoints import origin_key, sign_checkpoint
from credentials.transparency.entries import LogEntry, Op
from credentials.transparency.merkle import HASH_BYTES, Frontier, leaf_hash, node_hash
from credentials.transparency.refusals import LogRefused
from credentials.transparency.tiles import TILE_WIDTH, Bundle, Tile, parse_path, print_bundle

_KEY = PrivateKey.from_ed25519_seed(bytes(range(32)))
#: When every entry was made: it plays no part.
_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
#: Bytes of blobs in one answer, as a node gives them.
_MAX_GIVEN = 4_000_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests answered, and bytes of requests and answers on the wire, headers included."""

    requests: int
    received: int
    sent: int


class ServedLog:
    """The log of a peer that lists `blobs`, then entries that name nothing. End it with `close`."""

    def __init__(self, blobs: Sequence[bytes] = ()) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, list(blobs)), daemon=True)
        self._process.start()
        theirs.close()
        self.port: int = self._pipe.recv()

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """What to allow fetches from."""
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        """The log's name."""
        return f"{self.host}/log/bench"

    @property
    def key(self) -> str:
        """The key to pin."""
        return origin_key(self.origin, _KEY).text()

    def grow(self, count: int) -> None:
        """Append entries that name nothing that is to be had, and sign."""
        self._ask(("grow", count))

    def traffic(self) -> Traffic:
        """What was asked and answered since this was asked last."""
        found: Traffic = self._ask(("traffic", 0))
        return found

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self._pipe.send(None)
        self._process.join(5)
        self._process.kill()
        self._pipe.close()

    def _ask(self, question: tuple[str, int]) -> Any:
        self._pipe.send(question)
        return self._pipe.recv()


class _Log:
    def __init__(self, origin: str, blobs: Sequence[bytes]) -> None:
        self._origin = origin
        # As they are answered.
        self._blobs: dict[str, bytes] = {}
        for data in blobs:
            digest = digest_of(data)
            item = {"digest": digest, "media_type": "application/vc+jwt", "text": data.decode()}
            self._blobs[digest] = json.dumps(item).encode()
        self._listed = list(self._blobs)
        self.size = 0
        # Hashes of the perfect subtrees whose heights are multiples of eight, as tiles hold them.
        self._levels: list[bytearray] = []
        self.note = b""
        self.grow(len(self._listed))

    def _entry(self, number: int) -> bytes:
        digest = self._listed[number] if number < len(self._listed) else sha256(b"%d" % number).hexdigest()
        return LogEntry(Op.LIST, digest, _MADE_AT).to_bytes()

    def grow(self, count: int) -> None:
        hashes = [leaf_hash(self._entry(self.size + place)) for place in range(count)]
        self.size += count
        level = 0
        while hashes:
            if level == len(self._levels):
                self._levels.append(bytearray())
            kept = self._levels[level]
            before = len(kept) // HASH_BYTES // TILE_WIDTH
            kept += b"".join(hashes)
            after = len(kept) // HASH_BYTES // TILE_WIDTH
            hashes = [_root(self._hashes(level, number, TILE_WIDTH)) for number in range(before, after)]
            level += 1
        self.note = sign_checkpoint(self._origin, self.size, self._root(), _KEY, utc_now())

    def _hashes(self, level: int, number: int, width: int) -> list[bytes]:
        start = number * TILE_WIDTH * HASH_BYTES
        data = bytes(self._levels[level][start : start + width * HASH_BYTES])
        return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]

    def _root(self) -> bytes:
        frontier = Frontier()
        for level in range(len(self._levels) - 1, -1, -1):
            done = frontier.size >> (8 * level)
            have = self.size >> (8 * level)
            data = self._levels[level]
            frontier = frontier.extend(
                (bytes(data[at * HASH_BYTES : (at + 1) * HASH_BYTES]) for at in range(done, have)), 8 * level
            )
        return frontier.root()

    def answer(self, path: str, body: bytes) -> bytes:
        """The answer for a path below the base URL. ValueError, LookupError for what there is none for."""
        if path == "/log/checkpoint":
            return self.note
        if path == "/blobs":
            return self._given(json.loads(body)["digests"])
        named = parse_path(path.removeprefix("/log/"))
        if isinstance(named, Bundle):
            return print_bundle(self._entry(named.start + place) for place in range(named.width))
        assert isinstance(named, Tile)
        return b"".join(self._hashes(named.level, named.index, named.width))

    def _given(self, digests: Sequence[str]) -> bytes:
        items: list[bytes] = []
        left: list[str] = []
        total = 0
        for digest in digests:
            item = self._blobs.get(digest) or json.dumps({"digest": digest, "missing": "unknown"}).encode()
            total += len(item)
            if items and total > _MAX_GIVEN:
                left.append(digest)
            else:
                items.append(item)
        return b'{"blobs": [' + b",".join(items) + b'], "left": ' + json.dumps(left).encode() + b"}"


def _root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    log: _Log
    mutex = threading.Lock()
    requests = received = sent = 0

    def count(self, received: int, sent: int) -> None:
        with self.mutex:
            self.requests += 1
            self.received += received
            self.sent += sent


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        try:
            answer, status = self.server.log.answer(self.path, body), 200
        except (ValueError, LookupError, LogRefused):
            answer, status = b"", 404
        # What a node's own server sends with it.
        head = (
            f"HTTP/1.1 {status} OK\r\nServer: gunicorn\r\nDate: {self.date_time_string()}\r\n"
            "Connection: close\r\nContent-Type: application/octet-stream\r\n"
            "Cache-Control: public, max-age=31536000, immutable\r\n"
            f"Content-Length: {len(answer)}\r\n\r\n"
        ).encode()
        self.wfile.write(head + answer)
        asked = len(self.requestline) + 2 + len(bytes(self.headers)) + len(body)
        self.server.count(asked, len(head) + len(answer))
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _run(pipe: Pipe, blobs: Sequence[bytes]) -> None:
    """The process: a server in threads, and its owner's wishes."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port = server.server_address[1]
    server.log = _Log(f"127.0.0.1:{port}/log/bench", blobs)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(port)
    while True:
        try:
            question = pipe.recv()
        except EOFError:
            return
        match question:
            case ("grow", int(count)):
                server.log.grow(count)
                pipe.send(None)
            case ("traffic", _):
                with server.mutex:
                    pipe.send(Traffic(server.requests, server.received, server.sent))
                    server.requests = server.received = server.sent = 0
            case _:
                return
