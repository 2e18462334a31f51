"""What a description costs: the samples' offerings with all that bears on them, in CPU time of one process.

Gathered, held against every shipped profile, and concluded, as the indexer does behind the log. Reading the
store and putting documents into the index come on top.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from catalogue.samples import did_documents_folder, sample_files, trust_list_path
from credentials.contexts import ContextStore
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from credentials.policies import policy_named
from credentials.resolving import FolderResolver
from credentials.times import utc_now
from credentials.verification import Verifier
from vocab.describe import Evidence, Statement, describe, evidence_keys, kind_of, mentions
from vocab.gathering import draws_on, gather
from vocab.model import Basis, Identity, Kind
from vocab.trust import TrustList

#: Rounds over all offerings of one measurement; the quickest counts, which other work disturbed least.
ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Times:
    """CPU milliseconds for one offering, one value a run: gathering alone, and all of the description."""

    offerings: int
    gather: tuple[float, ...]
    describe: tuple[float, ...]


def measure(runs: int) -> Times:
    """Describe every sample offering, `runs` times `ROUNDS` times."""
    cases = _cases()

    def gathered() -> None:
        for statement, evidence in cases:
            gather(
                statement.subject,
                statement.graph,
                own=statement.source(Basis.DECLARED),
                identity=Identity.NOTARISED,
                evidence=evidence,
            )

    def described() -> None:
        for statement, evidence in cases:
            describe(
                statement.subject,
                statement.graph,
                own=statement.source(Basis.DECLARED),
                identity=Identity.NOTARISED,
                evidence=evidence,
            )

    return Times(
        len(cases),
        tuple(_quickest(gathered) / len(cases) for _ in range(runs)),
        tuple(_quickest(described) / len(cases) for _ in range(runs)),
    )


def _quickest(work: Callable[[], None]) -> float:
    """CPU milliseconds of the quickest of `ROUNDS`."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        found.append((time.process_time() - start) * 1000)
    return min(found)


def _cases() -> list[tuple[Statement, Evidence]]:
    """Each sample offering with the evidence that a node would find for it."""
    verifier = Verifier(
        policy_named("default"), FolderResolver(did_documents_folder()), ContextStore(), utc_now
    )
    jsonld = JsonLd(ContextStore())
    world = [
        Statement(
            issuer=credential.issuer,
            subject=subject,
            content_id=credential.content_id,
            graph=interpret(credential.document, jsonld),
            valid_from=credential.valid_from,
            valid_until=credential.valid_until,
        )
        for path in sample_files()
        for credential in verifier.verify(path.read_bytes()).credentials
        for subject in credential.subjects
    ]
    trust, now = TrustList.load(trust_list_path()), utc_now()
    participants = [one for one in world if kind_of(one.subject, one.graph) is Kind.PARTICIPANT]
    cases = []
    for offering in (one for one in world if kind_of(one.subject, one.graph) is Kind.OFFERING):
        own = tuple(one for one in participants if one.issuer == offering.issuer)
        keys = set(
            evidence_keys(offering.subject, offering.graph, offering.issuer, (one.subject for one in own))
        )
        evidence = Evidence(
            on=now,
            trust=trust,
            participants=own,
            attestations=tuple(one for one in world if keys & set(mentions(one.graph, one.subject))),
            others=_others(offering, own, participants),
        )
        cases.append((offering, evidence))
    return cases


def _others(
    offering: Statement, own: tuple[Statement, ...], participants: list[Statement]
) -> tuple[Statement, ...]:
    found: dict[str, Statement] = {}
    waiting = [name for one in (offering, *own) for name in draws_on(one.graph, one.subject)]
    while waiting:
        name = waiting.pop()
        for one in participants:
            named = one.issuer != offering.issuer and name in (one.issuer, one.subject)
            if named and one.content_id not in found:
                found[one.content_id] = one
                waiting += draws_on(one.graph, one.subject)
    return tuple(found.values())
