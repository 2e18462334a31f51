"""Peers as a follower meets them: HTTP servers on loopback, honest by themselves, hostile as a test wants.

What a test changes is one answer or one part of the log; all the rest stays as an honest node has it, so that
nothing but the change can be what a follower refuses.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from credentials.signing import PrivateKey, did_document, generate_key
from credentials.transparency.checkpoints import sign_checkpoint
from credentials.transparency.entries import LogEntry, Op
from credentials.transparency.log_keys import sign_rotation
from credentials.transparency.merkle import Frontier, leaf_hash
from credentials.transparency.notes import NoteKey
from credentials.transparency.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Bundle,
    PathInvalid,
    Tile,
    parse_path,
    perfect_hash,
    print_bundle,
)

#: No simulated answer is kept open longer than this, whatever the test does.
LONGEST_DRIP = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer. `drip` sends the body byte by byte with so many seconds between."""

    status: int
    body: bytes = b""
    media_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0


#: Sees the request and the honest answer, gives the answer to send.
Change = Callable[[str, Reply], Reply]


def unchanged(_path: str, reply: Reply) -> Reply:
    """What an honest peer answers."""
    return reply


class SimulatedPeer:
    """A node's log and blobs, served. `change` may change every answer; `sent` counts bytes by path."""

    def __init__(self, clock: Callable[[], datetime], *, entries: list[bytes] | None = None) -> None:
        self.clock = clock
        self.key: PrivateKey = generate_key("Ed25519")
        self.log_id = "0123456789abcdef"
        self.entries: list[bytes] = list(entries or ())
        self.blobs: dict[str, tuple[str, bytes] | None] = {}
        self.rotations: list[bytes] = []
        self.change: Change = unchanged
        self.frozen: bytes | None = None
        self.requests: list[str] = []
        self.sent = 0
        self._stop = threading.Event()
        self._server = _Server(self)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    # --- what it is -----------------------------------------------------------------------------------------

    @property
    def host(self) -> str:
        """Host and port: what an operator allows to be fetched from, and the node's name among nodes."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The node's address."""
        return f"http://{self.host}"

    @property
    def origin(self) -> str:
        """The log's origin."""
        return f"{self.host}/log/{self.log_id}"

    @property
    def vkey(self) -> str:
        """The log's key as it is pinned."""
        return NoteKey(self.origin, self.key.public()).text()

    def close(self) -> None:
        """Stop answering."""
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    # --- what its operator does -----------------------------------------------------------------------------

    def enter(self, op: Op, digest: str) -> None:
        """Append an entry."""
        self.entries.append(LogEntry(op, digest, self.clock()).to_bytes())

    def list(self, data: bytes, media_type: str = "application/vc+jwt") -> str:
        """List these bytes, whatever they are; returns their digest."""
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = (media_type, data)
        self.enter(Op.LIST, digest)
        return digest

    def withdraw(self, token: bytes) -> str:
        """Enter a signed withdrawal."""
        digest = hashlib.sha256(token).hexdigest()
        self.blobs[digest] = ("application/jose", token)
        self.enter(Op.WITHDRAW, digest)
        return digest

    def erase(self, digest: str) -> None:
        """Erase bytes."""
        self.blobs[digest] = None
        self.enter(Op.ERASE, digest)

    def rotate(self) -> None:
        """Change the key as the protocol wants it."""
        new = generate_key("Ed25519")
        statement = sign_rotation(self.origin, self.key, new, len(self.entries), self.clock())
        digest = hashlib.sha256(statement).hexdigest()
        self.blobs[digest] = ("application/jwt", statement)
        self.enter(Op.KEY, digest)
        self.rotations.append(statement)
        self.key = new

    # --- what it serves -------------------------------------------------------------------------------------

    def note(self, entries: list[bytes] | None = None, at: datetime | None = None) -> bytes:
        """A checkpoint of these entries, its own if none are given."""
        taken = self.entries if entries is None else entries
        root = Frontier().extend(map(leaf_hash, taken)).root()
        return sign_checkpoint(self.origin, len(taken), root, self.key, at or self.clock())

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """The answer to one request, after the test's change."""
        return self.change(path, self._honest(method, path, body))

    def _honest(self, method: str, path: str, body: bytes) -> Reply:
        if path == "/log/checkpoint":
            return Reply(200, self.frozen or self.note(), "text/plain; charset=utf-8")
        if path == "/log/keys":
            return _json({"origin": self.origin, "key": self.vkey, "rotations": self._statements()})
        if path == "/.well-known/did.json":
            return _json(did_document(f"did:web:127.0.0.1%3A{self.port}", {"node-key": self.key.public()}))
        if path == "/blobs" and method == "POST":
            return _json({"blobs": [self._blob(one) for one in json.loads(body)["digests"]], "left": []})
        if path.startswith("/log/tile/"):
            return self._tile(path.removeprefix("/log/"))
        return _json({"title": "nothing here"}, 404)

    def _statements(self) -> list[str]:
        return [statement.decode("ascii") for statement in self.rotations]

    def _blob(self, digest: str) -> dict[str, Any]:
        if digest not in self.blobs:
            return {"digest": digest, "missing": "unknown"}
        kept = self.blobs[digest]
        if kept is None:
            return {"digest": digest, "missing": "erased"}
        return {"digest": digest, "media_type": kept[0], "text": kept[1].decode("utf-8")}

    def _tile(self, path: str) -> Reply:
        try:
            wanted = parse_path(path)
        except PathInvalid:
            return _json({"title": "no such tile"}, 404)
        first = wanted.index * TILE_WIDTH
        if isinstance(wanted, Bundle):
            found = self.entries[first : first + wanted.width]
            return Reply(200, print_bundle(found)) if len(found) == wanted.width else _json({}, 404)
        hashes = self.hashes(wanted)
        return Reply(200, b"".join(hashes)) if len(hashes) == wanted.width else _json({}, 404)

    def hashes(self, tile: Tile) -> list[bytes]:
        """The hashes of a tile, as many as there are."""
        below = 1 << (TILE_HEIGHT * tile.level)
        first = tile.index * TILE_WIDTH
        rows = (
            self.entries[at * below : (at + 1) * below]
            for at in range(first, min(first + tile.width, len(self.entries) // below))
        )
        return [perfect_hash([leaf_hash(entry) for entry in row]) for row in rows]

    def pieces(self, reply: Reply) -> Iterator[bytes]:
        """The body, in the pieces in which it goes out."""
        if not reply.drip:
            yield reply.body
            return
        for at in range(len(reply.body)):
            if self._stop.wait(reply.drip):
                return
            yield reply.body[at : at + 1]


def _json(form: dict[str, Any], status: int = 200) -> Reply:
    return Reply(status, json.dumps(form).encode(), "application/json")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, peer: SimulatedPeer) -> None:
        self.peer = peer
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A follower that hangs up on a hostile peer does what it should."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._reply(b"")

    def do_POST(self) -> None:
        self._reply(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _reply(self, body: bytes) -> None:
        peer = self.server.peer
        peer.requests.append(self.path)
        reply = peer.answer(self.command, self.path, body)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in peer.pieces(reply):
            self.wfile.write(piece)
            peer.sent += len(piece)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""
