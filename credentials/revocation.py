"""Whether the certificates of a path were revoked, asked of those who issued them: by OCSP, else by a CRL.

Asked only for a path that holds, so that whom this node asks is chosen by authorities that its operator
trusts. What can't be had is `not_checked`, with the reason: authorities are out of reach at times, and their
silence must take nobody's listing away. A revocation that is found fails the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from credentials.authority_answers import Answer, AnswerUnusable
from credentials.certificate_paths import Path
from credentials.crls import CRL_MEDIA_TYPES, MAX_CRL, points_of, read_crl
from credentials.ocsp_answers import MAX_OCSP, OCSP_MEDIA_TYPES, ocsp_address, read_ocsp
from credentials.outside import MAX_ADDRESS, Outside
from credentials.report import Outcome
from credentials.resolving import Fetched, FetchFailed
from credentials.times import to_rfc3339
from credentials.trust_anchors import shown

#: Requests that one submission may cause: each goes to an authority's host. A path has two or three
#: certificates below its anchor, each with one responder and one list.
MAX_REQUESTS = 16
#: Hosts out of reach that one submission waits for.
MAX_SILENT = 2
#: Lists that are tried for one certificate; authorities name a second one in case the first is away.
MAX_LISTS = 2

#: How the detail of a chain begins in which a certificate was revoked.
REVOKED_CERTIFICATE = "Its authority has revoked the certificate"


@dataclass(frozen=True, slots=True)
class Found:
    """What came of asking about one certificate. Without `answer`, `problem` says why.

    `out_of_reach`: there is somebody to ask, who gave no answer that can be used.
    """

    subject: str
    issuer: str
    answer: Answer | None
    source: str = ""
    address: str = ""
    fetched_at: datetime | None = None
    problem: str = ""
    out_of_reach: bool = False

    def evidence(self) -> dict[str, Any]:
        """The line of the report about this certificate."""
        line: dict[str, Any] = {"certificate": self.subject}
        if self.answer is None or self.fetched_at is None:
            return line | {"outcome": Outcome.NOT_CHECKED.value, "reason": self.problem}
        line["outcome"] = (Outcome.PASSED if self.answer.revoked_at is None else Outcome.FAILED).value
        line |= {"source": self.source, "address": self.address[:500]}
        line |= {"made_at": to_rfc3339(self.answer.made_at), "fetched_at": to_rfc3339(self.fetched_at)}
        if self.answer.until is not None:
            line["until"] = to_rfc3339(self.answer.until)
        if self.answer.revoked_at is not None:
            line |= {"revoked_at": to_rfc3339(self.answer.revoked_at), "reason": self.answer.reason}
        return line


@dataclass(frozen=True, slots=True)
class Revocation:
    """What a report says of a path: `evidence`, a `sentence`, and the outcome when it was signed and now."""

    evidence: Mapping[str, Any]
    sentence: str
    at_signing: Outcome
    now: Outcome


class RevocationChecking:
    """The authorities' answers that one submission needs: each is asked for once."""

    def __init__(self, outside: Outside | None, at: datetime) -> None:
        self._outside = outside
        self._at = at
        self._found: dict[bytes, Found] = {}
        self._requests = 0
        self._silent: set[str] = set()
        #: What the checks rested on, by URL.
        self.answers: dict[str, Fetched] = {}

    def check(self, path: Path, signed_at: datetime) -> Revocation:
        """What is known of the certificates of a path that holds, below its anchor."""
        if self._outside is None:
            return _not_asked("no network")
        return conclude([self._look(*pair) for pair in path.pairs()], signed_at, self._at)

    def _look(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Found:
        # Whichever certificate its issuer has, cross-signed or not: the key that issued this one is the same.
        name = certificate.fingerprint(hashes.SHA256())
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._ask(certificate, issuer)
        return found

    def _ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Found:
        """Ask each way in turn, until one gives an answer that can be used."""
        names = shown(certificate.subject), shown(issuer.subject)
        problems: list[str] = []
        try:
            for way in _ways(certificate, issuer):
                try:
                    fetched, answer = self._answer(way)
                except (AnswerUnusable, FetchFailed) as problem:
                    said = problem.problem if isinstance(problem, AnswerUnusable) else problem.reason
                    problems.append(f"{way.source} {way.host}: {said}")
                else:
                    self.answers[way.address] = fetched
                    return Found(*names, answer, way.source, way.address, fetched.at)
        except AnswerUnusable as problem:
            problems.append(problem.problem)
        if not problems:
            return Found(*names, None, problem="it names neither OCSP nor a list that can be fetched")
        return Found(*names, None, problem="; ".join(problems), out_of_reach=True)

    def _answer(self, way: _Way) -> tuple[Fetched, Answer]:
        """The answer on one way, asked for again where a kept one is of no use any more."""
        fetched = self._fetch(way, None)
        try:
            return fetched, way.read(fetched.body, at=self._at)
        except AnswerUnusable:
            if fetched.at >= self._at:
                raise
        fetched = self._fetch(way, self._at)
        return fetched, way.read(fetched.body, at=self._at)

    def _fetch(self, way: _Way, not_before: datetime | None) -> Fetched:
        assert self._outside is not None
        if self._requests >= MAX_REQUESTS:
            raise AnswerUnusable(f"the submission needs more than {MAX_REQUESTS} requests")
        if way.host in self._silent or len(self._silent) >= MAX_SILENT:
            raise AnswerUnusable("not asked: too much was out of reach just now")
        self._requests += 1
        try:
            return self._outside.fetch(
                way.address,
                accept=way.accept,
                max_bytes=way.max_bytes,
                not_before=not_before,
                signed=True,
            )
        except FetchFailed as failure:
            if failure.temporary:
                self._silent.add(way.host)
            raise


def conclude(found: Sequence[Found], signed_at: datetime, at: datetime) -> Revocation:
    """What follows for the whole path, when it was signed and now."""
    now = _outcome(found, None)
    signing = _outcome(found, signed_at)
    evidence: dict[str, Any] = {
        "outcome": now.value,
        "at_signing": {"outcome": signing.value, "time": to_rfc3339(signed_at)},
        "now": {"outcome": now.value, "time": to_rfc3339(at)},
        "certificates": [each.evidence() for each in found],
    }
    if any(each.out_of_reach for each in found):
        evidence["out_of_reach"] = True
    if now is Outcome.FAILED:
        sentence = _revoked(next(each for each in found if each.answer and each.answer.revoked_at), signed_at)
    elif now is Outcome.PASSED:
        sentence = "None of them was revoked."
    else:
        missing = next(each for each in found if each.answer is None)
        evidence["reason"] = missing.problem
        sentence = f"Whether {missing.subject} was revoked is not known: {missing.problem}."
    return Revocation(evidence, sentence, signing, now)


def _not_asked(reason: str) -> Revocation:
    outcome = Outcome.NOT_CHECKED
    evidence = {"outcome": outcome.value, "reason": reason}
    return Revocation(evidence, f"Whether one was revoked has not been asked: {reason}.", outcome, outcome)


def _outcome(found: Sequence[Found], moment: datetime | None) -> Outcome:
    """At that moment; None for now, when what the authority lists is revoked, whatever date it gives."""
    revoked = [each.answer.revoked_at for each in found if each.answer and each.answer.revoked_at]
    if any(moment is None or since <= moment for since in revoked):
        return Outcome.FAILED
    return Outcome.NOT_CHECKED if any(each.answer is None for each in found) else Outcome.PASSED


def _revoked(found: Found, signed_at: datetime) -> str:
    assert found.answer is not None
    assert found.answer.revoked_at is not None
    since = found.answer.revoked_at
    reason = f" ({found.answer.reason})" if found.answer.reason else ""
    when = "before" if since <= signed_at else "after"
    return (
        f"{REVOKED_CERTIFICATE} {found.subject} as of {to_rfc3339(since)}{reason}, {when} this was signed. "
        f"Have a new one issued by {found.issuer}, and sign again with its key."
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """One place that may answer, and how its answer is read."""

    source: str
    address: str
    accept: str
    max_bytes: int
    read: Callable[..., Answer]

    @property
    def host(self) -> str:
        try:
            return urlsplit(self.address).netloc[:200]
        except ValueError:
            return self.address[:200]


def _ways(certificate: x509.Certificate, issuer: x509.Certificate) -> Iterator[_Way]:
    """OCSP first, since its answers are small. Raises `AnswerUnusable` when the certificate can't be read."""
    address = ocsp_address(certificate, issuer)
    if address is not None:
        read = partial(read_ocsp, certificate=certificate, issuer=issuer)
        yield _Way("ocsp", address, OCSP_MEDIA_TYPES, MAX_OCSP, read)
    lists = [(point, each) for point in points_of(certificate) for each in point.addresses]
    for point, each in lists[:MAX_LISTS]:
        if len(each) <= MAX_ADDRESS:
            read = partial(read_crl, certificate=certificate, issuer=issuer, point=point)
            yield _Way("crl", each, CRL_MEDIA_TYPES, MAX_CRL, read)
