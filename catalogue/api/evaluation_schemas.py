"""The forms of profiles and evaluations, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from catalogue.api.conclusion_schemas import (
    OUTCOMES,
    ConsortiumSchema,
    ExposureSchema,
    GivenLabelSchema,
    HeldLabelSchema,
    SourceSchema,
    forms_of,
    outcome_of,
)
from catalogue.api.queries import IS_TEXT, Arguments, SearchArguments, one
from catalogue.api.schemas import HEX32, Form, ListForm, Whole, figure, maybe, text, texts
from catalogue.evaluating import MAX_COMPARED, MAX_OFFERINGS, MAX_PROFILES
from catalogue.lifecycle import State
from search.query import MAX_VALUE
from search.values import BASES
from vocab.model import Identity
from vocab.profiles.model import ProfileKind

#: A profile's id, a version, a level's id: what `vocab.profiles` takes, and room.
MAX_NAME = 100


def strongest_basis() -> fields.String:
    """On which word something is met."""
    return maybe("The strongest word that it rests on; null where it isn't met.", validate=OneOf(BASES))


def day(description: str, *, required: bool = False, nullable: bool = False) -> fields.Date:
    """A day, as `2026-01-31`."""
    return fields.Date(required=required, allow_none=nullable, metadata={"description": description})


class EvaluationArguments(Arguments):
    """By what to measure one service."""

    profile = one("The profile; see /profiles.", required=True)
    version = one("Its version; without it the one in force on the day.")
    level = one("The level that is wanted; `blocking` then says what stands in its way.")
    on = day("The day; today without it.")


class ComparisonArguments(Arguments):
    """What to put side by side."""

    id = fields.List(
        fields.String(validate=Whole(HEX32)),
        required=True,
        validate=Length(1, MAX_COMPARED),
        metadata={"description": "A service's record; repeat it for each."},
    )
    profile = fields.List(
        fields.String(validate=[Length(1, MAX_VALUE), IS_TEXT]),
        validate=Length(1, MAX_PROFILES),
        metadata={"description": "A profile to compare over, as `gaia-x` or `gaia-x:CD25.10`; repeatable."},
    )
    on = day("The day; today without it.")


class ProfileSourceSchema(Form):
    """The text that a profile restates."""

    title = text("Its title.")
    url = text("Where it is found.")
    date = day("Of which day it is.", required=True, nullable=True)


class RequirementSchema(Form):
    """A criterion that a level asks for."""

    criterion = text("Its id.")
    basis = maybe("The weakest basis that will do; null: any.", validate=OneOf(BASES))


class ProfileLevelSchema(Form):
    """A level of a profile."""

    id = text("The level.")
    name = text("Its name.")
    label = maybe("The label that it is.")
    requires = forms_of(RequirementSchema, "All that it asks for, with what it includes of other levels.")


class ProfileCriterionSchema(Form):
    """A criterion of a profile."""

    id = text("Its id.")
    text = text("What is required.")


class ProfileSchema(Form):
    """A requirement profile."""

    id = text("The profile.")
    version = text("Its version.")
    name = text("Its name.")
    kind = text("What it is.", validate=OneOf([kind.value for kind in ProfileKind]))
    excerpt = fields.Boolean(
        required=True, metadata={"description": "Whether its text has more requirements than stand here."}
    )
    valid_from = day("Its first day.", required=True)
    valid_until = day("Its last day; null: until further notice.", required=True, nullable=True)
    source = fields.Nested(ProfileSourceSchema, required=True)
    levels = forms_of(ProfileLevelSchema, "The lowest first.")
    criteria = forms_of(ProfileCriterionSchema, "In their order.")


class ProfileListSchema(ListForm):
    """Profiles that come with the catalogue."""

    items = fields.List(fields.Nested(ProfileSchema), required=True)


class RuleFactSchema(Form):
    """Something that a rule of a profile may ask for."""

    name = text("The name.")
    kind = text("What it is: a number, a set of codes, or yes or no.")
    description = text("What it says.")


class RuleFactListSchema(ListForm):
    """What a rule of a profile may ask for."""

    items = fields.List(fields.Nested(RuleFactSchema), required=True)


class PartySchema(Form):
    """Who answers for a service."""

    id = maybe("The provider's own record.", validate=Whole(HEX32))
    name = text("Its name, empty where it published none.")
    did = text("The issuer.")
    identity = text("How far it is established.", validate=OneOf([identity.value for identity in Identity]))


class NamedForm(Form):
    """Which service."""

    id = text("The record.", validate=Whole(HEX32))
    name = text("Its name in the reader's language.")
    provider = fields.Nested(PartySchema, required=True)
    state = text("Its state today.", validate=OneOf([state.value for state in State]))


class LevelResultSchema(Form):
    """One level of a profile, for one service."""

    id = text("The level.")
    outcome = outcome_of("Whether it is met.")
    basis = strongest_basis()
    blocking = texts("The criteria that keep it from being met.")


class CriterionCellSchema(Form):
    """One criterion, for one service."""

    outcome = outcome_of("Whether it is met.")
    basis = strongest_basis()
    needed = maybe("What would satisfy it, where it isn't met.")


class CriterionResultSchema(CriterionCellSchema):
    """One criterion with its evidence."""

    id = text("The criterion.")
    evidence = forms_of(SourceSchema, "The credentials that satisfy it.")


class BlockingSchema(Form):
    """A criterion that stands in the way of a level."""

    criterion = text("Its id.")
    outcome = text("What keeps it.", validate=OneOf(["not_met", "unknown"]))
    needed = text("What would satisfy it.")


class EvaluatedSchema(NamedForm):
    """A service held against a profile."""

    level = maybe("The highest level that is met.")
    meets = maybe("Whether the level asked for is met; null where none was.", validate=OneOf(OUTCOMES))
    blocked_level = maybe("The level asked for, or else the lowest, that isn't met; null where none.")
    blocking = forms_of(BlockingSchema, "What stands in its way.")
    levels = forms_of(LevelResultSchema, "Each level.")
    criteria = forms_of(CriterionResultSchema, "Each criterion.")
    given = forms_of(GivenLabelSchema, "Labels of this profile by clearing houses, beside our own result.")
    disagreements = texts("Where a clearing house and our own result differ.")


class AnswerForm(Form):
    """By what services were measured."""

    profile = fields.Nested(ProfileSchema, required=True)
    asked_level = maybe("The level asked for.")
    on = day("The day for which it holds: what is known today, as valid on that day.", required=True)


class EvaluationSchema(AnswerForm):
    """One service held against a profile."""

    offering = fields.Nested(EvaluatedSchema, required=True)


class MissingSchema(Form):
    """A service that couldn't be had."""

    id = text("The record.", validate=Whole(HEX32))
    reason = text("Why not.", validate=OneOf(["not-found", "withdrawn", "erased"]))


class EvaluationListSchema(AnswerForm):
    """Services held against a profile."""

    items = fields.List(fields.Nested(EvaluatedSchema), required=True)
    missing = forms_of(MissingSchema, "Services that were named and couldn't be had.")
    total = fields.Integer(
        validate=Range(min=0), metadata={"description": "Of a query: how many services it finds."}
    )
    next = fields.String(
        allow_none=True, metadata={"description": "Of a query: `cursor` of the next page, null at the end."}
    )


class SummarySchema(NamedForm):
    """What is known of a service."""

    labels = forms_of(HeldLabelSchema, "Labels and on whose word.")
    certifications = texts("Certified by somebody else than the provider.")
    capabilities = texts("What it can do.")
    jurisdiction = texts("ISO 3166-1 alpha-2.")
    exposure = fields.Nested(ExposureSchema, required=True)
    consortia = forms_of(ConsortiumSchema, "Consortia that it names.")
    hosted_in = texts("ISO 3166-1 alpha-2.")
    operated_from = texts("ISO 3166-1 alpha-2.")
    technology_from = texts("ISO 3166-1 alpha-2 of its licensors.")
    pue = figure("The worst power usage effectiveness of its sites.")
    renewable_percent = figure("The least share of renewable energy of its sites.")
    disagreements = texts("Where a clearing house and our own result differ.")


class LevelRowSchema(Form):
    """One level, a cell for each service."""

    id = text("The level.")
    cells = forms_of(LevelResultSchema, "In the order of the services.")


class CriterionRowSchema(Form):
    """One criterion, a cell for each service."""

    id = text("The criterion.")
    cells = forms_of(CriterionCellSchema, "In the order of the services.")


class ComparedProfileSchema(Form):
    """Services side by side over one profile."""

    profile = fields.Nested(ProfileSchema, required=True)
    reached = fields.List(
        fields.String(allow_none=True),
        required=True,
        metadata={"description": "The highest level that each service meets, in their order."},
    )
    levels = forms_of(LevelRowSchema, "The lowest first.")
    criteria = forms_of(CriterionRowSchema, "In their order.")


class ComparisonSchema(Form):
    """Services side by side."""

    on = day("The day for which it holds.", required=True)
    offerings = forms_of(SummarySchema, "The services, in the order asked for.")
    profiles = forms_of(ComparedProfileSchema, "Each profile, row by row.")


class AskedProfile(fields.Field[Any]):
    """The id of a shipped profile, or a profile of one's own in its written form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, dict) or (isinstance(value, str) and 0 < len(value) <= MAX_NAME):
            return value
        raise ma.ValidationError("must be a profile's id, or a profile as an object")


class EvaluationFormSchema(ma.Schema):
    """What to hold against what."""

    class Meta:
        """Unknown members are errors."""

        unknown = ma.RAISE

    profile = AskedProfile(
        required=True,
        metadata={
            "description": "The id of one of /profiles, or a whole profile (see /profiles/schema).",
            "oneOf": [
                {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
                {"type": "object", "description": "In the form of /profiles/schema."},
            ],
        },
    )
    version = one(
        "Of a shipped profile; without it the one in force on the day.", validate=Length(1, MAX_NAME)
    )
    level = one(
        "The level that is wanted; without it the highest reached is told.", validate=Length(1, MAX_NAME)
    )
    on = day("The day for which to evaluate; today without it.")
    offerings = fields.List(
        fields.String(validate=Whole(HEX32)),
        validate=Length(1, MAX_OFFERINGS),
        metadata={"description": "Which services; this or `query`."},
    )
    query = fields.Nested(
        SearchArguments(exclude=("facets",)),
        metadata={"description": "The parameters of GET /offerings; a page of what they find is evaluated."},
    )
