"""`catalogue publish --renew`: after a change of key, everything of an issuer signed and published again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from catalogue.cli import EXIT_REFUSED
from catalogue.cli.keys import read_key
from catalogue.cli.output import Refused, Unusable, printable, progress, read_bytes
from catalogue.client import NodeClient, NodeProblem, NodeUnreachable

if TYPE_CHECKING:
    from credentials.envelope import Envelope
    from credentials.keys import PublicKey

#: States of what is worth signing again: shown now, or not any more because the old key is gone.
_STATES = ("listed", "unverifiable")


def renew_all(client: NodeClient, key: str, method: str, old_keys: Sequence[str]) -> int:
    """Renew what the node has of the method's DID; prints a line for each, returns the exit code.

    Raises Unusable for keys that can't be read, Refused when the node can't be asked.
    """
    from credentials.errors import Rejection
    from credentials.renewing import NotSignedBefore, renew
    from credentials.signing import SigningRefused
    from credentials.times import utc_now

    private = read_key(key)
    known = [_public_key(name) for name in old_keys]
    issuer = method.partition("#")[0]
    code = 0
    try:
        # Read to its end before the first one is published: a page must not move under the reader.
        found = {f"{digest} ({index})": (digest, index) for digest, index in _listed(client, issuer)}
        with progress("Renewing", list(found)) as walk:
            for name in walk:
                digest, index = found[name]
                try:
                    data = renew(_statement(client, digest, index), issuer, known, private, method, utc_now())
                    answer = client.publish(data)
                except (NotSignedBefore, SigningRefused, Rejection) as error:
                    click.echo(f"{name}: not renewed: {printable(error)}")
                    code = EXIT_REFUSED
                except NodeProblem as problem:
                    click.echo(f"{name}: refused: {printable(problem)}")
                    code = EXIT_REFUSED
                else:
                    click.echo(f"{name}: renewed, digest {answer.body['digest']}")
                sys.stdout.flush()
    except NodeProblem as problem:
        raise Refused(f"the node refused: {printable(problem)}") from problem
    except NodeUnreachable as error:
        raise Refused(str(error)) from error
    if not found:
        click.echo(f"The node lists nothing of {printable(issuer)}.")
    return code


def _listed(client: NodeClient, issuer: str) -> Iterator[tuple[str, int]]:
    for state in _STATES:
        for item in client.statements(issuer, state):
            yield item["digest"], item["index"]


def _statement(client: NodeClient, digest: str, index: int) -> Envelope:
    from credentials.envelope import statements_in
    from credentials.errors import Rejection

    statements = statements_in(client.self_description(digest))
    if index >= len(statements):
        raise Rejection("structure", f"it holds {len(statements)} credentials only")
    return statements[index]


def _public_key(name: str) -> PublicKey:
    """The key in a JWK file, private or public."""
    from credentials.keys import KeyUnusable, public_key_from_jwk

    try:
        jwk = json.loads(read_bytes(name))
    except ValueError as error:
        raise Unusable(f"{name}: not a JWK") from error
    if not isinstance(jwk, dict):
        raise Unusable(f"{name}: not a JWK")
    if "d" in jwk:
        return read_key(name).public()
    try:
        return public_key_from_jwk(jwk)
    except KeyUnusable as error:
        raise Unusable(f"{name}: {error.problem}") from error
