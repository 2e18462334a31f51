"""Describe a service: a form that becomes an unsigned self-description, checked while it is filled in.

What follows is the provider's: a file and the commands that sign and publish it, or the key's file given to
the browser, which signs there. The form is sent to be checked and to be made into a file; nothing of it is
kept, and a key is in no form at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from flask import Response, request

from catalogue.api.blueprint import node
from catalogue.drafting import KINDS, SUFFIXES, draft, lacking
from catalogue.web.language import gettext as _
from catalogue.web.language import language
from catalogue.web.pages import page
from catalogue.web.rendering import render
from catalogue.web.texts import TURNING, country, named
from credentials.errors import Rejection
from credentials.report import Check, Outcome
from vocab import certifications, jurisdictions

#: Characters of a field: descriptions are cut at 4,000 by every reader.
MAX_FIELD = 4_000
#: Bytes of the form: each field with room for its name.
MAX_FORM = 200_000
#: Which field a shape's problem belongs to, by the term that it names.
_AT = {
    "cf:country": ("data_country", "operation_country", "operator_country"),
    "cf:locality": ("data_locality",),
    "cf:pue": ("pue",),
    "cf:renewablePercent": ("renewable",),
    "cf:startDate": ("energy_from",),
    "cf:endDate": ("energy_to",),
    "cf:licensorCountry": ("licensor_country",),
    "cf:technology": ("technology",),
    "cf:legalName": ("operator",),
    "cf:scheme": ("certification",),
    "schema:name": ("name_en",),
    "schema:description": ("description_en",),
    "gx:serviceOfferingTermsAndConditions": ("terms",),
    "gx:dataAccountExport": ("export_format",),
    "gx:formatType": ("export_format",),
    "gx:providedBy": ("did",),
}


#: What can be stated several times, by the fields of one row of it.
_GROUPS = {
    "data": ("data_country", "data_locality"),
    "operation": ("operation_country",),
    "operator": ("operator", "operator_country"),
    "technology": ("technology", "licensor", "licensor_country", "sees_data", "goes_on"),
    "certification": ("certification",),
}


@page("/publish")
def asking() -> Response:
    """The form as it is at first."""
    return _show({}, sent=False)


@page("/publish", methods=("POST",))
def answering() -> Response:
    """The form as it was filled in, with what is wrong at its place; or the document as a file."""
    node().admission.request(request.remote_addr, "verify", request.content_length or 0)
    request.max_content_length = request.max_form_memory_size = MAX_FORM
    fields = {name: value.strip()[:MAX_FIELD] for name, value in request.form.items() if value.strip()}
    if fields.pop("do", "") != "file":
        return _show(fields, sent=True)
    answer = Response(_text(fields), mimetype="application/ld+json")
    answer.headers["Content-Disposition"] = 'attachment; filename="service.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _text(fields: Mapping[str, str]) -> str:
    return json.dumps(draft(fields), indent=2, ensure_ascii=False)


def _show(fields: Mapping[str, str], *, sent: bool) -> Response:
    missing = lacking(fields, node().clock().date()) if sent else set()
    wrong, elsewhere = _problems(fields) if sent else ({}, [])
    said = _required()
    errors = wrong | {name: said[name] for name in sorted(missing)}
    shown = TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", _text(fields)) if sent else ""
    return render(
        "publish.html",
        alternates=(),
        fields=fields,
        errors=errors,
        elsewhere=elsewhere,
        sent=sent,
        ready=sent and not errors and not elsewhere,
        document=shown,
        kinds=[(one.id, named(one.capability, "capability")) for one in KINDS.values()],
        rows={group: _shown_rows(fields, names) for group, names in _GROUPS.items()},
        countries=_countries(),
        schemes=[
            (one.id, certifications.name(one.id, language())) for one in certifications.certifications()
        ],
        limit=MAX_FIELD,
    )


def _shown_rows(fields: Mapping[str, str], names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The suffix and the number of each row of a group: those that were filled in, and one more."""
    filled = [
        place for place, suffix in enumerate(SUFFIXES) if any(name + suffix in fields for name in names)
    ]
    shown = SUFFIXES[: max(filled, default=-1) + 2]
    return [(suffix, f" ({place + 1})" if place else "") for place, suffix in enumerate(shown)]


def _required() -> dict[str, str]:
    return {
        "did": _("Give your DID: it begins with did:."),
        "id": _("Give an address of your own for it: it begins with https://."),
        "until": _("Give a day that is still to come."),
        "name_en": _("Give it a name in one language at least."),
    }


def _problems(fields: Mapping[str, str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What the shapes say: at the fields that it is about, and what is about none of them."""
    try:
        check = node().verification.check_draft(draft(fields)) if "id" in fields else _nothing()
    except Rejection as rejection:
        return {}, [(rejection.check, rejection.detail)]
    at: dict[str, str] = {}
    elsewhere = []
    for one in check.evidence.get("problems", ()):
        names = _AT.get(one["field"], ())
        places = [name + suffix for name in names for suffix in SUFFIXES if name + suffix in fields]
        if not places and one["component"] == "MinCount":
            places = list(names)
        for name in places:
            at.setdefault(name, f"{one['problem']} {one['action']}")
        # What holds a field that is wrong is told by that field.
        if not places and one["component"] != "Node":
            elsewhere.append((one["field"], f"{one['problem']} {one['action']}"))
    return at, elsewhere


def _nothing() -> Check:
    return Check("shapes", Outcome.NOT_CHECKED, "")


def _countries() -> list[tuple[str, str]]:
    found = sorted((country(code), code) for code in jurisdictions.countries())
    return [("", "–"), *((code, name) for name, code in found)]
