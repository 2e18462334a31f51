"""The tables, by kind of memory (docs/architecture.md).

Kept for good: `heads`, `log`, `blobs`, `evidence`, `events`, `concluded`, `issuer_rules`, `schemas`. Derived
from those by a rebuild: `reports`, `listings`, `repeats`, `withdrawals`, `bearings`, `draws`, `rechecks`,
`standings`. Short-lived: `refusals`, `did_cache`, `fetched`.

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
    Column("log_size", BigInteger, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    # Changes when derived state was made anew: followers start over.
    Column("generation", BigInteger, nullable=False),
)

#: The public, append-only log. `entry` is the RFC 8785 form of {v, op, digest, at}; positions start at 0.
log = Table(
    "log",
    metadata,
    Column("position", _NUMBER, primary_key=True, autoincrement=False),
    Column("op", String(8), nullable=False),
    Column("digest", _DIGEST, nullable=False, index=True),
    Column("entry", Text, nullable=False),
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

#: Verification reports, as compressed JSON, by the log position of the blob they are about.
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
KEPT = (heads, log, blobs, evidence, events, concluded, issuer_rules, schemas)


def stored_time(moment: datetime) -> str:
    """The column form of a time: UTC, always six decimals, so that text compares as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """The inverse of `stored_time`."""
    return from_rfc3339(text)
