"""Check a self-description: pasted, from a file or from an address; the whole report, and nothing is kept.

The form carries all there is. Nothing in a browser speaks for anybody, so that a page from elsewhere which
sends it gains no more than whoever sends it themselves.
"""

from __future__ import annotations

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from catalogue.api.blueprint import node
from catalogue.errors import BadParameter, TooLarge
from catalogue.observability import OUTCOMES
from catalogue.web.advice import failures, missed
from catalogue.web.language import gettext as _
from catalogue.web.pages import page
from catalogue.web.rendering import render
from credentials.parsing import Unrecognised
from credentials.report import Report
from credentials.resolving import FetchFailed

#: Bytes of a form besides the document that it carries: boundaries, names, an address.
FORM_BYTES = 16_384


class Nothing(Exception):
    """The form has nothing to check."""


@page("/check")
def asking() -> Response:
    """The empty form."""
    return _show()


@page("/check", methods=("POST",))
def answering() -> Response:
    """The report on what the form carries. 400 where there is nothing that a report could speak of."""
    services = node()
    services.admission.request(request.remote_addr, "verify", request.content_length or 0)
    try:
        data = _document()
        report = services.publisher.check(data, address=request.remote_addr)
    except Nothing:
        return _show(problem=_("Paste a self-description, choose a file, or give an address."), status=400)
    except BadParameter:
        return _show(problem=_("The address must begin with https://."), status=400)
    except FetchFailed as failed:
        return _show(problem=_("This node can't fetch that address."), detail=failed.reason, status=400)
    except Unrecognised as refused:
        said = _("This is neither a JSON document nor a signed token.")
        return _show(problem=said, detail=refused.detail, status=400)
    OUTCOMES.labels("verify", report.verdict.value).inc()
    return _show(report=report)


def _document() -> bytes:
    """What the form carries: the file, else the text, else what is at the address.

    Raises Nothing, TooLarge, and what `Pointed.fetch` does.
    """
    largest = node().settings.max_bytes
    request.max_content_length = request.max_form_memory_size = largest + FORM_BYTES
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge as error:
        raise TooLarge(largest) from error
    data = file.read() if file is not None and file.filename else b""
    # A form's text has lines of its own and a blank at its end, which are no part of a token.
    data = data or request.form.get("text", "").encode()
    if data.strip():
        return data.strip()
    url = request.form.get("url", "").strip()
    if not url:
        raise Nothing
    return node().pointed.fetch(url, request.remote_addr).strip()


def _show(
    *, report: Report | None = None, problem: str = "", detail: str = "", status: int = 200
) -> Response:
    return render(
        "check.html",
        status=status,
        alternates=(),
        report=report,
        reports=(report, *report.credentials) if report else (),
        failures=failures(report) if report else (),
        missed=missed(report) if report else (),
        problem=problem,
        detail=detail,
        text=request.form.get("text", ""),
        url=request.form.get("url", ""),
        largest=node().settings.max_bytes,
    )
