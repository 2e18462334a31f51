"""What a service refuses to do, as exceptions with fields; the API makes problem documents of them."""

from __future__ import annotations

from datetime import datetime


class CatalogueError(Exception):
    """Base of every refusal by a service of the node."""


class ContentWithdrawn(CatalogueError):
    """This signed content was withdrawn by its issuer and never lists again."""

    def __init__(self, content_id: str) -> None:
        super().__init__(f"content {content_id} was withdrawn by its issuer")
        self.content_id = content_id


class ContentErased(CatalogueError):
    """These bytes were erased here by the operator and are not taken again."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"bytes {digest} were erased by the operator")
        self.digest = digest


class UnknownContent(CatalogueError):
    """A withdrawal names content that this node does not hold."""

    def __init__(self, content_id: str) -> None:
        super().__init__(f"no statement with content_id {content_id} is held here")
        self.content_id = content_id


class NotTheIssuer(CatalogueError):
    """A withdrawal by somebody other than the issuer of the content."""

    def __init__(self, content_id: str, issuer: str) -> None:
        super().__init__(f"{issuer} did not issue content {content_id}")
        self.content_id = content_id
        self.issuer = issuer


class IssuerBlocked(CatalogueError):
    """The operator of this node has blocked the issuer."""

    def __init__(self, did: str, reason: str) -> None:
        super().__init__(f"{did} is blocked on this node: {reason}")
        self.did = did
        self.reason = reason


class IssuerNotAllowed(CatalogueError):
    """The node takes publications only from issuers on its allow list."""

    def __init__(self, did: str) -> None:
        super().__init__(f"{did} is not on this node's allow list")
        self.did = did


class LimitExceeded(CatalogueError):
    """A rate or volume limit. `scope` says whose, `limit` what it is, `retry_after` is in seconds."""

    def __init__(self, scope: str, limit: str, retry_after: int) -> None:
        super().__init__(f"limit of {limit} for this {scope} is used up; again in {retry_after} s")
        self.scope = scope
        self.limit = limit
        self.retry_after = retry_after


class TooLarge(CatalogueError):
    """More bytes than the node takes in one submission."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class NotFound(CatalogueError):
    """Nothing of that kind and name is held here. `what` is such as `offering` or `self-description`."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"no {what} {name}")
        self.what = what
        self.name = name


class Gone(CatalogueError):
    """It was here and is not any more: `reason` is `withdrawn` or `erased`."""

    def __init__(self, digest: str, reason: str, at: datetime) -> None:
        super().__init__(f"{digest} was {reason}")
        self.digest = digest
        self.reason = reason
        self.at = at


class BadParameter(CatalogueError):
    """A parameter that no query model validates: `parameter` says where, `problem` what is wrong."""

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(f"{parameter}: {problem}")
        self.parameter = parameter
        self.problem = problem


class PeerRefused(CatalogueError):
    """A node can't be followed, or a peer not be changed, as asked.

    `where` is `url`, `key`, `name` or `state`, `problem` a sentence without its full stop.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(problem)
        self.where = where
        self.problem = problem


class IndexUnavailable(CatalogueError):
    """The search index can't answer now; publications are still taken."""
