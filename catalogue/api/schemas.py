"""The forms of the API's answers, for its OpenAPI document; tests check that answers conform.

The services hand over plain values; nothing is dumped through these schemas, so they cost nothing.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from catalogue.federation.live import Outcome as LiveOutcome
from catalogue.lifecycle import State
from catalogue.operations import ALLOW, BLOCK, MAX_REASON
from catalogue.suggestions import KINDS, MAX_SIZE
from credentials.report import CHECKS, Outcome, Verdict
from search.values import BASES, IMMUNITIES
from vocab.certifications import STATUSES as CERTIFICATION_STATUSES
from vocab.certifications import SUBJECTS as CERTIFICATION_SUBJECTS
from vocab.model import Basis, Identity, Kind

HEX64 = "^[0-9a-f]{64}$"
HEX32 = "^[0-9a-f]{32}$"


class Whole(Regexp):
    """A pattern that the whole value matches: Python's `$` alone would let a line feed follow."""

    def __call__(self, value: Any) -> Any:
        """The value; ValidationError when it doesn't match."""
        if not self.regex.fullmatch(value):
            raise ma.ValidationError(self._format_error(value))
        return value


class Form(ma.Schema):
    """An object with exactly the members listed."""

    class Meta:
        """Nothing undocumented: `additionalProperties` is false."""

        unknown = ma.RAISE


def text(description: str, **options: Any) -> fields.String:
    """A string that is always there."""
    return fields.String(required=True, metadata={"description": description}, **options)


def maybe(description: str, **options: Any) -> fields.String:
    """A member that is always there and may be null."""
    return fields.String(required=True, allow_none=True, metadata={"description": description}, **options)


def time(description: str, *, nullable: bool = False) -> fields.String:
    """An RFC 3339 time in UTC."""
    return fields.String(
        required=True, allow_none=nullable, metadata={"description": description, "format": "date-time"}
    )


def number(description: str) -> fields.Integer:
    """A number of things."""
    return fields.Integer(required=True, validate=Range(min=0), metadata={"description": description})


def figure(description: str) -> fields.Float:
    """A number that may not be known."""
    return fields.Float(required=True, allow_none=True, metadata={"description": description})


def texts(description: str) -> fields.List[Any]:
    """A list of strings, possibly empty."""
    return fields.List(fields.String(), required=True, metadata={"description": description})


def sha256(description: str) -> fields.String:
    """SHA-256 as 64 lower-case hex digits."""
    return text(description, validate=Whole(HEX64))


def shapes_mark() -> fields.String:
    """The mark that the check of shapes leaves on what is listed."""
    return text(
        "Whether it has the shape that this node's schemas ask for; its report says what is wrong.",
        validate=OneOf([outcome.value for outcome in Outcome]),
    )


class ProblemErrorSchema(Form):
    """One thing that was wrong with one parameter."""

    where = text("The parameter or member.")
    problem = text("What is wrong with it.")


class CheckSchema(Form):
    """One check of a verification."""

    name = text("Which check.", validate=OneOf(CHECKS))
    outcome = text("What came of it.", validate=OneOf([outcome.value for outcome in Outcome]))
    detail = text("A sentence for a person; for `not_checked`, the reason.")
    evidence = fields.Dict(required=True, metadata={"description": "Small facts for a machine."})


class ProofSchema(Form):
    """The proof that decided."""

    suite = text("The signature suite or JWS algorithm family.")
    variant = maybe("Which variant of it matched.")
    verification_method = maybe("The DID URL of the key.")
    created = maybe("When the proof says that it was made.")


class EachProofSchema(ProofSchema):
    """One of several proofs."""

    signer = text("The DID of the key.")
    decisive = fields.Boolean(
        required=True, metadata={"description": "Whether it is the issuer's own that decided."}
    )
    checks = fields.List(
        fields.Nested(CheckSchema),
        required=True,
        metadata={
            "description": "Those made of it; none where the decisive proof had failed before. Of the others "
            "`chain` and `host_binding` are here too, and decide nothing."
        },
    )


class ReportSchema(Form):
    """What was checked, and what came of it."""

    verdict = text("The policy's conclusion.", validate=OneOf([verdict.value for verdict in Verdict]))
    policy = text("The policy that judged.")
    required = fields.List(
        text("A check.", validate=OneOf(CHECKS)),
        required=True,
        metadata={"description": "Checks that had to pass."},
    )
    may_not_fail = fields.List(
        text("A check.", validate=OneOf(CHECKS)),
        required=True,
        metadata={
            "description": "Checks that may be left out, but had not to fail. Others are reported only."
        },
    )
    checks = fields.List(fields.Nested(CheckSchema), required=True)
    issuer = maybe("The credential's issuer; of a presentation, its holder.")
    subjects = texts("What the credential is about.")
    content_id = maybe("SHA-256 of what was signed.", validate=Whole(HEX64))
    proof = fields.Nested(ProofSchema, required=True, allow_none=True)
    proofs = fields.List(
        fields.Nested(EachProofSchema),
        metadata={"description": "All proofs in their order, where there are several."},
    )
    verified_at = time("The time for which the verdict holds.")
    credentials = fields.List(
        fields.Nested(lambda: ReportSchema()),
        metadata={"description": "A presentation's credentials, one report each."},
    )


class ProblemSchema(ma.Schema):
    """Why a request was not fulfilled (RFC 9457), and what to do about it."""

    type = fields.Url(
        required=True,
        metadata={"description": "Which kind of problem; stable, listed at /docs.", "format": "uri"},
    )
    title = text("The kind of problem in words, always the same for one type.")
    status = fields.Integer(
        required=True, validate=Range(400, 599), metadata={"description": "The HTTP status."}
    )
    detail = text("What was wrong this time.")
    action = text("What to do.")
    instance = fields.String(metadata={"description": "Under which name a failure is in the node's log."})
    where = fields.String(metadata={"description": "The parameter, header, check or scope at fault."})
    errors = fields.List(fields.Nested(ProblemErrorSchema))
    report = fields.Nested(ReportSchema)
    retry_after = fields.Integer(
        validate=Range(min=1), metadata={"description": "Seconds to wait, as in the header Retry-After."}
    )
    limit = fields.String(metadata={"description": "The limit that is used up."})
    max_bytes = fields.Integer(metadata={"description": "The largest body that is taken."})
    accepted = fields.List(fields.String(), metadata={"description": "Media types that are taken here."})
    content_id = fields.String(metadata={"description": "The content concerned."})
    digest = fields.String(metadata={"description": "The bytes concerned."})
    at = fields.String(metadata={"description": "When it was withdrawn or erased.", "format": "date-time"})


class RecordLineSchema(Form):
    """One statement about one subject."""

    id = text("The record: first half of SHA-256 over issuer and subject.", validate=Whole(HEX32))
    digest = sha256("The bytes under which the statement is listed.")
    index = number("Its place within these bytes; 0 but in a presentation.")
    content_id = sha256("SHA-256 of what was signed.")
    issuer = text("The DID of who says so.")
    subject = text("What the statement is about.")
    state = text("Its state on this node.", validate=OneOf([state.value for state in State]))


class PublicationSchema(Form):
    """What became of a publication."""

    digest = sha256("The bytes under which it is listed: an earlier submission's if it was listed already.")
    records = fields.List(fields.Nested(RecordLineSchema), required=True)
    report = fields.Nested(ReportSchema, required=True)


class WithdrawalSchema(Form):
    """What became of a withdrawal."""

    digest = sha256("The withdrawal's own bytes, readable under /withdrawals.")
    content_id = sha256("What was withdrawn.")
    issuer = text("Who withdrew it.")
    withdrawn_at = time("When the issuer signed the withdrawal.")
    records = fields.List(fields.Nested(RecordLineSchema), required=True)


class StatementSchema(RecordLineSchema):
    """A listed statement with its times."""

    valid_from = time("From when on it holds, as signed.")
    valid_until = time("Until when it holds, as signed.", nullable=True)
    listed_at = time("When this node listed it.")
    shapes = shapes_mark()


class ListForm(Form):
    """One page of a list."""

    total = number("How many there are in all.")
    next = maybe("The cursor of the next page, null at the end.")


class StatementListSchema(ListForm):
    """A page of statements, oldest listing first."""

    items = fields.List(fields.Nested(StatementSchema), required=True)


class ProviderSchema(Form):
    """Who answers for a record: its issuer."""

    id = maybe("The provider's own record, if it published one.", validate=Whole(HEX32))
    name = text("What the provider calls itself; empty if it doesn't say.")
    did = text("The issuer's DID.")
    identity = text(
        "How far the identity is established: `notarised` (a registration number attested by somebody this "
        "node trusts), `domain` (a DID document fetched from the provider's own host) or `self_asserted`.",
        validate=OneOf([identity.value for identity in Identity]),
    )


class FacetValueSchema(Form):
    """One value of a field and how many hits carry it."""

    value = text("The value to filter by.")
    count = number("Hits with it, the field's own filter left aside.")
    label = text("Its name in the reader's language.")


class ReachedSchema(Form):
    """Whose law can reach a service, in short."""

    exposed_to = texts("ISO 3166-1 alpha-2 codes of the countries that are known to.")
    complete = fields.Boolean(
        required=True, metadata={"description": "Whether there can be no others, by what is stated."}
    )
    immunity = text("To the law of states outside the EU.", validate=OneOf(IMMUNITIES))


class ConsortiumItemSchema(Form):
    """A consortium all of whose members have signed."""

    did = text("Its DID.")
    name = text("What it is called; empty if nobody says.")


class ListerSchema(Form):
    """A node in whose log a statement is."""

    name = text("The node: host, port if any, and path.")
    home = fields.Boolean(
        required=True, metadata={"description": "Whether it is this node: the statement was submitted here."}
    )
    stale = fields.Boolean(
        required=True,
        metadata={"description": "Whether nothing was heard of it for a while, or it is followed no longer."},
    )


class VerdictSchema(Form):
    """What this node found itself, whichever node listed it."""

    policy = text("The policy that judged.")
    verified_at = time("When it was last verified.")


class LogEntrySchema(Form):
    """An entry of a node's log that lists a statement."""

    node = text("The node whose log it is.")
    home = fields.Boolean(required=True, metadata={"description": "Whether it is this node."})
    leaf = number("Its place in that log, from 0.")
    digest = sha256("The bytes that it names.")
    proof = fields.String(
        required=True,
        metadata={"description": "Where that node proves that its log has it.", "format": "uri"},
    )


class ItemSchema(Form):
    """A listed record as the catalogue reads it, in the reader's language where it has it."""

    id = text("The record.", validate=Whole(HEX32))
    kind = text("What it is about.", validate=OneOf([Kind.OFFERING.value, Kind.PARTICIPANT.value]))
    name = text("Its name; empty if the statement gives none.")
    description = text("Its description, at most 4,000 characters of it.")
    keywords = texts("As declared.")
    provider = fields.Nested(ProviderSchema, required=True)
    labels = texts("Trust labels, never on the provider's own word.")
    label_bases = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String(validate=OneOf(BASES))),
        required=True,
        metadata={"description": "By label, on whose word it is held; on `declared` alone it doesn't count."},
    )
    levels = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=OneOf(BASES)),
        required=True,
        metadata={"description": "By `profile:version:level` that is reached, on which basis."},
    )
    exposure = fields.Nested(
        ReachedSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Whose law can reach a service; null where that wasn't worked out."},
    )
    hosted_in = texts("Where data are: ISO 3166-1 alpha-2 codes.")
    operated_from = texts("From where it is operated: ISO 3166-1 alpha-2 codes.")
    technology_from = texts("Where licensors of its technology are: ISO 3166-1 alpha-2 codes.")
    consortia = fields.List(
        fields.Nested(ConsortiumItemSchema),
        required=True,
        metadata={"description": "Consortia that make it, where all of their members have signed."},
    )
    pue = figure("The worst power usage effectiveness of its sites.")
    renewable_percent = figure("The least percentage of renewable energy of its sites.")
    certifications = texts("Certifications by trusted bodies, valid today; a version beside its scheme.")
    programmes = texts("Programmes whose authority names the provider.")
    participant_kinds = texts("What the provider says it is.")
    jurisdiction = texts("ISO 3166-1 alpha-2 codes.")
    capabilities = texts("Concepts of the capability taxonomy.")
    highlights = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": "Fragments in which the words of the query are marked, by field."},
    )
    subject = text("What the statement is about.")
    types = texts("The subject's types, as IRIs.")
    provided_by = maybe("Whom the statement calls the provider; only claimed where it isn't the issuer.")
    digest = sha256("The signed bytes.")
    content_id = sha256("What was signed.")
    state = text("Its state.", validate=OneOf([state.value for state in State]))
    shapes = shapes_mark()
    listed_at = time("When this node listed it.")
    listed_by = fields.List(
        fields.Nested(ListerSchema),
        required=True,
        metadata={"description": "The nodes in whose logs it is, this one first."},
    )
    verdict = fields.Nested(
        VerdictSchema,
        required=True,
        allow_none=True,
        metadata={"description": "This node's own; null where the bytes were erased a moment ago."},
    )
    valid_until = time("Until when it holds.", nullable=True)


class CitedSchema(Form):
    """A credential that something rests on."""

    content_id = sha256("The statement.")
    digest = maybe("The bytes, under /self-descriptions.", validate=Whole(HEX64))
    issuer = text("Who says so.")


class GroundSchema(Form):
    """Why a hit passes a filter."""

    field = text("The filter.")
    value = text("The value by which it does.")
    basis = text("On whose word.", validate=OneOf(BASES))
    detail = maybe("A sentence, where the catalogue concluded it.")
    credentials = fields.List(
        fields.Nested(CitedSchema), required=True, metadata={"description": "At most 20 that say so."}
    )


class HitSchema(ItemSchema):
    """A record that was found."""

    why = fields.List(
        fields.Nested(GroundSchema),
        metadata={"description": "With `why=true`: on which grounds it passes the filters, at most 50."},
    )


class ReasonSchema(Form):
    """Why a field has a value, and on whose word."""

    field = text("The field.")
    value = text("The value.")
    basis = text("On whose word it rests, strongest first.", validate=OneOf([basis.value for basis in Basis]))
    detail = maybe("A sentence, where the catalogue concluded it by itself.")
    content_id = maybe("The statement that says so.", validate=Whole(HEX64))
    issuer = maybe("Who says so.")
    path = maybe("The property that says so.")


class DoubtSchema(Form):
    """What somebody trusted says of the subject, and why it doesn't count."""

    field = text("The field.")
    value = text("The value that it doesn't have.")
    detail = text("Why it doesn't count.")
    content_id = sha256("The statement that says so.")
    issuer = text("Who says so.")


class EventSchema(Form):
    """Something that happened to the record on this node."""

    at = time("When.")
    kind = text(
        "What: `expired`, `withdrawn`, `erased`, `blocked`, `unblocked`, `turned` "
        "(an attestation began or ended on a day that it names), `trust` (the node's trust list changed); "
        "of re-checks `revoked`, `suspended`, `unverifiable`, `reinstated` (nothing against it any more), "
        "`unreachable` (what it rests on can't be asked; the last verdict stays for 7 days), `reachable`; "
        "of what is concluded `concluded` (at first), `label_gained`, `label_lost`, `label_changed` (its "
        "basis), the same of `level_`, `exposure_changed`, `immunity_changed`, `consortium_changed`; "
        "`listed_by` (one more node lists it, or one less)."
    )
    content_id = maybe("The statement concerned.", validate=Whole(HEX64))
    value = maybe("What was gained, lost or changed, as one would search for it.")
    since = time("When that took effect, where the event tells it.", nullable=True)
    reason = text("Why.")


class HappeningSchema(EventSchema):
    """A line of a record's history: an event, or what happened to one of its versions.

    Of versions, `kind` is `listed`, `superseded` or `withdrawn`.
    """

    digest = maybe("The bytes of the version.", validate=Whole(HEX64))


class DetailForm(ItemSchema):
    """A record with its reasons and its history."""

    log_entries = fields.List(
        fields.Nested(LogEntrySchema),
        required=True,
        metadata={"description": "Its places in the logs of nodes, this one's first."},
    )
    reasons = fields.List(fields.Nested(ReasonSchema), required=True)
    doubts = fields.List(
        fields.Nested(DoubtSchema),
        required=True,
        metadata={"description": "Labels that were given to another version of the text, by their digest."},
    )
    events = fields.List(
        fields.Nested(EventSchema), required=True, metadata={"description": "The latest 50, newest first."}
    )


class ParticipantSchema(DetailForm):
    """A participant."""


class HistorySchema(ListForm):
    """A page of a record's history."""

    items = fields.List(fields.Nested(HappeningSchema), required=True)


class SearchForm(ListForm):
    """A page of hits."""

    items = fields.List(fields.Nested(HitSchema), required=True)
    facets = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(FacetValueSchema)),
        metadata={"description": "By field, the most frequent values of all hits; absent for `facets=none`."},
    )


class NotShownSchema(Form):
    """Why some of what a node has found isn't shown."""

    reason = text("The reason.")
    count = number("For how many.")


class AskedNodeSchema(Form):
    """What came of asking a node."""

    name = text("The node.")
    outcome = text(
        "`answered`, `late` (not in time), `unreachable`, or `refused` (it refuses the question, its answer "
        "can't be used, or it may not be asked so often).",
        validate=OneOf([outcome.value for outcome in LiveOutcome]),
    )
    items = number("How many of `items` it has.")
    known = number("Hits of it that this node holds already.")
    refused = fields.List(
        fields.Nested(NotShownSchema),
        required=True,
        metadata={"description": "What else it has found and isn't shown."},
    )
    detail = maybe("Why it didn't answer.")


class LiveItemSchema(ItemSchema):
    """A service that was verified on the spot and is described from its own statement alone.

    It isn't listed here, so it has neither a state nor a time of listing.
    """

    class Meta:
        """As every form."""

        unknown = ma.RAISE
        exclude = ("state", "listed_at")

    copied = fields.Boolean(
        required=True, metadata={"description": "Always false: this node keeps nothing of it yet."}
    )


class LiveAnswerSchema(Form):
    """What the nodes that are followed have and this node has not copied yet."""

    peers = fields.List(
        fields.Nested(AskedNodeSchema),
        required=True,
        metadata={"description": "Each node that was to be asked, by name."},
    )
    items = fields.List(
        fields.Nested(LiveItemSchema),
        required=True,
        metadata={"description": "In the order asked for, at most 100; `listed_by` are those that said so."},
    )


class OfferingListSchema(SearchForm):
    """A page of services."""

    live = fields.Nested(LiveAnswerSchema, metadata={"description": "With `scope=live`."})


class SuggestionSchema(Form):
    """Something that begins with what is being typed."""

    kind = text("What it is.", validate=OneOf(KINDS))
    id = text("The record's id, or the capability's.")
    detail = maybe("A service's provider, a participant's countries, what a capability is part of.")
    highlighted = text("The name that fits, as HTML: what was typed is in `<mark>`.")
    count = fields.Integer(
        required=True,
        allow_none=True,
        validate=Range(min=1),
        metadata={"description": "Listed services that have the capability; null for others."},
    )
    text = text("Its name for this reader.")


class SuggestionListSchema(ListForm):
    """Suggestions, kind by kind, the best fitting first."""

    items = fields.List(fields.Nested(SuggestionSchema), required=True, validate=Length(max=MAX_SIZE))


class ParticipantListSchema(SearchForm):
    """A page of participants."""


class RefusalSchema(Form):
    """A refused submission that claimed this issuer; nobody's signature stands behind the claim."""

    digest = sha256("The bytes that were submitted.")
    at = time("When.")
    check = text("The first check that spoke against it.", validate=OneOf(CHECKS))
    detail = text("Why.")


class StandingSchema(Form):
    """Where an issuer stands on this node: why its self-descriptions are listed or aren't."""

    did = text("The issuer.")
    rule = maybe("What the operator said of it.", validate=OneOf([BLOCK, ALLOW]))
    rule_reason = maybe("The operator's reason.")
    admission = text("Who may publish here: anybody, or whom the operator allowed.")
    statements = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "How many of its statements are in each state."},
    )
    refusals = fields.List(
        fields.Nested(RefusalSchema),
        required=True,
        metadata={"description": "Recent submissions that claimed this issuer and were refused."},
    )


class RuleFormSchema(Form):
    """What the operator says of an issuer."""

    rule = fields.String(required=True, validate=OneOf([BLOCK, ALLOW]))
    reason = fields.String(required=True, validate=Length(1, MAX_REASON))


class RuleSchema(Form):
    """A rule in force."""

    did = text("The issuer.")
    rule = text("`block` or `allow`.", validate=OneOf([BLOCK, ALLOW]))
    reason = text("Why.")
    at = time("Since when.")


class RuleListSchema(ListForm):
    """Every rule, by DID."""

    items = fields.List(fields.Nested(RuleSchema), required=True)


class ErasureFormSchema(Form):
    """What to erase, and why."""

    digest = sha256("The bytes to erase.")
    reason = text("The reason, kept in the node's events.", validate=Length(1, MAX_REASON))


class ErasureSchema(Form):
    """What an erasure removed."""

    digest = sha256("The bytes that are gone.")
    records = texts("The records that changed by it.")
    erased_at = time("When.")


class CapabilitySchema(Form):
    """A concept of the capability taxonomy."""

    id = text("The value to filter by.")
    iri = text("The identifier that signed documents use.")
    label = text("Its name.")
    synonyms = texts("Other names that mean it, in this language.")
    broader = maybe("The concept above it.")
    narrower = texts("The concepts directly below it.")


class JurisdictionSchema(Form):
    """A country, or a group of countries that can be asked for like one."""

    id = text("ISO 3166-1 alpha-2, `EU` or `EEA`.")
    kind = text("What it is.", validate=OneOf(["country", "group"]))
    label = text("Its name.")
    groups = texts("The groups that it belongs to today.")


class LabelSchema(Form):
    """A trust label."""

    id = text("The value to filter by.")
    scheme = text("Whose label it is.")
    label = text("Its name.")
    below = texts("Labels that whoever holds this one holds as well, the nearest first.")


class CertificationSchema(Form):
    """A certification scheme, or a version or level of one."""

    id = text("The value to filter by.")
    kind = text("What it is.", validate=OneOf(["scheme", "version", "level"]))
    broader = maybe("The scheme that it belongs to.")
    label = text("Its name.")
    authority = text("Who runs the scheme.")
    country = maybe("ISO 3166-1 alpha-2 or `EU`; null for an international scheme.")
    subject = text("What it is about.", validate=OneOf(CERTIFICATION_SUBJECTS))
    status = text("Whether it is given.", validate=OneOf(CERTIFICATION_STATUSES))
    validity_months = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "For how long one is given at most; null where the scheme sets no term."},
    )


class ParticipantKindSchema(Form):
    """A kind of participant."""

    id = text("The value to filter by.")
    label = text("Its name.")


class PeriodSchema(Form):
    """Which states backed a programme, and when."""

    id = text("The period's name.")
    since = text("Its first day.")
    until = maybe("The day it ended, null while it lasts.")
    precision = text("How exactly the first day is known.", validate=OneOf(["day", "year"]))
    states = texts("ISO 3166-1 alpha-2 codes.")
    source = text("Where this is from.")


class ProgrammeSchema(Form):
    """A public programme."""

    id = text("The programme.")
    label = text("Its name.")
    short = text("Its usual short name.")
    periods = fields.List(fields.Nested(PeriodSchema), required=True)


class StateSchema(Form):
    """A state that a statement can be in."""

    id = text("The value to filter by.", validate=OneOf([state.value for state in State]))
    label = text("Its name.")


class CapabilityListSchema(ListForm):
    """The capability taxonomy, broader concepts first."""

    items = fields.List(fields.Nested(CapabilitySchema), required=True)


class JurisdictionListSchema(ListForm):
    """Groups, then countries by code."""

    items = fields.List(fields.Nested(JurisdictionSchema), required=True)


class LabelListSchema(ListForm):
    """Trust labels, lowest level of each scheme first."""

    items = fields.List(fields.Nested(LabelSchema), required=True)


class CertificationListSchema(ListForm):
    """Certification schemes, each followed by its versions and levels."""

    items = fields.List(fields.Nested(CertificationSchema), required=True)


class ParticipantKindListSchema(ListForm):
    """The kinds of participant."""

    items = fields.List(fields.Nested(ParticipantKindSchema), required=True)


class ProgrammeListSchema(ListForm):
    """Public programmes."""

    items = fields.List(fields.Nested(ProgrammeSchema), required=True)


class StateListSchema(ListForm):
    """The states."""

    items = fields.List(fields.Nested(StateSchema), required=True)


class HealthSchema(Form):
    """The process answers."""

    status = text("Always `ok`.", validate=OneOf(["ok"]))


class EngineSchema(Form):
    """How far one of the node's search engines has come."""

    name = text("`embedded` or `elasticsearch`; the first of the list answers while it can.")
    index_position = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Entries of the log that it has taken in; null while it is out of reach."},
    )
    lag = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Entries that it is behind."}
    )


class ReadinessSchema(Form):
    """Whether the node can do its work, and how far the index is behind the log."""

    status = text("`ready`, or why not.", validate=OneOf(["ready", "lagging", "unavailable"]))
    entries = fields.Integer(required=True, allow_none=True, metadata={"description": "Entries taken in."})
    index_position = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Entries that the index has taken in."}
    )
    lag = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Entries that the index is behind."}
    )
    engines = fields.List(fields.Nested(EngineSchema), required=True)


class IndexSchema(Form):
    """Where to go from here."""

    name = text("What this is.")
    version = text("The program's version.")
    links = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
