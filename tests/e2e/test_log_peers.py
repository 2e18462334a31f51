"""Go's own packages for transparency logs open our notes, check our proofs and tiles, and we what they sign.

The program in peers/tlog is built by `.ci/install-peers` with golang.org/x/mod.
"""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile_logs import KEY, ORIGIN, OTHER_KEY, HonestLog, altering, entry, rewritten
from offerings import Provider
from running import NO_LIMITS, RunningNode, eventually
from served_logs import ServedLog

from catalogue.node_key import OVERLAP, PREVIOUS_KEY_FILE
from credentials.identity import digest_of
from credentials.jws import parse_compact
from credentials.times import utc_now
from credentials.transparency.checkpoints import Checkpoint, origin_key, sign_checkpoint
from credentials.transparency.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
)
from credentials.transparency.notes import NoteKey, check_note, parse_note
from credentials.transparency.refusals import BadSignature
from credentials.transparency.tiles import TileHashes, print_bundle
from credentials.withdrawal import sign_withdrawal

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "peers" / "tlog" / "build" / "tlogpeer"
PEER_SECONDS = 60
#: Entries of a running node: a full bundle, and a partial one.
PUBLISHED = 260
#: Full and partial tiles on two levels.
LOG = HonestLog.of(700)
VKEY = origin_key(ORIGIN, KEY).text()


class PeerRefused(Exception):
    """The other implementation says no."""


def ask(*arguments: str, given: bytes = b"") -> dict[str, Any]:
    if not PROGRAM.is_file():
        reason = "the Go program is not built; run .ci/install-peers"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    done = subprocess.run(
        [str(PROGRAM), *arguments], input=given, capture_output=True, timeout=PEER_SECONDS, check=False
    )
    if done.returncode:
        raise PeerRefused(done.stderr.decode())
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def base64_of(*hashes: bytes) -> list[str]:
    return [base64.b64encode(item).decode() for item in hashes]


@pytest.fixture
def served() -> Iterator[ServedLog]:
    with closing(ServedLog(LOG)) as server:
        yield server


def test_go_opens_our_checkpoint_with_both_signatures() -> None:
    note = LOG.checkpoint()
    assert ask("open", VKEY, given=note) == {
        "text": Checkpoint(ORIGIN, 700, LOG.root()).text(),
        "time": int(LOG.signed_at.timestamp()),
    }
    # While its key changes, both keys sign.
    both = sign_checkpoint(ORIGIN, 700, LOG.root(), OTHER_KEY, LOG.signed_at, further_keys=[KEY])
    for key in (KEY, OTHER_KEY):
        assert ask("open", origin_key(ORIGIN, key).text(), given=both)["time"] == int(
            LOG.signed_at.timestamp()
        )
    with pytest.raises(PeerRefused, match="no verifiable signatures"):
        ask("open", VKEY, given=sign_checkpoint(ORIGIN, 700, LOG.root(), OTHER_KEY, LOG.signed_at))
    with pytest.raises(PeerRefused, match="invalid signature"):
        ask("open", VKEY, given=note.replace(b"\n700\n", b"\n701\n"))


def test_we_open_what_go_signs() -> None:
    text = "node-b.example/log\n5\nnot a checkpoint, a note\n"
    answer = ask("sign", "node-b.example/log", given=text.encode())
    key = NoteKey.parse(answer["key"])
    note = parse_note(answer["note"].encode())
    assert (note.text, [signed.key for signed in check_note(note, [key])]) == (text, [key])
    with pytest.raises(BadSignature):
        check_note(replace(note, text=text.replace("5", "6")), [key])


def test_go_accepts_our_proofs_and_no_others() -> None:
    def checked(size: int, *, wrong: bool = False) -> dict[str, Any]:
        read = TileHashes(size, LOG.tile)
        given = {
            "size": size,
            "root": base64_of(Frontier.read(read, size).root())[0],
            "inclusions": [
                {
                    "index": index,
                    "leaf": base64_of(leaf_hash(LOG.entries[index]))[0],
                    "proof": base64_of(*inclusion_proof(read, index, size)),
                }
                for index in range(0, size, 7)
            ],
            "consistencies": [
                {
                    "size": old,
                    "root": base64_of(Frontier.read(read, old).root())[0],
                    "proof": base64_of(*consistency_proof(read, old, size)),
                }
                for old in range(1, size, 7)
            ],
        }
        if wrong:
            given["inclusions"][1]["leaf"] = base64_of(bytes(32))[0]  # type: ignore[index]
        return ask("check", given=json.dumps(given).encode())

    for size in (2, 255, 256, 257, 512, 700):
        assert checked(size) == {"inclusions": -(-size // 7), "consistencies": len(range(1, size, 7))}
    with pytest.raises(PeerRefused, match="record 7"):
        checked(700, wrong=True)


def test_go_audits_our_log_from_checkpoint_to_entries(served: ServedLog) -> None:
    url = f"{served.address}/log"
    assert ask("audit", url, VKEY)["size"] == 700
    served.log = HonestLog.of(256)
    assert ask("audit", url, VKEY)["size"] == 256
    served.log = HonestLog()
    assert ask("audit", url, VKEY)["size"] == 0


def test_go_finds_what_was_altered(served: ServedLog) -> None:
    url = f"{served.address}/log"
    served.log = altering(LOG, lambda entries: print_bundle([entry(0, "second"), *entries[1:]]))
    with pytest.raises(PeerRefused, match="entry 0 is not the one in the tree"):
        ask("audit", url, VKEY)
    served.log = altering(LOG, lambda entries: print_bundle(entries)[:-1])
    with pytest.raises(PeerRefused, match="ends early"):
        ask("audit", url, VKEY)
    # The checkpoint of one history over the tiles of another.
    served.log = rewritten(LOG, 3)
    note = LOG.checkpoint()
    served.log.checkpoint = lambda: note  # type: ignore[method-assign]
    with pytest.raises(PeerRefused, match="inconsistent tile"):
        ask("audit", url, VKEY)


def test_go_and_the_audit_command_read_a_running_node(make_node: Any, tmp_path: Path) -> None:
    node: RunningNode = make_node(environment=NO_LIMITS)
    node.start()
    provider = Provider()
    offerings = [provider.signed(f"Audited {number}") for number in range(PUBLISHED)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(node.client.publish, offerings))
    content = parse_compact(offerings[0]).content_id
    node.client.withdraw(sign_withdrawal(content, provider.did, provider.key, provider.method, utc_now()))
    node.run("erase", digest_of(offerings[1]), "--reason", "a test")
    size = PUBLISHED + 2
    eventually("all is signed", lambda: node.client.get("/log/entries")["size"] == size)

    kept = tmp_path / "checkpoint"
    told = node.run("audit", node.url, "--blobs", "--save", str(kept))
    assert f"Entries:     {size} ({PUBLISHED} list, 1 withdraw, 1 erase)" in told
    assert f"Blobs:       {PUBLISHED} given, 1 erased" in told
    vkey = next(line.split()[1] for line in told.splitlines() if line.startswith("Key:"))
    answer = ask("audit", f"{node.url}/log", vkey)
    # Go reads tiles when it needs them: both of the lowest level, and the one above.
    assert (answer["size"], answer["tiles"] >= 3) == (size, True)

    # The key changes, and the time is over in which the old one signs too: a statement leads to the new one.
    changed = node.run("log", "rotate-key")
    # The signer has looked at the keys before they are made to look old, and looks again for the next entry.
    eventually("the change is signed", lambda: node.client.get("/log/entries")["size"] == size + 1)
    long_ago = (utc_now() - 2 * OVERLAP).timestamp()
    os.utime(node.data / PREVIOUS_KEY_FILE, (long_ago, long_ago))
    node.client.publish(provider.signed("Signed by the new key"))
    eventually("all is signed", lambda: node.client.get("/log/entries")["size"] == size + 2)
    told = node.run("audit", node.url, "--key", vkey, "--since", str(kept), "--blobs")
    assert f"({PUBLISHED + 1} list, 1 withdraw, 1 erase, 1 key)" in told
    assert f"Contains:    the {size} entries" in told
    with pytest.raises(PeerRefused, match="no verifiable signatures"):
        ask("audit", f"{node.url}/log", vkey)
    new = next(line.split()[2] for line in changed.splitlines() if line.startswith("New key:"))
    assert ask("audit", f"{node.url}/log", new)["size"] == size + 2

    # The past is altered by hand in the database.
    assert node.stop() == 0
    with closing(sqlite3.connect(node.data / "catalogue.sqlite")) as database:
        (entry,) = database.execute("SELECT entry FROM intake WHERE position = 7").fetchone()
        digest = json.loads(entry)["digest"]
        altered = entry.replace(digest, digest_of(b"another"))
        database.execute("UPDATE intake SET entry = ? WHERE position = 7", (altered,))
        database.commit()
    node.start()
    with pytest.raises(AssertionError, match="hash to"):
        node.run("audit", node.url, "--key", vkey, "--since", str(kept))
    with pytest.raises(PeerRefused, match="entry 7 is not the one in the tree"):
        ask("audit", f"{node.url}/log", new)
