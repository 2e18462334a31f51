"""`catalogue audit`: a log behind a real web server, and evidence in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hostile_logs import KEY, OTHER_KEY, HonestLog, altering, entry, restored, rewritten
from https_servers import page
from served_logs import ServedLog

from catalogue.cli import catalogue
from catalogue.federation.auditing import MAX_FAULTS, PAUSES, audit_log
from catalogue.federation.peer_client import PeerClient, Uncounted
from catalogue.fetching import WebFetcher
from catalogue.node_key import log_origin
from credentials.identity import digest_of
from credentials.times import utc_now
from credentials.transparency.checkpoints import origin_key
from credentials.transparency.entries import LogEntry, Op
from credentials.transparency.log_keys import sign_rotation
from credentials.transparency.tiles import print_bundle

Run = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[ServedLog]:
    """A node with 600 entries, each of them a blob."""
    with closing(ServedLog(HonestLog())) as web:
        web.log = HonestLog(origin=log_origin(web.address, "1"), signed_at=utc_now())
        for number in range(600):
            add(web, f"blob {number}".encode())
        yield web


def add(server: ServedLog, data: bytes, op: Op = Op.LIST) -> str:
    digest = digest_of(data)
    server.blobs[digest] = data
    server.log.entries.append(LogEntry(op, digest, utc_now()).to_bytes())
    return digest


def erase(server: ServedLog, digest: str, *, logged: bool = True) -> None:
    server.blobs[digest] = "erased"
    if logged:
        server.log.entries.append(LogEntry(Op.ERASE, digest, utc_now()).to_bytes())


@pytest.fixture
def run() -> Run:
    def call(*arguments: str, given: bytes | None = None) -> Result:
        return CliRunner().invoke(catalogue, ["audit", *arguments], input=given)

    return call


def rows(done: Result) -> dict[str, str]:
    return {
        title: text.strip() for title, _, text in (line.partition(":") for line in done.output.splitlines())
    }


def test_a_sound_log_is_told_with_what_it_holds(run: Run, server: ServedLog) -> None:
    done = run(server.address)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "The log is sound.")
    told = rows(done)
    assert told["Log"] == server.log.origin
    assert told["Key"] == server.log.note_key.text()
    assert told["Whose word"] == f"named by {server.did}, fetched over plain http: nobody vouches for it"
    assert told["Entries"] == "600 (600 list)"
    # Three at the bottom, and the one above.
    assert told["Tiles"] == "4"
    assert told["Signed"].endswith(f"root {server.log.root().hex()}")
    assert "Blobs" not in told
    assert "Remark" not in told


def test_an_empty_log_is_sound(run: Run, server: ServedLog) -> None:
    server.log.entries.clear()
    done = run(server.address, "--blobs")
    assert done.exit_code == 0, done.output
    assert (rows(done)["Entries"], rows(done)["Blobs"]) == ("0", "0 given, 0 erased")


@pytest.mark.parametrize(("size", "tiles"), [(1, 1), (256, 2), (512, 3)])
def test_logs_that_end_with_a_tile_are_sound(run: Run, server: ServedLog, size: int, tiles: int) -> None:
    del server.log.entries[size:]
    done = run(server.address)
    assert done.exit_code == 0, done.output
    assert (rows(done)["Tiles"], rows(done)["Entries"]) == (str(tiles), f"{size} ({size} list)")


def test_a_key_that_is_given_must_have_signed(run: Run, server: ServedLog) -> None:
    done = run(server.address, "--key", server.log.note_key.text())
    assert done.exit_code == 0, done.output
    assert rows(done)["Whose word"] == "the key that you gave"
    done = run(server.address, "--key", origin_key(server.log.origin, OTHER_KEY).text())
    assert done.exit_code == 1
    assert "none of the known keys has signed it" in done.output
    assert run(server.address, "--key", "nothing").exit_code == 2


def test_a_log_is_followed_from_the_key_that_is_given_to_the_present_one(run: Run, server: ServedLog) -> None:
    pinned = server.log.note_key.text()
    server.statements.append(sign_rotation(server.log.origin, KEY, OTHER_KEY, 600, utc_now()))
    server.log.key = OTHER_KEY
    done = run(server.address, "--key", pinned)
    assert done.exit_code == 0, done.output


def test_a_checkpoint_by_a_key_of_before_is_compared_from_that_key_on(
    run: Run, server: ServedLog, tmp_path: Path
) -> None:
    kept, old = tmp_path / "checkpoint", server.log.note_key.text()
    kept.write_bytes(server.log.checkpoint())
    server.statements.append(sign_rotation(server.log.origin, KEY, OTHER_KEY, 600, utc_now()))
    server.log.key = OTHER_KEY
    server.log.grow(1)
    done = run(server.address, "--since", str(kept))
    assert done.exit_code == 1
    assert "give the key that signed it" in done.output
    done = run(server.address, "--since", str(kept), "--key", old)
    assert done.exit_code == 0, done.output
    # A past that was rewritten under the new key is proven from the old one.
    server.log = rewritten(server.log, 3)
    evidence = tmp_path / "evidence.json"
    assert run(server.address, "--since", str(kept), "--key", old, "--evidence", str(evidence)).exit_code == 1
    assert run(str(evidence), "--key", old).exit_code == 0


def test_blobs_are_fetched_and_compared(run: Run, server: ServedLog) -> None:
    erase(server, digest_of(b"blob 3"))
    # A node may know nothing any more of what it has erased.
    erase(server, digest_of(b"blob 9"))
    del server.blobs[digest_of(b"blob 9")]
    done = run(server.address, "--blobs")
    assert (done.exit_code, rows(done)["Blobs"]) == (0, "598 given, 2 erased")
    assert rows(done)["Entries"] == "602 (600 list, 2 erase)"
    server.blobs[digest_of(b"blob 4")] = b"something else"
    del server.blobs[digest_of(b"blob 5")]
    erase(server, digest_of(b"blob 6"), logged=False)
    server.blobs[digest_of(b"blob 3")] = b"blob 3"
    done = run(server.address, "--blobs")
    assert done.exit_code == 1
    for number, problem in (
        (3, "the log says it is erased, and it is given"),
        (4, "other bytes are given for it"),
        (5, "the log names it, and the node doesn't have it"),
        (6, "it is said to be erased, and no entry of the log says so"),
    ):
        assert f"blob {digest_of(f'blob {number}'.encode())}: {problem}" in done.output
    assert done.output.endswith("The log is not sound: 4 faults.\n")


def test_what_is_erased_while_the_log_is_audited_is_no_fault(server: ServedLog) -> None:
    note = server.log.checkpoint()
    erase(server, digest_of(b"blob 3"))
    fetcher = WebFetcher(allowed_hosts=frozenset({"127.0.0.1"}))
    client = PeerClient("node", server.address, fetcher, Uncounted())
    notes = iter([note, server.log.checkpoint()])
    client.checkpoint = lambda: next(notes)  # type: ignore[method-assign]
    found = audit_log(client, server.log.note_key, utc_now, blobs=True)
    assert (found.checkpoint.size, found.faults, found.blobs) == (600, (), {"given": 599, "erased": 1})


def test_a_node_that_gives_no_blobs_is_not_asked_for_ever(run: Run, server: ServedLog) -> None:
    server.room = 0
    done = run(server.address, "--blobs")
    assert done.exit_code == 1
    assert "gives none of the bytes" in done.output


@pytest.mark.parametrize("tile", ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2"])
def test_a_tile_with_other_hashes_is_a_fault(run: Run, server: ServedLog, tile: str) -> None:
    other = rewritten(server.log, 0)
    other.entries[-1] = entry(599, "second")
    with closing(ServedLog(other)) as lying:
        path = f"/log/{tile}"
        server.pages[path] = lying.page_of(path)
        done = run(server.address)
    assert done.exit_code == 1
    assert f"{tile} doesn't hold the hashes of the entries under it" in done.output
    assert "not sound: 1 faults" in done.output


def test_a_partial_tile_that_was_dropped_is_read_from_the_full_one(run: Run, server: ServedLog) -> None:
    server.log.entries += [entry(number) for number in range(600, 768)]
    note = HonestLog(server.log.entries[:600], server.log.origin, signed_at=utc_now()).checkpoint()
    server.pages["/log/checkpoint"] = page(note)
    for gone in ("tile/0/002.p/88", "tile/entries/002.p/88"):
        server.pages[f"/log/{gone}"] = page(b"", 404)
    done = run(server.address)
    assert done.exit_code == 0, done.output


def test_an_entry_that_says_nothing_is_a_fault_and_faults_are_bounded(run: Run, server: ServedLog) -> None:
    server.log.entries += [b"{}"] * (MAX_FAULTS + 5)
    done = run(server.address)
    assert done.exit_code == 1
    assert "entry 600: the entry's members are not" in done.output
    assert done.output.count("Fault:") == MAX_FAULTS
    assert f"not sound: {MAX_FAULTS + 5} faults" in done.output


def test_entries_altered_on_the_way_are_refused(run: Run, server: ServedLog) -> None:
    server.log = altering(server.log, lambda entries: print_bundle([entry(0, "second"), *entries[1:]]))
    done = run(server.address)
    assert done.exit_code == 1
    assert "The log doesn't hold: the entries hash to" in done.output
    server.log.alter = lambda entries: print_bundle(entries[:-1])
    assert "bundle 0 has 255 entries instead of 256" in run(server.address).output


def test_a_checkpoint_from_before_must_still_hold(run: Run, server: ServedLog, tmp_path: Path) -> None:
    kept, evidence = tmp_path / "checkpoint", tmp_path / "evidence.json"
    assert run(server.address, "--save", str(kept)).exit_code == 0
    assert kept.read_bytes() == server.log.checkpoint()
    honest = replace(server.log, entries=[*server.log.entries])
    server.log.grow(5)
    done = run(server.address, "--since", str(kept))
    assert (done.exit_code, rows(done)["Contains"].split(" of ")[0]) == (0, "the 600 entries")

    server.log = rewritten(honest, 3)
    server.log.grow(5)
    done = run(server.address, "--since", str(kept), "--evidence", str(evidence))
    assert done.exit_code == 1
    assert "The log contradicts itself" in done.output
    assert f"The evidence is in {evidence}" in done.output
    judged = run(str(evidence))
    assert judged.exit_code == 0
    assert "whose first 600 entries are others" in judged.output

    server.log = restored(honest, 590)
    done = run(server.address, "--since", str(kept))
    assert done.exit_code == 1
    assert "was signed at" in done.output
    assert "--evidence FILE keeps the evidence" in done.output


def test_a_log_that_is_not_signed_any_more_is_remarked(run: Run, server: ServedLog) -> None:
    server.log.signed_at -= timedelta(hours=1)
    done = run(server.address)
    assert done.exit_code == 0
    assert "was signed at" in rows(done)["Remark"]


def test_a_limit_of_the_node_is_waited_for(server: ServedLog) -> None:
    fetcher = WebFetcher(allowed_hosts=frozenset({"127.0.0.1"}))
    client = PeerClient("node", server.address, fetcher, Uncounted())
    server.pages["/log/checkpoint"] = page(b"", 429)
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            del server.pages["/log/checkpoint"]

    assert audit_log(client, server.log.note_key, utc_now, pause=pause).sound
    assert tuple(waited) == PAUSES[:2]


def test_a_node_that_is_not_there_is_told(run: Run, server: ServedLog) -> None:
    server.pages["/log/checkpoint"] = page(b"", 404)
    done = run(server.address)
    assert done.exit_code == 1
    assert "the answer is 404" in done.output


def evidence_of(server: ServedLog, run: Run, folder: Path) -> Path:
    kept, evidence = folder / "checkpoint", folder / "evidence.json"
    kept.write_bytes(server.log.checkpoint())
    server.log = rewritten(server.log, 3)
    assert run(server.address, "--since", str(kept), "--evidence", str(evidence)).exit_code == 1
    return evidence


def test_evidence_is_judged_offline(run: Run, server: ServedLog, tmp_path: Path) -> None:
    evidence, key = evidence_of(server, run, tmp_path), server.log.note_key
    server.close()
    done = run(str(evidence))
    assert done.exit_code == 0
    first, *_ = done.output.splitlines()
    assert first.startswith(f"The evidence holds: {server.log.origin} signed two different logs")
    assert rows(done)["Key"] == key.text()
    assert "is not part of the evidence" in done.output
    pinned = run("-", "--key", key.text(), given=evidence.read_bytes())
    assert pinned.exit_code == 0
    assert "is not part of the evidence" not in pinned.output


def test_evidence_that_proves_nothing_is_refused(run: Run, server: ServedLog, tmp_path: Path) -> None:
    evidence = evidence_of(server, run, tmp_path)
    other = run(str(evidence), "--key", origin_key(server.log.origin, OTHER_KEY).text())
    assert (other.exit_code, "it is about another key" in other.output) == (1, True)
    damaged = evidence.read_bytes().replace(b'"fork"', b'"rollback"')
    done = run("-", given=damaged)
    assert (done.exit_code, "The evidence proves nothing" in done.output) == (1, True)
    done = run("-", given=b"{}")
    assert (done.exit_code, "This is no evidence" in done.output) == (1, True)
    assert run(str(tmp_path / "missing.json")).exit_code == 2
    assert run(str(evidence), "--blobs").exit_code == 2
