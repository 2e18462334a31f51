"""The node's log over HTTP: what C2SP clients read, JSON for people, proofs, and bytes for other nodes."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from api_support import ApiNode, MakeApi, Provider, problem
from sqlalchemy import insert

from catalogue.federation.given import MAX_DIGESTS
from catalogue.federation.heads import hold
from catalogue.federation.signer import Signer
from catalogue.log import append
from catalogue.node_key import ensure_key
from catalogue.store.tables import blobs as table
from catalogue.store.tables import peers, received, stored_time
from credentials.identity import digest_of
from credentials.signing import generate_key
from credentials.times import utc_now
from credentials.transparency.checkpoints import origin_key, sign_checkpoint, verify_checkpoint
from credentials.transparency.entries import LogEntry, Op, parse_entry
from credentials.transparency.merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion
from credentials.transparency.notes import NoteKey, from_base64
from credentials.transparency.tiles import Bundle, Tile, parse_bundle, parse_tile, print_bundle, tiles_of
from credentials.transparency.trusted_log import TrustedLog


@pytest.fixture
def api(make_api: MakeApi) -> ApiNode:
    return make_api()


def sign(api: ApiNode) -> int:
    """Sign what has come; the signed size."""
    Signer(api.settings, api.node.database, utc_now).sign()
    size = api.node.log.signed_size()
    assert size is not None
    return size


def grow(api: ApiNode, count: int) -> None:
    with api.node.database.write() as connection:
        for number in range(count):
            append(connection, Op.LIST, f"{number:064x}", utc_now())


def entries(api: ApiNode, size: int) -> list[bytes]:
    """The exact entries, from the bundles."""
    found: list[bytes] = []
    while len(found) < size:
        bundle = Bundle(len(found) // 256, min(256, size - len(found)))
        response = api.client.get(f"/log/{bundle.path}")
        assert response.status_code == 200, response.text
        found += parse_bundle(bundle, response.data)
    return found


# Checkpoint and tiles


def test_checkpoint_is_signed_by_the_key_of_the_did_document(api: ApiNode) -> None:
    grow(api, 5)
    sign(api)
    response = api.client.get("/log/checkpoint")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=1"
    keys = api.client.get("/log/keys").get_json()
    document = api.client.get("/.well-known/did.json").get_json(force=True)
    (method,) = document["verificationMethod"]
    jwk = method["publicKeyJwk"]
    assert keys["did"] == document["id"]
    assert NoteKey.parse(keys["key"]).key.jwk()["x"] == jwk["x"]
    checkpoint = verify_checkpoint(response.data, keys["origin"], (NoteKey.parse(keys["key"]),))
    assert checkpoint.size == 5
    assert checkpoint.root == Frontier().extend(map(leaf_hash, entries(api, 5))).root()


def test_node_that_has_signed_nothing_yet_says_so(api: ApiNode) -> None:
    for path in ("checkpoint", "tile/0/000", "entries", "entries/0/proof", "consistency?first=0"):
        answer = problem(api.client.get(f"/log/{path}"), "unavailable", 503)
        assert answer["detail"] == "nothing of the log is signed yet"


def test_every_tile_of_the_signed_tree_is_served_and_may_be_kept(api: ApiNode) -> None:
    grow(api, 600)
    size = sign(api)
    for tile in tiles_of(size):
        response = api.client.get(f"/log/{tile.path}")
        assert len(parse_tile(tile, response.data)) == tile.width
        assert response.mimetype == "application/octet-stream"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    hashes = parse_tile(Tile(0, 2, 88), api.client.get("/log/tile/0/002.p/88").data)
    assert list(hashes) == [leaf_hash(entry) for entry in entries(api, 600)[512:]]


def test_partial_tiles_are_served_in_every_signed_width_and_in_none_beyond(api: ApiNode) -> None:
    grow(api, 300)
    sign(api)
    grow(api, 10)
    whole = api.client.get("/log/tile/0/001.p/44").data
    for width in (1, 43, 44):
        assert api.client.get(f"/log/tile/0/001.p/{width}").data == whole[: width * 32]
        assert api.client.get(f"/log/tile/entries/001.p/{width}").status_code == 200
    assert api.client.get("/log/tile/0/000.p/200").data == api.client.get("/log/tile/0/000").data[: 200 * 32]
    for path in (
        "0/001.p/45",
        "entries/001.p/45",
        "0/001",
        "entries/001",
        "1/000.p/2",
        "2/000.p/1",
        "0/002.p/1",
    ):
        problem(api.client.get(f"/log/tile/{path}"), "not-found", 404)


def test_other_spellings_of_a_tile_name_nothing(api: ApiNode) -> None:
    grow(api, 300)
    sign(api)
    for path in (
        *("0/0", "0/000.p/0", "0/000.p/256", "0/000.p/01", "00/000", "0/x000/000", "64/000", "0/000/"),
        *("0/-01", "0", "x/000", "entries/0", "entries/000.p/", "0/00000"),
    ):
        problem(api.client.get(f"/log/tile/{path}"), "not-found", 404)


def test_entries_come_compressed_to_whoever_takes_that(api: ApiNode) -> None:
    grow(api, 200)
    sign(api)
    plain = api.client.get("/log/tile/entries/000.p/200")
    packed = api.client.get("/log/tile/entries/000.p/200", headers={"Accept-Encoding": "gzip, identity"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) * 0.7


def test_log_on_hold_is_read_as_it_was_signed(api: ApiNode) -> None:
    grow(api, 3)
    sign(api)
    before = api.client.get("/log/checkpoint").data
    with api.node.database.write() as connection:
        hold(connection, "put back from a backup")
    assert api.client.get("/log/checkpoint").data == before
    refused = problem(api.publish(Provider().signed("Refused for now")), "log-held", 503)
    assert refused["detail"] == "put back from a backup"


# JSON


def test_entries_are_listed_page_by_page_as_far_as_they_are_signed(api: ApiNode) -> None:
    listed = api.listed(Provider().signed("In the log"))["digest"]
    grow(api, 4)
    sign(api)
    grow(api, 1)
    page = api.client.get("/log/entries?limit=3").get_json()
    assert (page["size"], page["next"]) == (5, 3)
    assert page["items"][0]["digest"] == listed
    assert [item["leaf"] for item in page["items"]] == [0, 1, 2]
    rest = api.client.get("/log/entries?limit=3&after=3").get_json()
    assert ([item["leaf"] for item in rest["items"]], rest["next"]) == ([3, 4], None)
    beyond = api.client.get("/log/entries?after=5").get_json()
    assert (beyond["items"], beyond["next"]) == ([], None)
    whole = api.client.get("/log/entries").get_json()["items"]
    for item, exact in zip(whole, entries(api, 5), strict=True):
        entry = parse_entry(exact)
        assert (item["op"], item["digest"]) == (entry.op.value, entry.digest)


def test_entries_that_cannot_be_asked_for_are_refused(api: ApiNode) -> None:
    for query in ("limit=0", "limit=1001", "after=-1", "after=x", "cursor=1"):
        problem(api.client.get(f"/log/entries?{query}"), "invalid-parameter", 400)


# Proofs


def check(proof: dict[str, Any], entry: bytes) -> None:
    """ProofInvalid unless it leads from this entry to its root."""
    hashes = [from_base64(item) for item in proof["hashes"]]
    leaf = proof["entry"]["leaf"]
    verify_inclusion(leaf_hash(entry), leaf, proof["size"], hashes, from_base64(proof["root"]))


def test_inclusion_proof_leads_from_the_entry_to_the_signed_root(api: ApiNode) -> None:
    grow(api, 100)
    sign(api)
    grow(api, 231)
    size = sign(api)
    exact = entries(api, size)
    key = origin_key(api.node.log.keys().origin, ensure_key(api.settings.data))
    for leaf in (0, 99, 255, 256, 330):
        proof = api.client.get(f"/log/entries/{leaf}/proof").get_json()
        check(proof, exact[leaf])
        signed = verify_checkpoint(proof["checkpoint"].encode(), proof["origin"], (key,))
        assert (signed.size, signed.root) == (331, from_base64(proof["root"]))
    early = api.client.get("/log/entries/7/proof?size=100").get_json()
    assert early["checkpoint"].splitlines()[1] == "100"
    between = api.client.get("/log/entries/7/proof?size=257").get_json()
    assert between["checkpoint"] is None
    check(between, exact[7])


def test_proof_is_asked_for_by_digest_too(api: ApiNode) -> None:
    provider = Provider()
    digest = api.listed(provider.signed("Proven"))["digest"]
    grow(api, 3)
    api.node.operations.erase(digest, "a test")
    sign(api)
    proofs = api.client.get(f"/log/proofs/{digest}").get_json()["items"]
    assert [(proof["entry"]["leaf"], proof["entry"]["op"]) for proof in proofs] == [(0, "list"), (4, "erase")]
    problem(api.client.get(f"/log/proofs/{'e' * 64}"), "not-found", 404)


def test_proof_of_what_is_not_signed_is_refused(api: ApiNode) -> None:
    grow(api, 5)
    sign(api)
    grow(api, 1)
    problem(api.client.get("/log/entries/5/proof"), "not-found", 404)
    for size in (3, 6):
        problem(api.client.get(f"/log/entries/3/proof?size={size}"), "not-found", 404)
    problem(api.client.get("/log/entries/3/proof?size=0"), "invalid-parameter", 400)


def test_consistency_proof_shows_that_the_log_only_grew(api: ApiNode) -> None:
    grow(api, 300)
    sign(api)
    exact = entries(api, 300)
    for first, second in ((0, 300), (1, 300), (77, 256), (256, 299), (300, 300)):
        proof = api.client.get(f"/log/consistency?first={first}&second={second}").get_json()
        roots = [Frontier().extend(map(leaf_hash, exact[:size])).root() for size in (first, second)]
        assert [from_base64(proof["first_root"]), from_base64(proof["second_root"])] == roots
        verify_consistency(first, roots[0], second, roots[1], [from_base64(item) for item in proof["hashes"]])
    assert api.client.get("/log/consistency?first=9").get_json()["second"] == 300
    problem(api.client.get("/log/consistency?first=9&second=301"), "not-found", 404)
    problem(api.client.get("/log/consistency?first=9&second=8"), "not-found", 404)
    problem(api.client.get("/log/consistency?second=8"), "invalid-parameter", 400)


# Bytes for other nodes


def blobs(api: ApiNode, *digests: str) -> dict[str, object]:
    response = api.client.post("/blobs", json={"digests": list(digests)})
    assert response.status_code == 200, response.text
    body: dict[str, object] = response.get_json()
    return body


def test_blobs_are_the_exact_bytes_in_the_order_asked_for(api: ApiNode) -> None:
    provider = Provider()
    one, other = provider.signed("Ünë"), provider.signed("Other", "vc-jwt")
    api.listed(one)
    api.listed(other, "application/vc+jwt")
    given = blobs(api, digest_of(other), digest_of(one), digest_of(other))["blobs"]
    assert isinstance(given, list)
    assert [item["text"].encode() for item in given] == [other, one]
    assert [item["media_type"] for item in given] == ["application/vc+jwt", "application/ld+json"]


def test_withdrawn_bytes_and_their_withdrawal_are_given_and_erased_ones_are_not(api: ApiNode) -> None:
    provider = Provider()
    withdrawn, erased = provider.signed("Withdrawn"), provider.signed("Erased")
    content = api.listed(withdrawn)["records"][0]["content_id"]
    api.listed(erased)
    token = provider.withdrawal(content)
    receipt = api.client.post("/withdrawals", data=token, content_type="application/jose")
    assert receipt.status_code == 201
    api.node.operations.erase(digest_of(erased), "a test")
    problem(api.client.get(f"/self-descriptions/{digest_of(withdrawn)}"), "withdrawn", 410)
    given = blobs(api, digest_of(withdrawn), digest_of(token), digest_of(erased), "0" * 64)["blobs"]
    assert isinstance(given, list)
    assert [item.get("text", "").encode() for item in given[:2]] == [withdrawn, token]
    assert given[2:] == [
        {"digest": digest_of(erased), "missing": "erased"},
        {"digest": "0" * 64, "missing": "unknown"},
    ]


def test_what_does_not_fit_into_one_answer_is_left(api: ApiNode, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider()
    documents = [provider.signed(f"Number {number}") for number in range(3)]
    digests = [api.listed(document)["digest"] for document in documents]
    monkeypatch.setattr("catalogue.federation.given.MAX_GIVEN_BYTES", len(documents[0]) + 10)
    seen: list[str] = []
    while digests:
        body = blobs(api, *digests)
        assert isinstance(body["blobs"], list)
        assert isinstance(body["left"], list)
        assert len(body["blobs"]) == 1
        seen += [item["text"] for item in body["blobs"]]
        digests = body["left"]
    assert [text.encode() for text in seen] == documents


def test_evidence_of_a_verdict_is_not_given(api: ApiNode) -> None:
    from sqlalchemy import select

    api.node.did_document()
    with api.node.database.write() as connection:
        connection.execute(
            insert(table).values(
                digest="a" * 64,
                kind="did-document",
                media_type="application/did+json",
                data=b"{}",
                stored_at="",
            )
        )
        assert connection.execute(select(table.c.digest)).scalars().all() == ["a" * 64]
    assert blobs(api, "a" * 64)["blobs"] == [{"digest": "a" * 64, "missing": "unknown"}]


def test_digests_that_cannot_be_asked_for_are_refused(api: ApiNode) -> None:
    many = {"digests": ["0" * 64] * (MAX_DIGESTS + 1)}
    for form in ({}, {"digests": []}, {"digests": ["x"]}, {"digests": ["A" * 64]}, many):
        problem(api.client.post("/blobs", json=form), "invalid-parameter", 400)


def test_asking_for_blobs_counts_as_reading(make_api: MakeApi) -> None:
    api = make_api(rate_read="2/minute")
    for _ in range(2):
        blobs(api, "0" * 64)
    problem(api.client.post("/blobs", json={"digests": ["0" * 64]}), "rate-limited", 429)


# What is held of another's log


def test_what_is_held_of_another_log_is_told_as_far_as_it_is_proven(api: ApiNode) -> None:
    origin, key, now = "other.example/log/0123", generate_key("Ed25519"), utc_now().replace(microsecond=0)
    leaves = [LogEntry(Op.LIST, f"{number:064x}", now) for number in range(4)]
    root = Frontier().extend(leaf_hash(leaf.to_bytes()) for leaf in leaves[:3]).root()
    note = sign_checkpoint(origin, 3, root, key, now)
    state = TrustedLog.start(origin, origin_key(origin, key)).update_checkpoint(note, now).log
    state = state.add_bundle(0, print_bundle(leaf.to_bytes() for leaf in leaves[:3])).log
    with api.node.database.write() as connection:
        names = {"id": 1, "name": "other.example", "url": "https://other.example", "origin": origin}
        known = {"keys": "[]", "state": "followed", "size": 3, "trusted": state.to_bytes(), "added_at": ""}
        connection.execute(insert(peers).values(**names, **known))
        for number, leaf in enumerate(leaves):
            row = {"op": "list", "digest": leaf.digest, "at": stored_time(now), "state": "pending"}
            connection.execute(insert(received).values(peer=1, leaf=number, **row))
    held = api.client.get(f"/federation/held?origin={origin}").get_json()
    assert held == {"origin": origin, "size": 3, "checkpoint": note.decode(), "rotations": []}
    page = api.client.get(f"/federation/held/entries?origin={origin}&after=1&limit=1").get_json()
    assert (page["size"], page["next"], [item["leaf"] for item in page["items"]]) == (3, 2, [1])
    rest = api.client.get(f"/federation/held/entries?origin={origin}&after=2").get_json()
    assert [item["leaf"] for item in rest["items"]] == [2]
    (item,) = rest["items"]
    exact = {"at": item["at"], "digest": item["digest"], "op": item["op"], "v": 1}
    assert json.dumps(exact, separators=(",", ":"), sort_keys=True).encode() == leaves[2].to_bytes()


def test_log_that_is_not_followed_is_not_held(api: ApiNode) -> None:
    problem(api.client.get("/federation/held?origin=nobody.example/log/0"), "not-found", 404)
    problem(api.client.get("/federation/held/entries?origin=nobody.example/log/0"), "not-found", 404)
    problem(api.client.get("/federation/held"), "invalid-parameter", 400)
