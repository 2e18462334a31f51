"""The forms of what is concluded from evidence, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from catalogue.api.schemas import HEX64, DetailForm, Form, Whole, figure, maybe, sha256, text, texts, time
from search.values import BASES
from vocab.answers import Outcome
from vocab.conclusions import PathKind

#: The three answers that there are.
OUTCOMES = [outcome.value for outcome in Outcome]


def outcome_of(description: str) -> fields.String:
    """Whether something is met."""
    return text(description, validate=OneOf(OUTCOMES))


def forms_of(form: type[ma.Schema], description: str) -> fields.List[Any]:
    """A list of objects."""
    return fields.List(fields.Nested(form), required=True, metadata={"description": description})


class SourceSchema(Form):
    """A credential that something rests on."""

    content_id = sha256("The statement.")
    digest = maybe("The bytes, under /self-descriptions.", validate=Whole(HEX64))
    issuer = text("Who says so.")
    basis = text("On whose word that is.", validate=OneOf(BASES))
    valid_from = time("From when it holds.")
    valid_until = time("Until when.", nullable=True)


def sources() -> fields.List[Any]:
    """The credentials that something rests on."""
    return forms_of(SourceSchema, "The credentials that it rests on.")


class ReachPathSchema(Form):
    """One way in which a country's law reaches a service."""

    kind = text("By what.", validate=OneOf([kind.value for kind in PathKind]))
    party = maybe("By whom.")
    share = figure("The share held, in percent.")
    detail = text("A sentence.")
    sources = sources()


class LawSchema(Form):
    """A law by which a state reaches services outside its borders."""

    id = text("The law.")
    label = text("Its name.")


class ReachSchema(Form):
    """A country whose law can reach a service, and how."""

    country = text("ISO 3166-1 alpha-2.")
    label = text("Its name.")
    laws = forms_of(LawSchema, "Laws with effect abroad that apply by these paths.")
    paths = forms_of(ReachPathSchema, "By which paths.")


class ConditionSchema(Form):
    """One condition of immunity to the law of states outside the EU."""

    id = text("The condition, as the rules number it.")
    outcome = outcome_of("Whether it is met.")
    detail = text("What is known.")
    missing = maybe("What somebody would have to state.")
    sources = sources()


class ExposureSchema(Form):
    """Whose law can reach a service."""

    reaches = forms_of(ReachSchema, "The countries.")
    complete = fields.Boolean(
        required=True, metadata={"description": "Whether there can be no others by what is stated."}
    )
    missing = texts("What nobody stated, so that others are possible.")
    immunity = text(
        "Whether it is immune to the law of states outside the EU.", validate=OneOf(["yes", "no", "unknown"])
    )
    conditions = forms_of(ConditionSchema, "The conditions of that, one by one.")


class ConfirmationSchema(Form):
    """A member that a consortium names."""

    participant = text("The member.")
    name = text("What it is called, empty where nobody says.")
    outcome = outcome_of("Whether it signed that it belongs.")
    detail = text("What is there, or what is missing.")
    sources = sources()


class ConsortiumSchema(Form):
    """A consortium that a service names; it counts when each member has signed its part."""

    id = text("The consortium.")
    name = text("What it is called, empty where nobody says.")
    outcome = outcome_of("Whether it counts.")
    members = forms_of(ConfirmationSchema, "Its members.")


class ProgrammePartSchema(Form):
    """That a service's provider takes part in a programme, as the programme's authority says."""

    programme = text("The programme.")
    role = maybe("As what.")
    project = maybe("With which project.")
    start = maybe("From which day.")
    end = maybe("Until which day.")
    states = texts("The states that back the programme on that day: ISO 3166-1 alpha-2 codes.")
    source = fields.Nested(SourceSchema, required=True)


class HeldLabelSchema(Form):
    """A label, and on whose word."""

    label = text("The label.")
    bases = fields.List(
        text("A basis.", validate=OneOf(BASES)),
        required=True,
        metadata={"description": "Strongest first. On `declared` alone it doesn't count."},
    )


class GivenLabelSchema(Form):
    """A label that a trusted clearing house gives to this very service."""

    label = text("The label.")
    rules_version = maybe("The rules that it went by.")
    criteria = texts("The criteria that it says it validated.")
    source = fields.Nested(SourceSchema, required=True)


class ConclusionsSchema(Form):
    """What follows from all that bears on a service."""

    exposure = fields.Nested(ExposureSchema, required=True)
    consortia = forms_of(ConsortiumSchema, "Consortia that it names.")
    programmes = forms_of(ProgrammePartSchema, "Programmes that its provider takes part in today.")
    disagreements = texts("Where a clearing house and our own result differ.")


class OfferingSchema(DetailForm):
    """A service."""

    conclusions = fields.Nested(ConclusionsSchema, required=True)
