"""The forms of what is said of the federation: this node's log, its peers, what became of their entries."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from catalogue.api.queries import Arguments, WholeNumber, page_cursor, page_size
from catalogue.api.schemas import (
    HEX32,
    HEX64,
    Form,
    ListForm,
    ReportSchema,
    Whole,
    maybe,
    number,
    sha256,
    text,
    texts,
    time,
)
from catalogue.federation import hints
from catalogue.federation.difference import LIVE_OUTCOMES, OUTCOMES
from catalogue.federation.introduction import NAME_PATTERN, URL_PATTERN, Voucher
from catalogue.federation.model import EntryState, PeerState
from credentials.report import CHECKS
from credentials.transparency.notes import MAX_NAME, MAX_NOTE, MAX_VKEY

#: Characters of a node's address; names of hosts and of paths are shorter.
MAX_ADDRESS = 1_000
#: The largest leaf that can be asked for: what fits into a column.
MAX_LEAF = 2**62
#: Characters of a hint's id; this program's have some twenty.
MAX_EVENT_ID = 200
#: An event's source: two slashes and the origin of a log.
SOURCE_PATTERN = f"^{hints.SOURCE}[!-~]+$"


def count(description: str) -> fields.Integer:
    """A number of entries that may not be known."""
    return fields.Integer(
        required=True, allow_none=True, validate=Range(min=0), metadata={"description": description}
    )


def address() -> fields.String:
    """A node's URL, as it is given."""
    return fields.String(
        required=True,
        validate=[Length(1, MAX_ADDRESS), Whole(URL_PATTERN)],
        metadata={"description": "The node's address, such as `https://catalogue.example`."},
    )


def key() -> fields.String:
    """A log's key in its text form, as it is given."""
    return fields.String(
        validate=[Length(1, MAX_VKEY), Whole("^[^\\x00]*$")],
        metadata={"description": "The log's key in the text form of signed notes: `name+id+base64`."},
    )


class ContradictionSchema(Form):
    """That a log signed what can't both be true."""

    id = sha256("Its name, under /federation/contradictions.")
    peer = text("The node, as it was called here when this was found.")
    origin = text("The log.")
    kind = text("Two histories (`fork`), or a smaller log after a larger one (`rollback`).")
    found_at = time("When it was found here.")


class EntryCountsSchema(Form):
    """How many of a peer's entries are in each state here."""

    pending = number("Received, and not looked at yet.")
    accepted = number("Verified here and taken.")
    refused = number("Verified here and not taken.")
    deferred = number("Not decided yet, for something could not be asked; looked at again.")
    gone = number("Erased at their origin before they could be had here.")
    erased = number("Listed something that the same log has erased since.")


class PublicPeerSchema(Form):
    """A node whose log is copied, and how far."""

    name = text("What it is called among nodes: host, port if named, and path.")
    url = text("Where it is asked.")
    origin = text("Its log's name.")
    key = text("The pinned key that signs its log.")
    state = text(
        "`followed`; `paused` by the operator; `quarantined` after faults; `contradicted`: it signed what "
        "can't both be true; `removed`: followed no longer, what it listed stays.",
        validate=OneOf([state.value for state in PeerState]),
    )
    stale = fields.Boolean(
        required=True,
        metadata={"description": "Whether no new signature was seen for CATALOGUE_PEER_STALE_SECONDS."},
    )
    stale_since = time("Since when.", nullable=True)
    added_at = time("When it was added.")
    seen_at = time("When a new signature of its log was last seen here.", nullable=True)
    answered_at = time("When it last answered.", nullable=True)
    signed_at = time("When it signed its newest checkpoint, by its own clock.", nullable=True)
    clock_skew = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "Seconds that its clock is ahead (negative: behind), null below five minutes. "
            "Changes nothing."
        },
    )
    size = number("Entries received.")
    signed_size = count("Entries that its newest checkpoint has.")
    lag = count("Entries that are still to come.")
    entries = fields.Nested(EntryCountsSchema, required=True)
    last_error = maybe("What went wrong when it was last asked; null when nothing did.")
    contradictions = texts("What is held against its log: the ids of the evidence.")


class FederationSchema(Form):
    """This node's log and its peers."""

    name = text("What this node is called among nodes.")
    url = text("Its address.")
    origin = text("Its log's name.")
    key = text("The key that signs the log, in the text form of signed notes.")
    fingerprint = text("The key's fingerprint, to compare by other ways.")
    size = count("Entries of the log as it was signed last.")
    root = maybe("The root hash of that, in hex.", validate=Whole(HEX64))
    signed_at = time("When that was signed.", nullable=True)
    held = maybe("Why the log may neither grow nor be signed just now; null while it may.")
    peers = fields.List(fields.Nested(PublicPeerSchema), required=True)
    contradictions = fields.List(
        fields.Nested(ContradictionSchema),
        required=True,
        metadata={"description": "What is held against logs, newest first, at most 100."},
    )


class PeerSchema(PublicPeerSchema):
    """A peer, as its operator sees it."""

    fingerprint = text("The key's fingerprint.")
    keys = texts("All keys that were pinned, the newest last.")
    reason = maybe("Why it is in its state.")
    due_at = time("When it is asked next.", nullable=True)
    grew_at = time("When its log last grew, as seen here.", nullable=True)
    faults = number("Faults in a row.")


class PeerListSchema(ListForm):
    """Every peer, by name."""

    items = fields.List(fields.Nested(PeerSchema), required=True)


class PeerFormSchema(Form):
    """Whom to follow."""

    url = address()
    key = key()


class CandidateSchema(Form):
    """A node that was asked who it is. Nothing is stored."""

    url = text("Its address.")
    name = text("What it is called among nodes.")
    origin = text("Its log's name.")
    key = text("The key that signed its checkpoint: what would be pinned.")
    fingerprint = text("The key's fingerprint, to compare by other ways.")
    size = number("Entries of its log.")
    root = sha256("The root hash of that.")
    signed_at = time("When that was signed, by its clock.")
    voucher = text(
        "On whose word the key is the node's: `host` (its DID document, over https), `nobody` (that document "
        "over plain http), `operator` (you gave the key).",
        validate=OneOf([voucher.value for voucher in Voucher]),
    )
    did = maybe("The DID whose document names the key.")
    known = maybe("The name of a peer with this log that was removed: it would be followed on.")
    former = maybe("The origin of another log of the same node: it has made its log anew.")


class PeerChangeSchema(Form):
    """What to change; what isn't named stays as it is."""

    state = fields.String(
        validate=OneOf([PeerState.FOLLOWED.value, PeerState.PAUSED.value]),
        metadata={"description": "`paused`, or `followed` again."},
    )
    key = key()


class RemovalArguments(Arguments):
    """What becomes of what a peer listed."""

    drop = fields.String(
        load_default="false",
        validate=OneOf(["true", "false"]),
        metadata={"description": "`true`: what only this peer lists goes."},
    )


class RemovalSchema(Form):
    """What a removal did."""

    name = text("The peer.")
    dropped = number("Entries that are in force no longer.")
    left = number("Entries that are still to be dropped: repeat the request.")
    kept = number("Entries that stay in force, of a node that is followed no longer.")


class EntriesArguments(Arguments):
    """Which entries of a peer's log."""

    state = fields.String(
        validate=OneOf([state.value for state in EntryState]),
        metadata={"description": "Only entries in this state."},
    )
    after = WholeNumber(
        load_default=0,
        validate=Range(0, MAX_LEAF),
        metadata={"description": "Begin at this leaf: `next` of the page before."},
    )
    size = page_size()


class EntrySchema(Form):
    """An entry of a peer's log, and what became of it."""

    leaf = number("Its place in the peer's log.")
    op = text("What it says: `list`, `withdraw`, `erase` or `key`.")
    digest = sha256("The bytes that it names.")
    at = time("When the peer entered it, by its clock.")
    state = text("What became of it here.", validate=OneOf([state.value for state in EntryState]))
    tries = number("How often it was looked at in vain.")
    due_at = time("When it is looked at next.", nullable=True)
    check = maybe("The first check that spoke against it.", validate=OneOf(CHECKS))
    detail = maybe("Why, in a sentence.")
    report = fields.Nested(
        ReportSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The whole report of what was refused, where it is kept."},
    )


class EntryListSchema(Form):
    """A page of a peer's entries, by leaf."""

    items = fields.List(fields.Nested(EntrySchema), required=True)
    total = number("How many there are in all.")
    next = count("The leaf at which the next page begins, null at the end.")


class DiffArguments(Arguments):
    """With whom to compare, and what of it."""

    peer = fields.String(
        required=True,
        validate=[Length(1, MAX_NAME), Whole(NAME_PATTERN)],
        metadata={"description": "The peer's name."},
    )
    side = fields.String(
        load_default="there",
        validate=OneOf(["there", "here"]),
        metadata={
            "description": "`there`: entries of the peer's log that aren't in force here; `here`: statements "
            "listed here that the peer's log doesn't list."
        },
    )
    live = fields.String(
        load_default="false",
        validate=OneOf(["true", "false"]),
        metadata={"description": "`true`: ask the peer now; counted like a verification."},
    )
    size = page_size()
    cursor = page_cursor()


class LogComparisonSchema(Form):
    """The entries received of the peer's log, beside its checkpoint."""

    received = number("Entries received.")
    received_root = maybe("Their root hash.", validate=Whole(HEX64))
    signed = count("Entries of the checkpoint: the last one known, with `live` the one served now.")
    signed_root = maybe("Its root hash.", validate=Whole(HEX64))
    signed_at = time("When it was signed, by the peer's clock.", nullable=True)
    outcome = text(
        "`same`, `behind` (entries are to come), `different` (it doesn't go on with what was received), "
        "`unknown`.",
        validate=OneOf(["same", "behind", "different", "unknown"]),
    )
    detail = text("The same in a sentence.")


class OthersEntrySchema(Form):
    """An entry of the peer's log that isn't in force here."""

    leaf = number("Its place in the peer's log.")
    op = text("What it says.")
    digest = sha256("The bytes that it names.")
    at = time("When the peer entered it, by its clock.")
    outcome = text("What became of it here.", validate=OneOf(OUTCOMES))
    check = maybe("The first check that spoke against it.", validate=OneOf(CHECKS))
    detail = maybe("Why, in a sentence.")


class OwnStatementSchema(Form):
    """A statement listed here that the peer's log doesn't list."""

    id = text("The record.", validate=Whole(HEX32))
    content_id = sha256("The statement.")
    digest = sha256("The bytes under which it is listed here.")
    issuer = text("Who says so.")
    subject = text("What it is about.")
    listed_by = texts("The nodes whose logs list it.")


class LogSizesSchema(Form):
    """How far a log is copied on both sides."""

    name = text("The node.")
    origin = text("Its log.")
    here = count("Entries here; null where it isn't followed.")
    there = count("Entries at the peer, as it says itself; null where it isn't followed.")


class LiveSchema(Form):
    """What the peer answered just now."""

    outcome = text("Whether it did.", validate=OneOf(LIVE_OUTCOMES))
    detail = maybe("Why it didn't.")
    logs = fields.List(
        fields.Nested(LogSizesSchema),
        required=True,
        metadata={"description": "Every log that either of the two nodes follows, and their own."},
    )


class DiffSchema(Form):
    """A page of what differs between this node and a peer."""

    peer = text("The peer.")
    log = fields.Nested(LogComparisonSchema, required=True)
    there = fields.List(
        fields.Nested(OthersEntrySchema), metadata={"description": "For `side=there`, by leaf."}
    )
    here = fields.List(
        fields.Nested(OwnStatementSchema), metadata={"description": "For `side=here`, oldest first."}
    )
    next = maybe("The cursor of the next page, null at the end.")
    live = fields.Nested(
        LiveSchema, required=True, allow_none=True, metadata={"description": "For `live=true`."}
    )


class HintSchema(ma.Schema):
    """A CloudEvent that a log has grown; other attributes are passed over."""

    class Meta:
        """CloudEvents allows for further attributes."""

        unknown = ma.EXCLUDE

    specversion = fields.String(required=True, validate=OneOf([hints.SPEC_VERSION]))
    type = fields.String(required=True, validate=OneOf([hints.EVENT_TYPE]))
    id = fields.String(required=True, validate=Length(1, MAX_EVENT_ID))
    source = fields.String(
        required=True, validate=[Length(1, len(hints.SOURCE) + MAX_NAME), Whole(SOURCE_PATTERN)]
    )
    data = fields.String(required=True, validate=Length(1, MAX_NOTE))


#: The OpenAPI request body of a hint.
HINT_BODY = {
    "required": True,
    "description": "A CloudEvent in structured JSON.",
    "content": {
        hints.MEDIA_TYPE: {
            "schema": {
                "type": "object",
                "required": ["specversion", "type", "id", "source", "data"],
                "properties": {
                    "specversion": {"type": "string", "enum": [hints.SPEC_VERSION]},
                    "type": {"type": "string", "enum": [hints.EVENT_TYPE]},
                    "id": {"type": "string", "minLength": 1, "maxLength": MAX_EVENT_ID},
                    "source": {
                        "type": "string",
                        "pattern": SOURCE_PATTERN,
                        "maxLength": len(hints.SOURCE) + MAX_NAME,
                        "description": "The log's origin after two slashes.",
                    },
                    "data": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": MAX_NOTE,
                        "description": "The checkpoint: a signed note.",
                    },
                },
            }
        }
    },
}

NAME_PARAMETER = [
    {
        "in": "path",
        "name": "name",
        "required": True,
        "description": "The peer's name, percent-encoded as any path segment (`/` as `%2F`).",
        "schema": {"type": "string", "pattern": NAME_PATTERN, "maxLength": MAX_NAME},
    }
]
