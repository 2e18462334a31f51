"""The node's log for everybody, as C2SP tlog-tiles has it and in JSON, and what other nodes need too."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import Any

from flask import Response, request

from catalogue.api import kinds, log_schemas
from catalogue.api.blueprint import Blueprint, json_answer, node
from catalogue.api.publishing import BODY_REFUSALS
from catalogue.federation.given import Batch
from catalogue.federation.own_log import EntryPage, Inclusion, Leaf
from credentials.times import to_rfc3339
from credentials.transparency.notes import to_base64

blueprint = Blueprint("log", __name__, description="The node's log, for anybody to audit and to copy.")

#: Seconds that a cache may keep the checkpoint: as long as the log takes to be signed anew.
CHECKPOINT_MAX_AGE = 1
#: A year: tiles never change (C2SP tlog-tiles).
TILE_MAX_AGE = 31_536_000
#: Entries are mostly digits of digests: the fastest level already halves them.
_GZIP_LEVEL = 1

_JSON_BODY = tuple(kind for kind in BODY_REFUSALS if kind is not kinds.UNSUPPORTED_ENCODING)
_IMMUTABLE = {
    "Cache-Control": {
        "description": "It never changes.",
        "required": True,
        "schema": {"type": "string"},
    }
}


@blueprint.route("/log/checkpoint", methods=["GET"])
@blueprint.refuses(kinds.UNAVAILABLE)
@blueprint.doc(
    responses={
        "200": {
            "description": "The signed note.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    }
)
def read_checkpoint() -> Response:
    """Read the log's signed head.

    Size and root of the log, signed plainly and with the time (C2SP tlog-checkpoint, tlog-cosignature).
    """
    response = Response(node().log.checkpoint(), content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={CHECKPOINT_MAX_AGE}"
    return response


@blueprint.route("/log/tile/<tile:tile>", methods=["GET"])
@blueprint.refuses(kinds.NOT_FOUND, kinds.UNAVAILABLE)
@blueprint.doc(
    responses={
        "200": {
            "description": "The hashes or entries.",
            "headers": _IMMUTABLE,
            "content": {"application/octet-stream": {}},
        }
    }
)
def read_tile(tile: str) -> Response:
    """Read a tile of hashes, or a bundle of entries.

    `<level>/<number>[.p/<width>]` or `entries/<number>[.p/<width>]`, spelt as C2SP tlog-tiles says. Nothing
    is there that the signed head doesn't cover.
    """
    data = node().log.resource(f"tile/{tile}")
    response = Response(data, mimetype="application/octet-stream")
    if tile.startswith("entries/"):
        response.headers["Vary"] = "Accept-Encoding"
        if request.accept_encodings.quality("gzip") > 0 and "gzip" in request.accept_encodings.values():
            response.set_data(gzip.compress(data, _GZIP_LEVEL, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = f"public, max-age={TILE_MAX_AGE}, immutable"
    return response


@blueprint.route("/log/entries", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.UNAVAILABLE)
@blueprint.arguments(log_schemas.EntryArguments, location="query")
@blueprint.response(200, log_schemas.EntryPageSchema)
def list_entries(arguments: dict[str, Any]) -> Response:
    """List the log's signed entries, in its order."""
    return json_answer(_page(node().log.entries(arguments["after"], arguments["limit"])))


@blueprint.route("/log/entries/<int:leaf>/proof", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.NOT_FOUND, kinds.UNAVAILABLE)
@blueprint.arguments(log_schemas.ProofArguments, location="query")
@blueprint.response(200, log_schemas.InclusionSchema)
def prove_entry(arguments: dict[str, Any], leaf: int) -> Response:
    """Prove that an entry is in the log.

    The audit path leads from the entry to the root that is signed.
    """
    return json_answer(_inclusion(node().log.inclusion(leaf, arguments.get("size"))))


@blueprint.route("/log/proofs/<digest:digest>", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.NOT_FOUND, kinds.UNAVAILABLE)
@blueprint.arguments(log_schemas.ProofArguments, location="query")
@blueprint.response(200, log_schemas.InclusionsSchema)
def prove_digest(arguments: dict[str, Any], digest: str) -> Response:
    """Prove what the log says of a digest, entry by entry."""
    proofs = node().log.inclusions(digest, arguments.get("size"))
    return json_answer({"items": [_inclusion(proof) for proof in proofs]})


@blueprint.route("/log/consistency", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.NOT_FOUND, kinds.UNAVAILABLE)
@blueprint.arguments(log_schemas.ConsistencyArguments, location="query")
@blueprint.response(200, log_schemas.ConsistencySchema)
def prove_consistency(arguments: dict[str, Any]) -> Response:
    """Prove that the log only grew between two sizes."""
    proof = node().log.consistency(arguments["first"], arguments.get("second"))
    return json_answer(
        {
            "origin": proof.origin,
            "first": proof.first,
            "second": proof.second,
            "first_root": to_base64(proof.first_root),
            "second_root": to_base64(proof.second_root),
            "hashes": _hashes(proof.hashes),
        }
    )


@blueprint.route("/log/keys", methods=["GET"])
@blueprint.response(200, log_schemas.LogKeysSchema)
def read_keys() -> Response:
    """Read the log's name and key, and how the key was changed.

    Compare the key with the node's DID document, and pin it: then nobody else can speak for the log.
    """
    keys = node().log.keys()
    return json_answer(
        {"origin": keys.origin, "did": keys.did, "key": keys.key, "rotations": list(keys.rotations)}
    )


@blueprint.route("/blobs", methods=["POST"])
@blueprint.refuses(*_JSON_BODY)
@blueprint.arguments(log_schemas.BlobsFormSchema, location="json")
@blueprint.response(200, log_schemas.BlobsSchema)
def give_blobs(form: dict[str, Any]) -> Response:
    """Read many signed documents at once, by digest.

    For nodes that copy the log: self-descriptions, withdrawals and statements of keys. What was withdrawn is
    here too, since it keeps its place on every node; what was erased is not.
    """
    services = node()
    services.admission.request(request.remote_addr, "read")
    return json_answer(_batch(services.giving.blobs(form["digests"])))


@blueprint.route("/federation/held", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.NOT_FOUND)
@blueprint.arguments(log_schemas.HeldArguments, location="query")
@blueprint.response(200, log_schemas.HeldHeadSchema)
def read_held(arguments: dict[str, Any]) -> Response:
    """Read what this node holds of another node's log.

    The newest note whose entries it has all checked: a node that was put back to an earlier state learns from
    it what it had signed.
    """
    held = node().giving.held(arguments["origin"])
    return json_answer(
        {
            "origin": held.origin,
            "size": held.size,
            "checkpoint": held.note.decode(),
            "rotations": [statement.decode("ascii") for statement in held.rotations],
        }
    )


@blueprint.route("/federation/held/entries", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.NOT_FOUND)
@blueprint.arguments(log_schemas.HeldEntryArguments, location="query")
@blueprint.response(200, log_schemas.EntryPageSchema)
def list_held_entries(arguments: dict[str, Any]) -> Response:
    """List the entries of another node's log that this node holds, as far as that note goes."""
    page = node().giving.held_entries(arguments["origin"], arguments["after"], arguments["limit"])
    return json_answer(_page(page))


def _leaf(item: Leaf) -> dict[str, Any]:
    entry = item.entry
    return {"leaf": item.leaf, "op": entry.op.value, "digest": entry.digest, "at": to_rfc3339(entry.at)}


def _page(page: EntryPage) -> dict[str, Any]:
    return {
        "origin": page.origin,
        "size": page.size,
        "items": [_leaf(item) for item in page.items],
        "next": page.next,
    }


def _inclusion(proof: Inclusion) -> dict[str, Any]:
    return {
        "origin": proof.origin,
        "entry": _leaf(proof.entry),
        "size": proof.size,
        "root": to_base64(proof.root),
        "hashes": _hashes(proof.hashes),
        "checkpoint": proof.note.decode() if proof.note is not None else None,
    }


def _hashes(hashes: Iterable[bytes]) -> list[str]:
    return [to_base64(item) for item in hashes]


def _batch(batch: Batch) -> dict[str, Any]:
    return {
        "blobs": [
            {"digest": given.digest, "missing": given.missing}
            if given.missing is not None
            # Signed documents and tokens are UTF-8, or they would not have been taken.
            else {"digest": given.digest, "media_type": given.media_type, "text": given.data.decode()}
            for given in batch.blobs
        ],
        "left": list(batch.left),
    }
