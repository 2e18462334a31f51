"""The tables, by kind of memory (docs/architecture.md).

Kept for good: `heads`, `intake`, `blobs`, `evidence`, `events`, `concluded`, `issuer_rules`, `schemas`;
of the node's own log `checkpoints` and `log_keys`; of peers' logs `peers`, `received` and `contradictions`.
Derived from those by a rebuild: `reports`, `listings`, `repeats`, `withdrawals`, `bearings`, `draws`,
`rechecks`, `standings`; from the log's entries at any time: `tiles`. Short-lived: `refusals`, `did_cache`,
`fetched`.

Times are RFC 3339 text in UTC with exactly six decimals, so that text order is time order on every database.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from credentials.times import from_rfc3339

metadata = MetaData()

_DIGEST = String(64)
_RECORD = String(32)
_TIME = String(27)
#: A counted key. On SQLite it is the row's own number, so that it needs no index beside the table.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

#: One row. Every writing transaction takes it first, so positions have no gaps and commit in order.
heads = Table(
    "heads",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Entries taken in, the node's own and copied ones, and how many of them are its public log.
    Column("intake_size", BigInteger, nullable=False),
    Column("tree_size", BigInteger, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    # Changes when derived state was made anew: followers start over.
    Column("generation", BigInteger, nullable=False),
    # Part of the log's origin: another log of this node, made anew, has another.
    Column("log_id", String(16), nullable=False),
    # Why the log may neither grow nor be signed for now; null while it may.
    Column("held", Text),
)

#: All that was taken in, in the order in which that happened here: append-only, positions start at 0.
#: `entry` is the RFC 8785 form of {v, op, digest, at}. What was submitted to this node has a `leaf`, its
#: index in the public log; what was copied from a peer's has none: a node logs only what was submitted to it.
intake = Table(
    "intake",
    metadata,
    Column("position", _NUMBER, primary_key=True, autoincrement=False),
    Column("op", String(8), nullable=False),
    Column("digest", _DIGEST, nullable=False, index=True),
    Column("entry", Text, nullable=False),
    Column("leaf", BigInteger),
    Index("uq_intake_leaf", "leaf", unique=True),
)

#: The signed heads of the node's own log, one for each size that was ever signed. `note` is the signed note
#: as served; signing the same size again, later, replaces it.
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", _NUMBER, primary_key=True, autoincrement=False),
    Column("root", _DIGEST, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("signed_at", _TIME, nullable=False),
)

#: Full tiles of hashes of the node's own log, below its signed size; `hashes` is 256 times 32 bytes.
tiles = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

#: Statements by which the log's key was changed, oldest first, each signed by the key before it.
log_keys = Table(
    "log_keys",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("statement", Text, nullable=False),
    Column("at", _TIME, nullable=False),
)

#: The nodes whose logs are copied. `name` is host and path of the origin, `keys` a JSON list of its pinned
#: keys (newest last), `state` one of `PeerState`. `size` is the cursor: entries below it were *received*,
#: whatever became of them. `trusted` is the packed state of `credentials.transparency.trusted_log` there.
peers = Table(
    "peers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("keys", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("size", BigInteger, nullable=False),
    Column("trusted", LargeBinary),
    Column("added_at", _TIME, nullable=False),
    # Of the newest checkpoint known: its entries, of which some may still be to come, and its cosignature's
    # time, by the peer's clock. The others by this node's: when that was first seen, when the peer last
    # answered at all, when its log last grew.
    Column("signed_size", BigInteger),
    Column("signed_at", _TIME),
    Column("renewed_at", _TIME),
    Column("answered_at", _TIME),
    Column("grew_at", _TIME),
    Column("due_at", _TIME),
    Column("faults", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    sqlite_autoincrement=True,
)

#: Of `received`: what isn't in force here. Written out in a query, it has the index of that name used.
NOT_IN_FORCE = text("received.state <> 'accepted'")
_OPEN = text("state <> 'accepted'")

#: Every entry of a peer's log, and what became of it here: `state` is one of `EntryState`. `detail` says why,
#: and `report` is the packed report of what was refused. A pending or deferred one is due at `due_at`.
received = Table(
    "received",
    metadata,
    Column("peer", Integer, ForeignKey("peers.id", ondelete="CASCADE"), primary_key=True),
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("op", String(8), nullable=False),
    Column("digest", _DIGEST, nullable=False, index=True),
    Column("at", _TIME, nullable=False),
    Column("state", String(12), nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_at", _TIME),
    Column("detail", Text),
    Column("report", LargeBinary),
    Index("ix_received_due", "due_at"),
    # Of what isn't in force here, which is little: counted and listed without reading all the rest.
    Index("ix_received_open", "peer", "leaf", "state", sqlite_where=_OPEN, postgresql_where=_OPEN),
    sqlite_with_rowid=False,
)

#: What a peer signed that can't both be true, as evidence for anybody to check (`credentials.transparency`).
contradictions = Table(
    "contradictions",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("peer", Text, nullable=False, index=True),
    Column("origin", Text, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("found_at", _TIME, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
)

#: Exact bytes by digest. `policy` and `judged_at` are set for what was judged here, for a replay.
blobs = Table(
    "blobs",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("stored_at", _TIME, nullable=False),
    Column("policy", String(64)),
    Column("judged_at", _TIME),
)

#: Which stored bytes (a DID document, say) the verdict on a blob rested on.
evidence = Table(
    "evidence",
    metadata,
    Column("digest", _DIGEST, ForeignKey("blobs.digest", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("obtained", String(16), nullable=False),
    Column("source", _DIGEST, nullable=False, index=True),
    # When it was fetched, of what a report tells the age.
    Column("fetched_at", _TIME),
    sqlite_with_rowid=False,
)

#: Local happenings that the log doesn't tell: expiry, withdrawal, erasure, blocking. Never replicated.
events = Table(
    "events",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("at", _TIME, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("record_id", _RECORD, nullable=False, index=True),
    Column("content_id", _DIGEST),
    Column("reason", Text, nullable=False),
    # What was gained, lost or changed, in the form in which it is searched for; and when that took effect.
    Column("value", Text),
    Column("since", _TIME),
)

#: What the events have told last of each offering, its labels and so on, in JSON (`catalogue.conclusions`);
#: and from how much of the store: entries and events together, and events alone.
concluded = Table(
    "concluded",
    metadata,
    Column("record_id", _RECORD, primary_key=True),
    Column("told", Text, nullable=False),
    Column("at", _TIME, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
)

#: What the operator said of an issuer: `block` or `allow`.
issuer_rules = Table(
    "issuer_rules",
    metadata,
    Column("did", Text, primary_key=True),
    Column("rule", String(8), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", _TIME, nullable=False),
)

#: The schemas that self-descriptions are held against: a file's bytes and its prepared form are blobs.
schemas = Table(
    "schemas",
    metadata,
    Column("digest", _DIGEST, ForeignKey("blobs.digest"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("prepared", _DIGEST, nullable=False),
    Column("at", _TIME, nullable=False),
)

#: Verification reports, as compressed JSON, by the position of the entry that brought the blob.
reports = Table(
    "reports",
    metadata,
    Column("position", _NUMBER, primary_key=True, autoincrement=False),
    Column("report", LargeBinary, nullable=False),
)

#: One row for each statement about each subject: the record's history and its current line.
listings = Table(
    "listings",
    metadata,
    Column("record_id", _RECORD, primary_key=True),
    Column("content_id", _DIGEST, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    # The credential's own `id`, under which a clearing house may speak of it.
    Column("credential", Text, index=True),
    Column("digest", _DIGEST, nullable=False),
    Column("place", Integer, nullable=False),
    Column("obtained", String(16), nullable=False),
    Column("valid_from", _TIME, nullable=False),
    Column("valid_until", _TIME),
    Column("listed_at", _TIME, nullable=False),
    # That of the entry which lists `digest`: looked up by it, since it grows and a digest is all over.
    Column("position", BigInteger, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    # What came of the check of shapes when it was listed.
    Column("shapes", String(12), nullable=False, server_default="not_checked"),
    Index("ix_listings_issuer", "issuer", "position"),
    Index("ix_listings_content", "content_id"),
    Index("ix_listings_expiry", "state", "valid_until"),
    sqlite_with_rowid=False,
)

#: Further blobs that carry an already listed statement (inside another presentation, say).
repeats = Table(
    "repeats",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("content_id", _DIGEST, nullable=False, index=True),
    Column("position", BigInteger, nullable=False),
)

#: Verified withdrawals by the content they withdraw.
withdrawals = Table(
    "withdrawals",
    metadata,
    Column("content_id", _DIGEST, primary_key=True),
    Column("issuer", Text, primary_key=True),
    Column("digest", _DIGEST, nullable=False, index=True),
    Column("issued_at", _TIME, nullable=False),
    Column("reason", Text),
)

#: When what an entry lists was last verified again; due an interval later, at once where that is empty.
rechecks = Table(
    "rechecks",
    metadata,
    Column("position", _NUMBER, primary_key=True, autoincrement=False),
    Column("asked_at", _TIME, nullable=False, index=True),
)

#: What re-checks found against statements. No state: fine when it was last asked, and out of reach since.
standings = Table(
    "standings",
    metadata,
    Column("content_id", _DIGEST, primary_key=True),
    Column("state", String(16)),
    Column("reason", Text, nullable=False),
    Column("since", _TIME, nullable=False),
    Column("unreachable_since", _TIME),
)

#: Which statements bear on whom: a participant credential on its issuer, an attestation on what it mentions.
bearings = Table(
    "bearings",
    metadata,
    Column("record_id", _RECORD, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("turns_at", _TIME, index=True),
    Index("ix_bearings_target", "target", "kind"),
)

#: Whom offerings and participants name, so that what is read of them rests on these too (`bearings` is the
#: other direction: who speaks about whom).
draws = Table(
    "draws",
    metadata,
    Column("record_id", _RECORD, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("kind", String(16), nullable=False),
    Index("ix_draws_target", "target", "kind", "record_id"),
)

#: Recent refusals by claimed (not verified) issuer, for "why isn't mine listed?". Bounded, no bytes kept.
refusals = Table(
    "refusals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("claimed_issuer", Text, nullable=False, index=True),
    Column("digest", _DIGEST, nullable=False),
    Column("at", _TIME, nullable=False, index=True),
    Column("check", String(24), nullable=False),
    Column("detail", Text, nullable=False),
)

#: Fetched DID documents, shared by all workers, for at most an hour.
did_cache = Table(
    "did_cache",
    metadata,
    Column("did", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("fetched_at", _TIME, nullable=False, index=True),
)

#: Fetched chains, status lists, CRLs and OCSP answers, shared by all workers, for at most an hour.
fetched = Table(
    "fetched",
    metadata,
    Column("url", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("fetched_at", _TIME, nullable=False, index=True),
)

#: What a rebuild makes anew; foreign tables first.
DERIVED = (reports, listings, repeats, withdrawals, bearings, draws, rechecks, standings)
#: What a backup carries, in the order in which it is put back.
KEPT = (
    heads,
    intake,
    checkpoints,
    log_keys,
    blobs,
    evidence,
    events,
    concluded,
    issuer_rules,
    schemas,
    peers,
    received,
    contradictions,
)


def stored_time(moment: datetime) -> str:
    """The column form of a time: UTC, always six decimals, so that text compares as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """The inverse of `stored_time`."""
    return from_rfc3339(text)
