"""Every way to say no: the problem types of the API, each with its status, title and what to do.

The OpenAPI document and the reference page at /docs list this table; `catalogue.api.problems` uses it.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Where the types live; stable for good, so that programs may compare them.
BASE = "https://w3id.org/cloud-federation/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of problem: its status, its title (the same for every occurrence) and what to do about it."""

    slug: str
    status: int
    title: str
    action: str

    @property
    def uri(self) -> str:
        """The problem's `type`."""
        return BASE + self.slug


MALFORMED_REQUEST = Kind(
    "malformed-request",
    400,
    "The request is malformed",
    "Correct the request; repeating it unchanged gives the same answer.",
)
MALFORMED_DOCUMENT = Kind(
    "malformed-document",
    400,
    "The body is neither a JSON object nor a compact JWS",
    "Send the signed JSON document or the signed token itself, without any wrapping.",
)
INVALID_PARAMETER = Kind(
    "invalid-parameter",
    400,
    "A parameter is unknown or has a value that can't be used",
    "See the members `where` and `errors`, and the parameters listed at /docs.",
)
OPERATOR_TOKEN_REQUIRED = Kind(
    "operator-token-required",
    401,
    "This is for the node's operator",
    "Send the operator's token as `Authorization: Bearer ...`.",
)
ISSUER_BLOCKED = Kind(
    "issuer-blocked",
    403,
    "The issuer is blocked on this node",
    "Ask the node's operator; other nodes decide for themselves.",
)
ISSUER_NOT_ALLOWED = Kind(
    "issuer-not-allowed",
    403,
    "This node takes publications only from issuers it knows",
    "Ask the node's operator to add the issuer to the allow list.",
)
NOT_THE_ISSUER = Kind(
    "not-the-issuer",
    403,
    "Only the issuer of a self-description can withdraw it",
    "Sign the withdrawal with a current assertion key of the issuer's DID.",
)
COMMAND_LINE_ONLY = Kind(
    "command-line-only",
    403,
    "Operator actions are not offered over HTTP on this node",
    "Use the `catalogue` command on the node, or set CATALOGUE_OPERATOR_TOKEN_SHA256.",
)
NOT_FOUND = Kind(
    "not-found", 404, "There is nothing of that name here", "Check the address; /docs lists what there is."
)
UNKNOWN_CONTENT = Kind(
    "unknown-content",
    404,
    "This node holds no statement with that content_id",
    "Check `content_id`: it names what was signed, not the bytes that were sent.",
)
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    405,
    "That method is not offered at this address",
    "Use a method that the header `Allow` names.",
)
WITHDRAWN_CONTENT = Kind(
    "withdrawn",
    409,
    "This content was withdrawn by its issuer",
    "What was withdrawn never lists again: sign a new self-description with new content.",
)
ERASED_BYTES = Kind(
    "erased",
    409,
    "These bytes were erased by the node's operator",
    "They are not taken again here. Ask the operator for the reason.",
)
WITHDRAWN = Kind(
    "withdrawn",
    410,
    "This was withdrawn by its issuer",
    "Drop any copy that you serve; the issuer's newer statements are found under /self-descriptions.",
)
ERASED = Kind("erased", 410, "This was erased by the node's operator", "Drop any copy that you keep.")
PRECONDITION_FAILED = Kind(
    "precondition-failed",
    412,
    "The entity tag asked for is not the current one",
    "Repeat without If-Match: what a digest names never changes.",
)
TOO_LARGE = Kind(
    "too-large", 413, "The body is larger than this node takes", "Send at most `max_bytes` bytes."
)
URI_TOO_LONG = Kind(
    "uri-too-long",
    414,
    "The address is too long",
    "Ask with fewer or shorter parameters: at most 8,000 bytes.",
)
HEADERS_TOO_LARGE = Kind(
    "headers-too-large",
    431,
    "The headers are too large",
    "Send fewer and shorter headers: at most 8,190 bytes each.",
)
UNSUPPORTED_MEDIA_TYPE = Kind(
    "unsupported-media-type",
    415,
    "The body's media type is not taken here",
    "Send one of the media types in `accepted`.",
)
UNSUPPORTED_ENCODING = Kind(
    "unsupported-encoding",
    415,
    "Encoded bodies are not taken",
    "Send the signed bytes as they are, without Content-Encoding.",
)
REFUSED = Kind(
    "refused",
    422,
    "The self-description was not accepted",
    "The member `report` says which checks failed and why; correct, sign again and send again.",
)
WITHDRAWAL_REFUSED = Kind(
    "withdrawal-refused",
    422,
    "The withdrawal was not accepted",
    "`where` names the check that failed; correct it and sign a new withdrawal.",
)
PROFILE_REFUSED = Kind(
    "profile-refused",
    422,
    "The requirement profile can't be used",
    "`where` is the place in the profile; its form is at /profiles/schema, what its rules may ask at "
    "/profiles/facts.",
)
PEER_REFUSED = Kind(
    "peer-refused",
    422,
    "The peer can't be followed or changed as asked",
    "`where` and `detail` say what stands in the way; nothing was changed.",
)
RATE_LIMITED = Kind(
    "rate-limited",
    429,
    "A limit is used up",
    "Wait for the seconds in `retry_after` (also in the header Retry-After), then repeat.",
)
INTERNAL = Kind(
    "internal",
    500,
    "The node failed",
    "Repeat later. Tell the operator the member `instance`, under which the failure is in the log.",
)
UNAVAILABLE = Kind(
    "unavailable",
    503,
    "The store or the index is out of reach just now",
    "Repeat after the seconds in `retry_after`.",
)
LOG_HELD = Kind(
    "log-held",
    503,
    "The node's log takes nothing just now",
    "Repeat after the seconds in `retry_after`; reading works meanwhile. The operator sees the reason at "
    "/federation.",
)

KINDS = (
    MALFORMED_REQUEST,
    MALFORMED_DOCUMENT,
    INVALID_PARAMETER,
    OPERATOR_TOKEN_REQUIRED,
    ISSUER_BLOCKED,
    ISSUER_NOT_ALLOWED,
    NOT_THE_ISSUER,
    COMMAND_LINE_ONLY,
    NOT_FOUND,
    UNKNOWN_CONTENT,
    METHOD_NOT_ALLOWED,
    WITHDRAWN_CONTENT,
    ERASED_BYTES,
    WITHDRAWN,
    ERASED,
    PRECONDITION_FAILED,
    TOO_LARGE,
    URI_TOO_LONG,
    HEADERS_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    UNSUPPORTED_ENCODING,
    REFUSED,
    WITHDRAWAL_REFUSED,
    PROFILE_REFUSED,
    PEER_REFUSED,
    RATE_LIMITED,
    INTERNAL,
    UNAVAILABLE,
    LOG_HELD,
)
