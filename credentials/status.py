"""The check `status`: whether the issuer has revoked or suspended what it once signed.

The list is fetched whole, so that its keeper doesn't learn which entry was of interest, and is itself a
credential that must hold, issued by the issuer of what it speaks of or by somebody trusted to keep lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credentials.outside import Outside
from credentials.parsing import MAX_BYTES
from credentials.report import Check, Outcome
from credentials.resolving import Fetched, FetchFailed
from credentials.status_lists import (
    MAX_ENTRIES,
    REVOCATION,
    SUSPENSION,
    Entry,
    StatusList,
    StatusProblem,
    read_entry,
    read_list,
)
from credentials.times import to_rfc3339

#: Different lists that one submission may make us fetch: each may cost a request to a stranger's host.
MAX_LISTS = 16
LIST_MEDIA_TYPES = "application/vc+jwt, application/vc, application/vc+ld+json, application/ld+json, */*"

#: What `evidence.state` of the check says of a statement that its issuer took out of force.
REVOKED, SUSPENDED = "revoked", "suspended"

#: The code for a list that can't be had (Bitstring Status List, section 3.2), kept apart from "revoked".
RETRIEVAL_ERROR = "STATUS_RETRIEVAL_ERROR"


@dataclass(frozen=True, slots=True)
class ListCredential:
    """A list credential whose own checks passed: who issued it, and what it says."""

    issuer: str
    claims: Mapping[str, Any]


#: Whether somebody else than the issuer may keep lists for issuers, at that time.
ListIssuers = Callable[[str, datetime], bool]
#: Verifies the bytes of a list credential. Raises `StatusProblem` when they don't hold.
VerifyList = Callable[[bytes], ListCredential]


def nobody_else(_did: str, _at: datetime) -> bool:
    """`ListIssuers` of nobody: each issuer keeps its own lists."""
    return False


class StatusChecking:
    """The lists of one submission: each is fetched once, and kept for those who judge it again later."""

    def __init__(self, outside: Outside | None, at: datetime, list_issuers: ListIssuers) -> None:
        self._outside = outside
        self._list_issuers = list_issuers
        self._at = at
        self._verified: dict[tuple[str, datetime], ListCredential | StatusProblem] = {}
        self._answers: dict[str, Fetched | StatusProblem] = {}

    @property
    def lists(self) -> Mapping[str, Fetched]:
        """What the checks rested on, by URL."""
        return {url: answer for url, answer in self._answers.items() if isinstance(answer, Fetched)}

    def check(self, claims: Mapping[str, Any], issuer: str, verify: VerifyList) -> Check:
        """The check of one credential of `issuer`, whose signature held."""
        given = claims.get("credentialStatus")
        if given is None or given == []:
            return Check("status", Outcome.NOT_CHECKED, "It has no credentialStatus.")
        if self._outside is None:
            return Check("status", Outcome.NOT_CHECKED, "Its status list was not fetched: no network.")
        entries = given if isinstance(given, list) else [given]
        if len(entries) > MAX_ENTRIES:
            detail = (
                f"It has {len(entries)} entries of credentialStatus; at most {MAX_ENTRIES} are looked up."
            )
            return Check("status", Outcome.FAILED, detail)
        return _conclude([self._line(entry, issuer, verify) for entry in entries])

    def _line(self, given: object, issuer: str, verify: VerifyList) -> dict[str, Any]:
        """What came of one entry, as evidence."""
        line: dict[str, Any] = {}
        try:
            entry = read_entry(given)
            if entry is None:
                return {"error": "UNKNOWN_TYPE", "problem": "it is of a kind that is not known here"}
            line = {"purpose": entry.purpose[:60], "list": entry.url[:500], "index": entry.index}
            found, answer = self._list(entry, issuer, verify)
            line["fetched_at"] = to_rfc3339(answer.at)
            line["age_seconds"] = max(0, int((self._at - answer.at).total_seconds()))
            line["value"] = found.value(entry)
            if line["value"] in entry.messages:
                line["message"] = entry.messages[line["value"]]
        except StatusProblem as problem:
            line |= {"error": problem.code, "problem": problem.problem, "temporary": problem.temporary}
        return line

    def _list(self, entry: Entry, issuer: str, verify: VerifyList) -> tuple[StatusList, Fetched]:
        """The verified list of an entry, asked for again where the kept one is older than it allows."""
        answer = self._fetch(entry.url, None)
        try:
            found = self._read(entry, answer, issuer, verify)
            if self._at - answer.at <= found.ttl:
                return found, answer
        except StatusProblem:
            # It may have ended, or its key may have changed, since it was fetched.
            if answer.at >= self._at:
                raise
        answer = self._fetch(entry.url, self._at)
        return self._read(entry, answer, issuer, verify), answer

    def _read(self, entry: Entry, answer: Fetched, issuer: str, verify: VerifyList) -> StatusList:
        credential = self._verified.get((entry.url, answer.at))
        if credential is None:
            try:
                credential = verify(answer.body)
            except StatusProblem as problem:
                credential = problem
            self._verified[(entry.url, answer.at)] = credential
        if isinstance(credential, StatusProblem):
            raise credential
        if credential.issuer != issuer and not self._list_issuers(credential.issuer, self._at):
            raise StatusProblem(
                "STATUS_VERIFICATION_ERROR",
                f"its issuer is {credential.issuer[:200]}, another one",
            )
        return read_list(entry, credential.claims)

    def _fetch(self, url: str, not_before: datetime | None) -> Fetched:
        known = self._answers.get(url)
        if isinstance(known, StatusProblem):
            raise known
        if known is not None and (not_before is None or known.at >= not_before):
            return known
        try:
            if known is None and len(self._answers) >= MAX_LISTS:
                raise StatusProblem(RETRIEVAL_ERROR, f"the submission needs more than {MAX_LISTS} lists")
            assert self._outside is not None
            answer = self._outside.fetch(
                url, accept=LIST_MEDIA_TYPES, max_bytes=MAX_BYTES, not_before=not_before
            )
        except FetchFailed as error:
            failure = StatusProblem(RETRIEVAL_ERROR, error.reason, temporary=error.temporary)
            self._answers[url] = failure
            raise failure from error
        self._answers[url] = answer
        return answer


def _conclude(lines: list[dict[str, Any]]) -> Check:
    """The worst of the entries decides; a list that can't be had is never taken for one that says no."""
    evidence: dict[str, Any] = {"entries": lines}
    set_for = {line["purpose"] for line in lines if line.get("value")}
    wrong = [line for line in lines if line.get("error") not in (None, RETRIEVAL_ERROR, "UNKNOWN_TYPE")]
    unknown = [line for line in lines if line.get("error") in (RETRIEVAL_ERROR, "UNKNOWN_TYPE")]
    if REVOCATION in set_for:
        evidence["state"] = REVOKED
        return Check("status", Outcome.FAILED, "Its issuer has revoked it.", evidence)
    if wrong:
        line = wrong[0]
        where = f"The status list {line['list']}" if "list" in line else "Its credentialStatus"
        return Check(
            "status", Outcome.FAILED, f"{where} can't be used ({line['error']}): {line['problem']}.", evidence
        )
    if SUSPENSION in set_for:
        evidence["state"] = SUSPENDED
        detail = "Its issuer has not revoked it, but suspended it for now."
        return Check("status", Outcome.PASSED, detail, evidence)
    if unknown:
        line = unknown[0]
        evidence["temporary"] = all(line.get("temporary", False) for line in unknown)
        detail = f"Whether it is revoked is not known ({line['error']}): {line['problem']}."
        return Check("status", Outcome.NOT_CHECKED, detail, evidence)
    others = sorted(set_for - {REVOCATION, SUSPENSION})
    said = [line["message"] for line in lines if "message" in line]
    remark = f" Its issuer says: {'; '.join(said)}." if said else ""
    remark = remark or (f" The list says yes to {', '.join(others)}." if others else "")
    return Check(
        "status", Outcome.PASSED, f"Its issuer has neither revoked nor suspended it.{remark}", evidence
    )
