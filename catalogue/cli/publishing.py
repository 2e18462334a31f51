"""A provider and a node: `publish`, `withdraw`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from catalogue.cli import EXIT_REFUSED, EXIT_USAGE
from catalogue.cli.keys import read_key
from catalogue.cli.output import Refused, Unusable, end, printable, progress, read_bytes
from catalogue.client import NodeClient, NodeProblem, NodeUnreachable


def client_for(url: str) -> NodeClient:
    """A client for the node at `url`, which says when it waits; a wrong URL is wrong usage."""

    def waiting(seconds: float) -> None:
        click.echo(f"The node's limit is reached; going on in {seconds:.0f} s.", err=True)

    try:
        return NodeClient(url, waiting=waiting)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@click.command()
@click.argument("url")
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option(
    "--renew", is_flag=True, help="Sign all that you have listed there again with a new key, and publish it."
)
@click.option("--key", metavar="FILE", help="Renewal: your new key.")
@click.option(
    "--method",
    metavar="DID_URL",
    help="Renewal: the new key's id in your DID document, such as did:web:provider.example#key-2.",
)
@click.option(
    "--old-key",
    "old_keys",
    multiple=True,
    metavar="FILE",
    help="Renewal: a key with which you signed so far (its public JWK is enough). May be repeated.",
)
def publish(
    url: str,
    files: tuple[str, ...],
    renew: bool,
    key: str | None,
    method: str | None,
    old_keys: tuple[str, ...],
) -> None:
    """Publish signed self-descriptions on a node.

    Prints a line per file. Waits as long as the node's limits ask for. Exit code 2 when a file can't be read,
    else 1 when one was not listed, else 0; the other files are published all the same.

    With --renew there are no files: what the node lists as yours, or can't verify any more, is read from it.
    Only what carries a signature by one of your old keys is signed anew, with a new start, and published.
    """
    if renew:
        if files or not key or not method or not old_keys:
            raise click.UsageError("--renew takes no FILE, and needs --key, --method and --old-key")
        from catalogue.cli.renewing import renew_all

        with client_for(url) as client:
            end(renew_all(client, key, method, old_keys))
    if not files or key or method or old_keys:
        raise click.UsageError("FILE is missing; --key, --method and --old-key go with --renew only")
    code = 0
    with client_for(url) as client, progress("Publishing", files) as walk:
        for name in walk:
            try:
                answer = client.publish(read_bytes(name))
            except Unusable as error:
                click.echo(f"Error: {error.message}", err=True)
                code = EXIT_USAGE
            except NodeProblem as problem:
                click.echo(f"{name}: refused: {printable(problem)}")
                for line in objections(problem.problem.get("report")):
                    click.echo(f"    {printable(line)}")
                code = max(code, EXIT_REFUSED)
            except NodeUnreachable as error:
                raise Refused(str(error)) from error
            else:
                said = "listed" if answer.status == 201 else "already listed"
                records = answer.body["records"]
                click.echo(f"{name}: {said}, digest {answer.body['digest']}, {_records(records)}")
                # Listed all the same, but marked, or of no weight as evidence.
                for line in failed_checks(answer.body["report"]):
                    click.echo(f"    {printable(line)}")
            sys.stdout.flush()
    end(code)


def objections(report: Any) -> list[str]:
    """A line for every failed check, and for what had to be checked and could not be."""
    if not isinstance(report, Mapping):
        return []
    unmade = [
        f"{check['name']}: {check['detail']}"
        for each in (report, *report.get("credentials", ()))
        for check in each["checks"]
        if check["outcome"] == "not_checked" and check["name"] in each["required"]
    ]
    return failed_checks(report) or unmade


def failed_checks(report: Any) -> list[str]:
    """A line for every failed check of a report and of the reports inside it."""
    if not isinstance(report, Mapping):
        return []
    lines = [
        f"{check['name']}: {check['detail']}" for check in report["checks"] if check["outcome"] == "failed"
    ]
    for inner in report.get("credentials", ()):
        lines.extend(failed_checks(inner))
    return lines


def _records(records: list[dict[str, Any]]) -> str:
    if len(records) == 1:
        return f"content_id {records[0]['content_id']} ({records[0]['state']})"
    return f"{len(records)} records"


@click.command()
@click.argument("url")
@click.argument("what", metavar="CONTENT_ID|FILE")
@click.option("--key", required=True, metavar="FILE", help="A current key of the issuer.")
@click.option(
    "--method",
    metavar="DID_URL",
    help="The key's id in the issuer's DID document. Without it, the issuer is the did:key (RSA: did:jwk) of"
    " the key.",
)
@click.option("--issuer", metavar="DID", help="The issuer; by default the DID of the method.")
@click.option("--reason", help="A sentence that everybody may read.")
def withdraw(
    url: str, what: str, key: str, method: str | None, issuer: str | None, reason: str | None
) -> None:
    """Withdraw a self-description from a node.

    Names what was signed by its content_id, or by a file with the published bytes. The key signs here; only
    the signed withdrawal is sent. It is final: the same content never lists again.
    """
    from credentials.signing import own_method
    from credentials.times import utc_now
    from credentials.withdrawal import sign_withdrawal

    private = read_key(key)
    method = method or own_method(private.public())
    issuer = issuer or method.partition("#")[0]
    with client_for(url) as client:
        try:
            for content_id in _content_ids(client, what, issuer):
                token = sign_withdrawal(content_id, issuer, private, method, utc_now(), reason)
                answer = client.withdraw(token)
                said = "withdrawn" if answer.status == 201 else "was withdrawn already"
                click.echo(f"{content_id}: {said}")
        except NodeProblem as problem:
            raise Refused(f"the node refused: {printable(problem)}") from problem
        except NodeUnreachable as error:
            raise Refused(str(error)) from error


def _content_ids(client: NodeClient, what: str, issuer: str) -> list[str]:
    """What to withdraw: the content_id as given, or what the node lists of the file's bytes by `issuer`."""
    if len(what) == 64 and all(digit in "0123456789abcdef" for digit in what):
        return [what]
    from credentials.identity import digest_of

    digest = digest_of(read_bytes(what))
    report = client.get(f"/self-descriptions/{digest}/report")
    reports = report.get("credentials") or [report]
    found = [one["content_id"] for one in reports if one["issuer"] == issuer]
    if not found:
        raise Refused(f"{what}: nothing in it was issued by {issuer}")
    return list(dict.fromkeys(found))
