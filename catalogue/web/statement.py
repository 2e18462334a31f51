"""The signed bytes of a statement, readable, with the report on which this node took them in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from catalogue.api.blueprint import node
from catalogue.records import StoredBlob
from catalogue.web.language import gettext as _
from catalogue.web.log_proof import proof_of
from catalogue.web.pages import beside
from catalogue.web.rendering import at, render
from catalogue.web.texts import TURNING
from credentials.envelope import Envelope, is_enveloped, open_document, open_envelope, open_enveloped
from credentials.parsing import MAX_BYTES
from credentials.report import Report

#: Characters of a document on the page: beyond that, the bytes themselves are to be downloaded.
MAX_SHOWN = 60_000
#: Statements of one presentation on the page.
MAX_STATEMENTS = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as text: a title, JSON in lines, and whether it was cut."""

    title: str
    text: str
    cut: bool


@beside("reading.read_report")
def statement(digest: str) -> Response:
    """GET /self-descriptions/DIGEST/report for people."""
    records = node().records
    blob, report = records.self_description(digest), records.report(digest)
    return render(
        "statement.html",
        blob=blob,
        size=len(blob.data),
        report=report,
        reports=(report, *report.credentials),
        counted=_counted(report),
        proof=proof_of(digest),
        documents=list(_documents(blob)),
        bytes=at(f"/self-descriptions/{digest}"),
    )


def _counted(report: Report) -> Mapping[str, int]:
    """How many checks had which outcome, of the report and of those inside it."""
    found: dict[str, int] = {}
    for one in (report, *report.credentials):
        for check in one.checks:
            found[check.outcome.value] = found.get(check.outcome.value, 0) + 1
    return found


def _documents(blob: StoredBlob) -> Iterator[Shown]:
    """What the bytes say: a document, a token's header and payload, the tokens in a presentation."""
    envelope = open_envelope(blob.data, max_bytes=max(len(blob.data), MAX_BYTES))
    yield from _parts(envelope, "")
    entries = envelope.claims.get("verifiableCredential", []) if envelope.form == "vp" else []
    for place, entry in enumerate((entries if isinstance(entries, list) else [entries])[:MAX_STATEMENTS], 1):
        inner = open_enveloped(entry) if is_enveloped(entry) else open_document(entry)
        if inner.jws is not None:
            yield from _parts(inner, _("Credential %(number)s: ") % {"number": place})


def _parts(envelope: Envelope, before: str) -> Iterator[Shown]:
    if envelope.jws is not None:
        yield _shown(before + _("The token's header"), envelope.jws.header)
        yield _shown(before + _("The token's payload"), envelope.document)
    else:
        yield _shown(before + _("The document, in JSON-LD"), envelope.document)


def _shown(title: str, document: Mapping[str, Any]) -> Shown:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # Written as JSON may write them: seen as what they are, they turn nothing.
    text = TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return Shown(title, text[:MAX_SHOWN], len(text) > MAX_SHOWN)
