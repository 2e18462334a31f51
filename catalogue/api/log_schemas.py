"""The forms of what the node tells of its log, for the OpenAPI document."""

from __future__ import annotations

from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from catalogue.api.queries import IS_TEXT, Arguments, WholeNumber
from catalogue.api.schemas import HEX64, Form, Whole, maybe, number, sha256, text, texts, time
from catalogue.federation.given import ERASED, MAX_DIGESTS, UNKNOWN
from catalogue.federation.own_log import MAX_ENTRIES
from credentials.transparency.entries import Op
from credentials.transparency.notes import MAX_NAME

#: Entries of a page where nobody asks for more.
DEFAULT_ENTRIES = 100
#: Digits of a size that can be written at all; larger ones than there are are refused by name.
_MAX_SIZE = 999_999_999


class EntryArguments(Arguments):
    """Which entries to show."""

    after = WholeNumber(
        load_default=0,
        validate=Range(0, _MAX_SIZE),
        metadata={"description": "The first leaf to show: the `next` of the page before."},
    )
    limit = WholeNumber(
        load_default=DEFAULT_ENTRIES,
        validate=Range(1, MAX_ENTRIES),
        metadata={"description": "Entries at most."},
    )


class ProofArguments(Arguments):
    """In which tree to prove it."""

    size = WholeNumber(
        validate=Range(1, _MAX_SIZE),
        metadata={"description": "The size of the tree; without it, the one that is signed now."},
    )


class ConsistencyArguments(Arguments):
    """Which trees to compare."""

    first = WholeNumber(
        required=True, validate=Range(0, _MAX_SIZE), metadata={"description": "The size of the earlier tree."}
    )
    second = WholeNumber(
        validate=Range(0, _MAX_SIZE),
        metadata={"description": "That of the later one; without it, the one that is signed now."},
    )


class HeldArguments(Arguments):
    """Of which log."""

    origin = fields.String(
        required=True,
        validate=[Length(1, MAX_NAME), IS_TEXT],
        metadata={"description": "The log's origin, as in its checkpoint."},
    )


class HeldEntryArguments(EntryArguments, HeldArguments):
    """Which entries of which log."""


class LeafSchema(Form):
    """An entry of a log. Its exact bytes are `{at, digest, op, v: 1}` in the form of RFC 8785."""

    leaf = number("Its place in the log, from 0.")
    op = text("What it says of the digest.", validate=OneOf([op.value for op in Op]))
    digest = sha256("The bytes that it is about.")
    at = time("When it was entered.")


class EntryPageSchema(Form):
    """Entries, in the order of the log."""

    origin = text("The log's name.")
    size = number("How many of its entries are signed.")
    items = fields.List(fields.Nested(LeafSchema), required=True)
    next = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "`after` of the next page; null on the last one."},
    )


class InclusionSchema(Form):
    """That an entry is in a tree (RFC 9162 section 2.1.3)."""

    origin = text("The log's name.")
    entry = fields.Nested(LeafSchema, required=True)
    size = number("The size of the tree.")
    root = text("Its root, base64.")
    hashes = texts("The audit path from the leaf up, base64.")
    checkpoint = maybe("The signed note of that size; null where none is kept.")


class InclusionsSchema(Form):
    """One proof for each entry that names the digest, oldest first."""

    items = fields.List(fields.Nested(InclusionSchema), required=True)


class ConsistencySchema(Form):
    """That one tree is the beginning of another (RFC 9162 section 2.1.4)."""

    origin = text("The log's name.")
    first = number("The size of the earlier tree.")
    second = number("The size of the later one.")
    first_root = text("The earlier tree's root, base64.")
    second_root = text("The later one's.")
    hashes = texts("The proof, base64; empty where none is needed.")


class LogKeysSchema(Form):
    """Who signs the log."""

    origin = text("The log's name, which is its keys' name too.")
    did = text("The node, whose DID document has the key.")
    key = text("The key that signs now, `name+id+base64` (C2SP signed-note).")
    rotations = texts(
        "Statements by which the key was changed, oldest first: compact JWS, each by the key before."
    )


class BlobsFormSchema(Form):
    """What to give."""

    digests = fields.List(
        fields.String(validate=Whole(HEX64)),
        required=True,
        validate=Length(1, MAX_DIGESTS),
        metadata={"description": "SHA-256 of the bytes wanted."},
    )


class GivenSchema(Form):
    """One blob: `media_type` and `text`, or why it is `missing`."""

    digest = sha256("SHA-256 of the bytes.")
    media_type = fields.String(metadata={"description": "What the bytes are."})
    text = fields.String(metadata={"description": "The exact bytes, as UTF-8."})
    missing = fields.String(
        validate=OneOf([ERASED, UNKNOWN]),
        metadata={"description": "`erased` is final; `unknown`: not here, or not for other nodes."},
    )


class BlobsSchema(Form):
    """What fits into one answer."""

    blobs = fields.List(fields.Nested(GivenSchema), required=True)
    left = texts("Digests that did not fit: ask again for them.")


class HeldHeadSchema(Form):
    """What this node holds of another's log."""

    origin = text("The log's name.")
    size = number("Its entries, all of which are here.")
    checkpoint = text("The newest signed note that they were checked against.")
    rotations = texts("The statements by which its key was changed, oldest first.")
