"""Verifying here: no node, and no network unless asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalogue.cli import EXIT_REFUSED, EXIT_USAGE
from catalogue.cli.output import Unusable, end, printable, read_bytes, settings_from_environment
from catalogue.cli.signing import moment_of
from catalogue.spreading import spread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from credentials.presenting import Asked
    from credentials.report import Report
    from credentials.shapes.checking import SchemasInForce
    from credentials.verification import Verifier


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="One report per line, in the order of the files.")
@click.option("--at", metavar="RFC3339", help="Verify as of this time; now by default.")
@click.option(
    "--did-documents",
    metavar="DIR",
    help="Folder of DID documents (*.json) to use (CATALOGUE_DID_DOCUMENTS).",
)
@click.option(
    "--trust-anchors",
    metavar="PATH",
    help="PEM file or folder of the certificates that chains must end at (CATALOGUE_TRUST_ANCHORS).",
)
@click.option(
    "--policy", metavar="NAME", help="What must hold: default, strict, lab or your own (CATALOGUE_POLICY)."
)
@click.option(
    "--schema",
    "schema_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Shapes or class hierarchy to check against, Turtle or JSON-LD; may be given several times.",
)
@click.option("--challenge", metavar="TEXT", help="Presentations: the challenge that must be signed.")
@click.option("--domain", metavar="TEXT", help="Presentations: whom they must be for.")
@click.option("--online", is_flag=True, help="Fetch did:web documents over https; without it, no network.")
def verify(
    files: tuple[str, ...],
    as_json: bool,
    at: str | None,
    did_documents: str | None,
    trust_anchors: str | None,
    policy: str | None,
    schema_files: tuple[Path, ...],
    challenge: str | None,
    domain: str | None,
    online: bool,
) -> None:
    """Verify self-descriptions here, without a node.

    FILE is what would be published; `-` is standard input. Exit code 2 when a file can't be read or the usage
    is wrong, else 1 when one is refused, else 0. Many files are spread over all processors.
    """
    from credentials.presenting import Asked

    verifying = _Verifying(
        _verifier(did_documents, policy, trust_anchors, online),
        _schemas(schema_files),
        moment_of(at, "--at") if at else None,
        Asked(challenge, domain),
    )
    code = 0
    for told in spread(lambda name: _examine(verifying, name, as_json=as_json), files):
        code = max(code, told.code)
        if told.error:
            click.echo(told.error, err=True)
        for line in told.lines:
            click.echo(line)
    end(code)


@dataclass(frozen=True, slots=True)
class _Told:
    """What there is to say of one file, and the exit code that it calls for."""

    code: int
    lines: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Verifying:
    """All that the command line says of how to verify."""

    verifier: Verifier
    schemas: SchemasInForce | None
    at: datetime | None
    asked: Asked

    def report(self, data: bytes) -> Report:
        """The report on one submission, accepted or refused."""
        from credentials.verification import Refused

        try:
            return self.verifier.verify(data, self.at, schemas=self.schemas, asked=self.asked).report
        except Refused as refused:
            return refused.report


def _examine(verifying: _Verifying, name: str, *, as_json: bool) -> _Told:
    from credentials.report import Verdict

    try:
        data = read_bytes(name)
    except Unusable as error:
        return _Told(EXIT_USAGE, error=f"Error: {error.message}")
    report = verifying.report(data)
    lines = (json.dumps(report.to_dict(), ensure_ascii=False),) if as_json else tuple(_tell(name, report))
    return _Told(0 if report.verdict is Verdict.ACCEPTED else EXIT_REFUSED, lines)


def _schemas(files: tuple[Path, ...]) -> SchemasInForce | None:
    """The schemas of these files, prepared here and now."""
    from catalogue.cli.schemas import read_file, syntax_of
    from credentials.identity import digest_of
    from credentials.shapes.checking import SchemasInForce
    from credentials.shapes.engine import ShapeSet
    from credentials.shapes.reading import SchemaInvalid, read_schema

    if not files:
        return None
    prepared, names = [], []
    for file in files:
        data = read_file(file)
        try:
            prepared.append(read_schema(data, syntax_of(file)))
        except SchemaInvalid as error:
            raise Unusable(f"{file}: {error}") from error
        names.append(f"{file.name} sha256-{digest_of(data)}")
    return SchemasInForce(ShapeSet(prepared), tuple(names), b"")


def _verifier(did_documents: str | None, policy: str | None, anchors: str | None, online: bool) -> Verifier:
    """A verifier with the ways to keys that the command line and the environment name."""
    from catalogue.fetching import WebFetcher
    from catalogue.verifying import list_issuers, local_resolvers, trust_anchors
    from credentials.contexts import ContextStore
    from credentials.outside import Direct
    from credentials.policies import policy_named
    from credentials.resolving import FirstOf, FolderUnusable, WebResolver
    from credentials.times import utc_now
    from credentials.verification import Verifier
    from vocab.trust import TrustListInvalid

    given = {"did_documents": did_documents, "policy": policy, "trust_anchors": anchors}
    settings = settings_from_environment(**{name: value for name, value in given.items() if value})
    try:
        resolvers = [*local_resolvers(settings)]
        may_keep_lists = list_issuers(settings)
    except FolderUnusable as error:
        raise Unusable(f"DID documents: {error}") from error
    except TrustListInvalid as error:
        raise Unusable(f"trust list: {error}") from error
    outside = None
    if online:
        fetcher = WebFetcher(
            allowed_hosts=settings.fetch_allow_hosts, ca_file=settings.fetch_ca_file or None, clock=utc_now
        )
        resolvers.append(WebResolver(fetcher))
        outside = Direct(fetcher)
    return Verifier(
        policy_named(settings.policy, settings.own_policies),
        FirstOf(resolvers),
        ContextStore(),
        utc_now,
        allow_rs256=settings.allow_rs256,
        anchors=trust_anchors(settings),
        list_issuers=may_keep_lists,
        outside=outside,
    )


def _tell(name: str, report: Report) -> Iterator[str]:
    """A line for the file, and one for each check that says more than "passed"."""
    from credentials.report import Outcome, Verdict

    issuer = printable(report.issuer or "unknown")
    yield f"{name}: {report.verdict.value} under policy {report.policy}, issuer {issuer}"
    for each in (report, *report.credentials):
        if report.credentials and each is not report:
            yield f"  credential {each.content_id or 'unknown'}: {each.verdict.value}"
        for proof in each.proofs:
            if each.verdict is Verdict.ACCEPTED and proof.signer != each.issuer:
                yield f"  co-signed by {printable(proof.signer)}"
        for check in each.checks:
            if check.outcome is not Outcome.PASSED:
                outcome = check.outcome.value.replace("_", " ")
                yield f"  {check.name}: {outcome}: {printable(check.detail)}"
