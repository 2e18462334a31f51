"""The node's own identity: an Ed25519 key in the data folder and the did:web document that names it.

When the key is changed (`catalogue log rotate-key`), the new one is prepared in a file beside it, and the old
one is kept aside and named in the document for a while.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from credentials.signing import PrivateKey, did_document, generate_key

KEY_FILE = "node-key.json"
NEXT_KEY_FILE = "node-key.next.json"
PREVIOUS_KEY_FILE = "node-key.previous.json"
#: The name of the key within the document.
FRAGMENT = "node-key"
PREVIOUS_FRAGMENT = "node-key-previous"
#: How long the old key is named: who reads the node's log once a week can check what it signed last.
OVERLAP = timedelta(days=7)


def ensure_key(folder: Path) -> PrivateKey:
    """The node's key, made at the first start: a JWK that only its owner can read (0600)."""
    path = folder / KEY_FILE
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        temporary = folder / f".{KEY_FILE}.{os.getpid()}"
        _write(temporary, generate_key("Ed25519"))
        try:
            # A link fails where another process was first: then its key is the node's.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return _read(path)


def prepare_key(folder: Path) -> PrivateKey:
    """A new key in a file beside the node's, for `promote_key`. One that was prepared before is lost."""
    key = generate_key("Ed25519")
    path = folder / NEXT_KEY_FILE
    path.unlink(missing_ok=True)
    _write(path, key)
    return key


def prepared_key(folder: Path) -> PrivateKey | None:
    """The key that waits to take the place of the node's."""
    path = folder / NEXT_KEY_FILE
    return _read(path) if path.exists() else None


def promote_key(folder: Path) -> None:
    """Put the prepared key in place of the node's, which is kept aside; nothing where that is done already.

    Stopped half-way, it goes on where it was when it is called again: the node is never without a key.
    """
    path, waiting = folder / KEY_FILE, folder / NEXT_KEY_FILE
    if not waiting.exists():
        return
    aside = folder / f".{PREVIOUS_KEY_FILE}"
    aside.unlink(missing_ok=True)
    # A new file, whose age tells since when the key is the previous one.
    _write(aside, _read(path))
    aside.replace(folder / PREVIOUS_KEY_FILE)
    waiting.replace(path)


def previous_key(folder: Path, since: datetime | None = None) -> PrivateKey | None:
    """The key before the node's, if there is one, and if it was that until `since` at least."""
    path = folder / PREVIOUS_KEY_FILE
    try:
        until = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
    return _read(path) if since is None or until > since else None


def _write(path: Path, key: PrivateKey) -> None:
    """A new file that only its owner can read. FileExistsError rather than overwrite."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        json.dump(key.to_jwk(), stream)
        stream.flush()
        os.fsync(stream.fileno())


def _read(path: Path) -> PrivateKey:
    return PrivateKey.from_jwk(json.loads(path.read_text(encoding="utf-8")))


def node_name(url: str) -> str:
    """What a node at a base URL is called among nodes: host, port if named, and path, without a scheme."""
    parts = urlsplit(url)
    return parts.netloc.lower() + parts.path.rstrip("/")


def log_origin(url: str, log_id: str) -> str:
    """The origin (C2SP tlog-checkpoint) of a node's log: another log of the same node has another."""
    return f"{node_name(url)}/log/{log_id}"


def node_did(url: str) -> str:
    """The did:web of a node at a base URL; the port's colon is percent-encoded as the method says."""
    parts = urlsplit(url)
    segments = [quote(parts.netloc, safe=""), *(quote(part) for part in parts.path.split("/") if part)]
    return "did:web:" + ":".join(segments)


def node_did_document(url: str, key: PrivateKey, previous: PrivateKey | None = None) -> dict[str, Any]:
    """The document served at /.well-known/did.json."""
    keys = {FRAGMENT: key.public()}
    if previous is not None:
        keys[PREVIOUS_FRAGMENT] = previous.public()
    return did_document(node_did(url), keys)
