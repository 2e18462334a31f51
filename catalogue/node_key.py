"""The node's own identity: an Ed25519 key in the data folder and the did:web document that names it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from credentials.signing import PrivateKey, did_document, generate_key

KEY_FILE = "node-key.json"
#: The name of the key within the document.
FRAGMENT = "node-key"


def ensure_key(folder: Path) -> PrivateKey:
    """The node's key, made at the first start: a JWK that only its owner can read (0600)."""
    path = folder / KEY_FILE
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        temporary = folder / f".{KEY_FILE}.{os.getpid()}"
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            json.dump(generate_key("Ed25519").to_jwk(), stream)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            # A link fails where another process was first: then its key is the node's.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
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


def node_did_document(url: str, key: PrivateKey) -> dict[str, Any]:
    """The document served at /.well-known/did.json."""
    return did_document(node_did(url), {FRAGMENT: key.public()})
