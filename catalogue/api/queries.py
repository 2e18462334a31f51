"""The query parameters of the API: their names, bounds and what they become."""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from catalogue import suggestions
from catalogue.api.schemas import Whole
from catalogue.history import NEWEST, ORDERS
from catalogue.lifecycle import State
from credentials.presenting import MAX_ASKED
from search.conditions import INCLUDE, NUMBER
from search.query import (
    DEFAULT_FACETS,
    DEFAULT_SIZE,
    FACET_FIELDS,
    FILTER_FIELDS,
    MAX_FILTER_VALUES,
    MAX_SIZE,
    MAX_TEXT,
    MAX_VALUE,
    Query,
    Sort,
)
from search.values import BASES, COPIED, HOME, IMMUNITIES, UNKNOWN
from vocab.jurisdictions import GROUPS, countries
from vocab.languages import LANGUAGES
from vocab.model import Identity, Kind
from vocab.participant_kinds import participant_kinds
from vocab.profiles import shipped

#: Characters of a cursor; the node's own are far shorter.
MAX_CURSOR = 2_000
#: The value of `facets` that asks for none.
NO_FACETS = "none"
#: Values of `scope`: what is here, or what the nodes that are followed have as well.
COPIED_SCOPE, LIVE_SCOPE = "copied", "live"
#: What any DID looks like (W3C DID Core section 3.1); which methods are resolved is another question.
DID_PATTERN = "^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$"
IS_DID = [Length(1, MAX_VALUE), Whole(DID_PATTERN)]
#: What every engine and store can carry.
IS_TEXT = Whole("^[^\\x00]*$")
_PROFILES = {profile.id for profile in shipped()}
#: `profile:level` and `profile:version:level` of every level that there is.
_LEVELS = tuple(
    dict.fromkeys(
        f"{named}:{level.id}"
        for profile in shipped()
        for named in (profile.id, f"{profile.id}:{profile.version}")
        for level in profile.levels
    )
)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)


class WholeNumber(fields.Integer):
    """A number in ASCII digits and nothing else (int() also reads spaces, signs and other digits)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            # To JSON Schema 1.0 is a whole number too.
            value = int(value)
        if not _WHOLE_NUMBER.fullmatch(str(value)):
            raise self.make_error("invalid", input=value)
        return int(value)


class Arguments(ma.Schema):
    """Query parameters; one that isn't listed is refused."""

    class Meta:
        """Unknown parameters are errors."""

        unknown = ma.RAISE


def one(description: str, **options: Any) -> fields.String:
    """A parameter given at most once."""
    options.setdefault("validate", [Length(1, MAX_VALUE), IS_TEXT])
    return fields.String(metadata={"description": description}, **options)


def many(description: str, *values: str) -> fields.List[Any]:
    """A repeatable parameter: any of its values."""
    inner = fields.String(validate=OneOf(values) if values else [Length(1, MAX_VALUE), IS_TEXT])
    return fields.List(inner, validate=Length(1, MAX_FILTER_VALUES), metadata={"description": description})


def page_size() -> WholeNumber:
    """How many items a page has."""
    return WholeNumber(
        load_default=DEFAULT_SIZE,
        validate=Range(1, MAX_SIZE),
        metadata={"description": "Items on the page."},
    )


def page_cursor() -> fields.String:
    """Where a page starts."""
    return one(
        "`next` of the page before; only with otherwise the same parameters.",
        validate=[Length(1, MAX_CURSOR), IS_TEXT],
    )


class AskedArguments(Arguments):
    """What a presentation must have signed to be accepted."""

    challenge = one(
        "The challenge that the holder was given: `challenge` of the proof, `nonce` of a token.",
        validate=[Length(1, MAX_ASKED), IS_TEXT],
    )
    domain = one(
        "Whom the presentation must be for: `domain` of the proof, `aud` of a token.",
        validate=[Length(1, MAX_ASKED), IS_TEXT],
    )


class SearchArguments(Arguments):
    """What a buyer may ask. Values of one filter are alternatives, different filters must all hold."""

    q = one("Words to find, in any language.", validate=[Length(max=MAX_TEXT), IS_TEXT])
    jurisdiction = many("ISO 3166-1 alpha-2 code, `EU` or `EEA`; see /vocabulary/jurisdictions.")
    capability = many("Concept of /vocabulary/capabilities; narrower concepts are found too.")
    label = many(
        "Trust label, at least: levels above are found too. Never on the provider's own word alone, unless "
        "`basis` says so. See /vocabulary/labels."
    )
    basis = many("On whose word `label` is held; default all but `declared`. Only with `label`.", *BASES)
    certification = many(
        "Scheme, version or level of /vocabulary/certifications; a scheme finds its versions and levels too."
    )
    programme = many("Programme whose authority names the provider; see /vocabulary/programmes.")
    participant_kind = many(
        "What the provider says it is; see /vocabulary/participant-kinds.",
        *(kind.id for kind in participant_kinds()),
    )
    provider = many("The provider, by record id, DID or exact name.")
    consortium = many("A consortium all of whose members signed, by record id, DID or exact name.")
    profile = many("Requirement profile of which some level is reached.", *sorted(_PROFILES))
    level = many(
        "Level reached, at least: `gaia-x:L2` by the version in force, or `L2` beside exactly one `profile`.",
        *dict.fromkeys(level.rpartition(":")[2] for level in _LEVELS),
        *_LEVELS,
    )
    eligible_for = many(
        "Level reached: `PROFILE:LEVEL` by the version in force, or `PROFILE:VERSION:LEVEL`.", *_LEVELS
    )
    exposed_to = many(
        "Country whose law reaches the service, as far as is known; those of which it isn't known are found "
        f"too. `{UNKNOWN}`: those that others may reach as well.",
        *countries(),
        UNKNOWN,
    )
    not_exposed_to = many(
        "Country whose law doesn't reach the service; none of those of which it isn't known.", *countries()
    )
    # The library has an attribute `unknown` of its own.
    unknown_exposure = one(
        "What isn't known counts as not exposed. Only with `exposed_to` or `not_exposed_to`.",
        validate=OneOf([INCLUDE]),
        data_key="unknown",
    )
    immune = many("Whether it is immune to the law of states outside the EU.", *IMMUNITIES)
    hosted_in = many("Where data are, at one place at least.", *countries(), *GROUPS)
    operated_from = many("From where it is operated, among others.", *countries(), *GROUPS)
    technology_from = many("Where licensors of its technology are, among others.", *countries(), *GROUPS)
    pue_max = one(
        "Power usage effectiveness at most, of the worst of its sites; who states none isn't found.",
        validate=[Whole(f"^{NUMBER.pattern}$")],
    )
    renewable_min = one(
        "Percentage of renewable energy at least, of the worst of its sites; who states none isn't found.",
        validate=[Whole(f"^{NUMBER.pattern}$")],
    )
    valid_on = fields.String(
        validate=Length(equal=10),
        metadata={
            "description": "A day (UTC) at some moment of which the self-description is valid.",
            "format": "date",
        },
    )
    listed_by = many(
        "A node in whose log it is, by name (host, port if any, and path); the own name means this one."
    )
    home = many(f"`{HOME}`: submitted to this node; `{COPIED}`: only copied from others.", HOME, COPIED)
    did = one("The same as `provider`, given once: the issuer's DID.", validate=IS_DID)
    subject = one("What the self-description is about, exactly.")
    identity = many("How far the provider's identity is established.", *(value.value for value in Identity))
    state = many("State of the statement; see /vocabulary/states.", *(value.value for value in State))
    status = many("The same as `state`.", *(value.value for value in State))
    sort = one(
        "`relevance` ends at 1,000 hits and may shift while others publish; with the other orders, what "
        "doesn't change during a walk appears exactly once. Default: `relevance` with `q`, else `name`.",
        validate=OneOf([order.value for order in Sort]),
    )
    size = page_size()
    cursor = page_cursor()
    facets = many(
        f"Fields to count; `{NO_FACETS}` for none. Default: {', '.join(DEFAULT_FACETS)}.",
        *FACET_FIELDS,
        NO_FACETS,
    )


class ExportArguments(SearchArguments):
    """What a buyer may ask for and have at once: everything but how it is shown."""

    class Meta:
        """Without what only pages have."""

        unknown = ma.RAISE
        exclude = ("size", "cursor", "facets")

    lang = one("The language of names, whatever Accept-Language says.", validate=OneOf(LANGUAGES))


class FindingArguments(SearchArguments):
    """What a buyer may ask for, and what of it is to be shown."""

    why = one(
        "Whether each hit says on which grounds it passes the filters, from the store; that takes longer.",
        load_default="false",
        validate=OneOf(["true", "false"]),
    )


class OfferingsArguments(FindingArguments):
    """The same of services, of which other nodes can be asked."""

    scope = one(
        f"`{COPIED_SCOPE}`: what this node has verified. `{LIVE_SCOPE}`: it also asks the nodes that it "
        "follows for what it has not copied yet, verifies that on the spot, and tells it under `live`; that "
        "takes longer. Not with `cursor`, nor with a `state` but `listed`.",
        load_default=COPIED_SCOPE,
        validate=OneOf([COPIED_SCOPE, LIVE_SCOPE]),
    )


#: Parameters by another name than their filter's.
_ALSO = (("did", "provider"), ("status", "state"), ("unknown_exposure", "unknown"))


def query_of(kind: Kind, arguments: dict[str, Any]) -> Query:
    """The question that validated `SearchArguments` ask about documents of `kind`."""
    filters: dict[str, tuple[str, ...]] = {}
    for name, target in (*((name, name) for name in FILTER_FIELDS), *_ALSO):
        if arguments.get(name):
            given = arguments[name]
            values = (given,) if isinstance(given, str) else tuple(given)
            filters[target] = tuple(dict.fromkeys((*filters.get(target, ()), *values)))
    text = arguments.get("q", "")
    default = Sort.RELEVANCE if text.strip() else Sort.NAME
    facets = arguments.get("facets", list(DEFAULT_FACETS))
    return Query(
        kind=kind.value,
        text=text,
        filters=filters,
        sort=Sort(arguments.get("sort", default)),
        size=arguments.get("size", DEFAULT_SIZE),
        cursor=arguments.get("cursor"),
        facets=tuple(field for field in dict.fromkeys(facets) if field != NO_FACETS),
    )


class SuggestionArguments(Arguments):
    """What is being typed."""

    q = fields.String(
        required=True,
        validate=[Length(1, MAX_TEXT), IS_TEXT],
        metadata={"description": "The text so far; its last word may be unfinished."},
    )
    kind = one("Only suggestions of this kind.", validate=OneOf(suggestions.KINDS))
    size = WholeNumber(
        load_default=suggestions.DEFAULT_SIZE,
        validate=Range(1, suggestions.MAX_SIZE),
        metadata={"description": "Suggestions at most."},
    )


class StatementArguments(Arguments):
    """Which listed statements to show."""

    issuer = one("The issuer's DID, exactly.")
    subject = one("What the statement is about, exactly.")
    state = one("The state.", validate=OneOf([value.value for value in State]))
    size = page_size()
    cursor = page_cursor()


class HistoryArguments(Arguments):
    """Which part of a history to show."""

    order = one("Which comes first.", validate=OneOf(ORDERS), load_default=NEWEST)
    size = page_size()
    cursor = page_cursor()


class StandingArguments(Arguments):
    """Whose standing to show."""

    did = fields.String(required=True, validate=IS_DID, metadata={"description": "The issuer's DID."})
