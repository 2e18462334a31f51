"""What providers send: self-descriptions, dry runs, withdrawals."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from catalogue.api import forms, kinds, schemas
from catalogue.api.blueprint import Blueprint, json_answer, location, node
from catalogue.api.kinds import Kind
from catalogue.api.media import JSON_TYPES, SELF_DESCRIPTION_TYPES, WITHDRAWAL_TYPES, read_body
from catalogue.api.problems import Problem
from catalogue.api.queries import AskedArguments
from catalogue.observability import OUTCOMES
from credentials.errors import Rejection
from credentials.presenting import Asked

blueprint = Blueprint("publishing", __name__, description="For providers: publish, check and withdraw.")

_TOKEN = {
    "type": "string",
    "description": "A compact JWS.",
    "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
}
_DOCUMENT = {"type": "object", "description": "A signed verifiable credential or presentation."}

#: What any body may be refused for before it is looked into.
BODY_REFUSALS: tuple[Kind, ...] = (
    kinds.MALFORMED_REQUEST,
    kinds.INVALID_PARAMETER,
    kinds.TOO_LARGE,
    kinds.UNSUPPORTED_MEDIA_TYPE,
    kinds.UNSUPPORTED_ENCODING,
)
#: What anything may be refused for that makes an entry of the log.
LOG_REFUSALS: tuple[Kind, ...] = (kinds.UNAVAILABLE, kinds.LOG_HELD)


def _body(accepted: tuple[str, ...], description: str) -> dict[str, Any]:
    """The OpenAPI request body of signed bytes."""
    return {
        "required": True,
        "description": description,
        "content": {name: {"schema": _form_of(name)} for name in accepted},
    }


def _form_of(media_type: str) -> dict[str, Any]:
    """What is taken under a media type. The bytes decide, so that a mislabelled document is not lost."""
    if media_type in JSON_TYPES:
        return _DOCUMENT
    return {"anyOf": [_TOKEN, _DOCUMENT]}


_SELF_DESCRIPTION = _body(
    SELF_DESCRIPTION_TYPES,
    "The signed bytes as they are: JSON-LD with its proof, or a compact JWS. They are kept as received.",
)


@blueprint.route("/self-descriptions", methods=["POST"])
@blueprint.refuses(
    *BODY_REFUSALS,
    kinds.MALFORMED_DOCUMENT,
    kinds.ISSUER_BLOCKED,
    kinds.ISSUER_NOT_ALLOWED,
    kinds.WITHDRAWN_CONTENT,
    kinds.ERASED_BYTES,
    kinds.REFUSED,
    *LOG_REFUSALS,
)
@blueprint.doc(requestBody=_SELF_DESCRIPTION)
@blueprint.response(200, schemas.PublicationSchema, description="It was listed already; nothing changed.")
@blueprint.response(
    201,
    schemas.PublicationSchema,
    description="Listed, durably.",
    headers={
        "Location": {
            "description": "Where the bytes are read.",
            "required": True,
            "schema": {"type": "string", "format": "uri-reference"},
        }
    },
)
def publish() -> Response:
    """Publish a self-description.

    It is verified under the node's policy and, if accepted, listed before the answer is sent. A presentation
    is listed whole or refused whole. The same content is listed once, however it is wrapped.
    """
    data = read_body(SELF_DESCRIPTION_TYPES)
    services = node()
    services.admission.request(request.remote_addr, "publish", len(data))
    done = services.publisher.publish(data, address=request.remote_addr)
    OUTCOMES.labels("publish", "listed" if done.created else "already-listed").inc()
    if not done.created:
        return json_answer(forms.publication(done))
    return json_answer(
        forms.publication(done), 201, headers={"Location": location(f"/self-descriptions/{done.digest}")}
    )


@blueprint.route("/verifications", methods=["POST"])
@blueprint.refuses(*BODY_REFUSALS, kinds.MALFORMED_DOCUMENT)
@blueprint.doc(requestBody=_SELF_DESCRIPTION)
@blueprint.arguments(AskedArguments, location="query")
@blueprint.response(
    200, schemas.ReportSchema, description="The report; `verdict` says what publishing would."
)
def verify(arguments: dict[str, Any]) -> Response:
    """Check a self-description without publishing it.

    Nothing is kept. The answer is 200 whether the verdict is `accepted` or `refused`.
    """
    data = read_body(SELF_DESCRIPTION_TYPES)
    services = node()
    services.admission.request(request.remote_addr, "verify", len(data))
    report = services.publisher.check(data, address=request.remote_addr, asked=Asked(**arguments))
    OUTCOMES.labels("verify", report.verdict.value).inc()
    return json_answer(report.to_dict())


@blueprint.route("/withdrawals", methods=["POST"])
@blueprint.refuses(
    *BODY_REFUSALS, kinds.NOT_THE_ISSUER, kinds.UNKNOWN_CONTENT, kinds.WITHDRAWAL_REFUSED, *LOG_REFUSALS
)
@blueprint.doc(
    requestBody=_body(
        WITHDRAWAL_TYPES,
        "A compact JWS by a current assertion key of the issuer, `typ` catalogue-withdrawal+jwt, with the "
        "claims `iss`, `content_id`, `iat` (within 300 s) and, if wanted, `reason`.",
    )
)
@blueprint.response(200, schemas.WithdrawalSchema, description="It was withdrawn already; nothing changed.")
@blueprint.response(
    201,
    schemas.WithdrawalSchema,
    description="Withdrawn, durably and for good.",
    headers={
        "Location": {
            "description": "Where the withdrawal is read.",
            "required": True,
            "schema": {"type": "string", "format": "uri-reference"},
        }
    },
)
def withdraw() -> Response:
    """Withdraw what one has published.

    Reading it answers 410 from then on, and the same content never lists again.
    """
    data = read_body(WITHDRAWAL_TYPES)
    services = node()
    services.admission.request(request.remote_addr, "publish", len(data))
    try:
        done = services.publisher.withdraw(data, address=request.remote_addr)
    except Rejection as rejection:
        raise Problem(kinds.WITHDRAWAL_REFUSED, rejection.detail, {"where": rejection.check}) from rejection
    OUTCOMES.labels("withdraw", "withdrawn" if done.created else "already-withdrawn").inc()
    if not done.created:
        return json_answer(forms.receipt(done))
    return json_answer(
        forms.receipt(done), 201, headers={"Location": location(f"/withdrawals/{done.digest}")}
    )
