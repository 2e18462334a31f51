"""A provider's keys: `keygen`, `did-document`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click

from catalogue.cli.output import Unusable, read_bytes, write_output, write_private

if TYPE_CHECKING:
    from credentials.signing import KeyKind, PrivateKey

KINDS: tuple[KeyKind, ...] = ("Ed25519", "P-256", "P-384", "secp256k1", "RSA-2048")


@click.command()
@click.option("--type", "kind", type=click.Choice(KINDS), default="Ed25519", show_default=True)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False),
    help="New file for the private key (a JWK, mode 0600).",
)
def keygen(kind: KeyKind, out: str) -> None:
    """Make a private key in a file of its own.

    The file is readable by its owner only and is never overwritten. Printed is the public key and the DID
    that goes with it if you don't have a did:web: did:key, for RSA did:jwk.
    """
    from credentials.signing import did_jwk, did_key, generate_key

    key = generate_key(kind)
    write_private(_pretty(key.to_jwk()), out)
    public = key.public()
    did = did_jwk(public) if kind == "RSA-2048" else did_key(public)
    click.echo(_pretty({"publicKeyJwk": public.jwk(), "did": did}), nl=False)


@click.command("did-document")
@click.option("--did", required=True, help="Your DID, such as did:web:provider.example.")
@click.option(
    "--key",
    "keys",
    required=True,
    multiple=True,
    metavar="[NAME=]FILE",
    help="A key file; NAME is its id in the document, by default key-1, key-2, ... May be repeated.",
)
@click.option("--x5u", help="https URL of the certificate chain (PEM).")
@click.option("--x5c", metavar="PEM", help="File with the certificate chain, put into the document.")
@click.option("--out", metavar="FILE", help="Where to write it; standard output without.")
def did_document(did: str, keys: tuple[str, ...], x5u: str | None, x5c: str | None, out: str | None) -> None:
    """Write the did:web document for your keys.

    It holds public keys only. Serve it over https where the DID says: did:web:provider.example at
    https://provider.example/.well-known/did.json, did:web:provider.example:a:b at
    https://provider.example/a/b/did.json.
    """
    from credentials.dids import DidMalformed, web_url
    from credentials.signing import did_document as make

    try:
        web_url(did)
    except DidMalformed as error:
        raise Unusable(f"--did: {error.problem}") from error
    chain = certificates(x5c) if x5c else None
    named = [_named(given, number) for number, given in enumerate(keys, 1)]
    if len({name for name, _ in named}) < len(named):
        raise click.UsageError("--key: every key needs a name of its own")
    public = {name: read_key(file).public() for name, file in named}
    try:
        document = make(did, public, x5u=x5u, x5c=chain)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    write_output(_pretty(document), out)


def read_key(name: str) -> PrivateKey:
    """The private key in the JWK file `name`; Unusable when there is none in it."""
    from credentials.keys import KeyUnusable
    from credentials.signing import PrivateKey

    try:
        jwk = json.loads(read_bytes(name))
    except ValueError as error:
        raise Unusable(f"{name}: not a JWK as `catalogue keygen` writes it") from error
    if not isinstance(jwk, dict) or "d" not in jwk:
        raise Unusable(f"{name}: no private key (JWK) in it")
    try:
        return PrivateKey.from_jwk(jwk)
    except KeyUnusable as error:
        raise Unusable(f"{name}: {error.problem}") from error


def certificates(name: str) -> list[str]:
    """The certificates of the PEM file `name` as base64 of DER, in order; Unusable without any."""
    from credentials.signing import x5c_from_pem

    try:
        return x5c_from_pem(read_bytes(name))
    except ValueError as error:
        raise Unusable(f"{name}: no certificate in PEM form in it") from error


def _named(given: str, number: int) -> tuple[str, str]:
    """`NAME=FILE` in its parts; a bare FILE is called key-1, key-2, ..."""
    match = re.fullmatch(r"([A-Za-z0-9_-]+)=(.+)", given)
    return (match[1], match[2]) if match else (f"key-{number}", given)


def _pretty(document: Any) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
