"""Signing: JSON-LD in, signed bytes out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from catalogue.cli.keys import read_key
from catalogue.cli.output import Unusable, read_bytes, write_output

if TYPE_CHECKING:
    from credentials.proof_signing import Earlier, EmbeddedForm
    from credentials.signing import CredentialForm, PresentationForm

_EMBEDDED: tuple[EmbeddedForm, ...] = (
    "ed25519-2020",
    "jws2020",
    "jws2020-legacy",
    "eddsa-rdfc-2022",
    "ecdsa-rdfc-2019",
    "eddsa-jcs-2022",
    "ecdsa-jcs-2019",
)
CREDENTIAL_FORMATS: dict[str, CredentialForm] = {**{form: form for form in _EMBEDDED}, "vc-jwt": "vc-jwt"}
PRESENTATION_FORMATS: dict[str, PresentationForm] = {
    **{f"vp-{form}": form for form in _EMBEDDED},
    "vp-jwt": "vp-jwt",
}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--key", required=True, metavar="FILE", help="Key file of `catalogue keygen`.")
@click.option(
    "--method",
    metavar="DID_URL",
    help="The key's id in your DID document, such as did:web:provider.example#key-1. Without it, you are the"
    " did:key (RSA: did:jwk) of the key.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice((*CREDENTIAL_FORMATS, *PRESENTATION_FORMATS)),
    required=True,
    help="How to sign; vp-... wraps signed credentials in one signed presentation.",
)
@click.option("--holder", metavar="DID", help="Presentations: the holder; by default the DID of the method.")
@click.option("--challenge", metavar="TEXT", help="Presentations: what the reader asked you to sign.")
@click.option("--domain", metavar="TEXT", help="Presentations: the reader whom they are for.")
@click.option(
    "--add",
    "earlier",
    type=click.Choice(("set", "chain", "chain-all")),
    help="Keep the proofs that FILE has and add one: over the document (set), over the last proof too"
    " (chain), or over all of them (chain-all).",
)
@click.option(
    "--proof-id", metavar="URL", help="A name for the proof, such as urn:uuid:..., for --add chain."
)
@click.option("--created", metavar="RFC3339", help="Time of signing; now by default.")
@click.option("--out", metavar="FILE", help="Where to write it; standard output without.")
def sign(
    files: tuple[str, ...],
    key: str,
    method: str | None,
    form: str,
    holder: str | None,
    challenge: str | None,
    domain: str | None,
    earlier: Earlier | None,
    proof_id: str | None,
    created: str | None,
    out: str | None,
) -> None:
    """Sign a self-description or a presentation.

    FILE is the credential as JSON-LD without proof (`-` is standard input). Where it has no issuer or no
    validFrom (VC 1.1: issuanceDate), the method's DID and the time of signing are put in. The vp-... formats
    take one or more credentials that are signed already, and --add takes one with its proofs. jws2020-legacy
    leaves the proof's options unprotected; it is for test beds that know nothing else.
    """
    from credentials.errors import Rejection
    from credentials.parsing import parse_json
    from credentials.signing import SigningRefused, own_method, sign_credential, sign_presentation

    if form in CREDENTIAL_FORMATS and len(files) > 1:
        raise click.UsageError(f"{form} signs one credential; the vp-... formats take several files.")
    if form not in PRESENTATION_FORMATS and (holder or challenge or domain):
        raise click.UsageError("--holder, --challenge and --domain are for the vp-... formats.")
    if form not in _EMBEDDED and (earlier or proof_id):
        raise click.UsageError("--add and --proof-id are for credentials with an embedded proof.")
    moment = moment_of(created, "--created")
    private = read_key(key)
    method = method or own_method(private.public())
    signer = method.partition("#")[0]
    inputs = [read_bytes(name) for name in files]
    try:
        if form in PRESENTATION_FORMATS:
            signed = sign_presentation(
                inputs,
                private,
                method,
                holder=holder or signer,
                form=PRESENTATION_FORMATS[form],
                created=moment,
                challenge=challenge,
                domain=domain,
            )
        else:
            document = parse_json(inputs[0]) if earlier else _completed(inputs[0], signer, moment)
            signed = sign_credential(
                document,
                private,
                method,
                form=CREDENTIAL_FORMATS[form],
                created=moment,
                proof_id=proof_id,
                earlier=earlier or "replace",
            )
    except SigningRefused as error:
        raise Unusable(f"not signed: {error.problem}") from error
    except Rejection as error:
        raise Unusable(f"not signed: {error.detail}") from error
    write_output(signed, out)


def moment_of(text: str | None, option: str) -> datetime:
    """The time that an option gives, now without one."""
    from credentials.times import from_rfc3339, utc_now

    if text is None:
        return utc_now()
    try:
        return from_rfc3339(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from error


def _completed(data: bytes, signer: str, moment: datetime) -> dict[str, Any]:
    """The document with issuer and start of validity. A foreign issuer is worth a warning."""
    from credentials.contexts import CREDENTIALS_V1
    from credentials.parsing import parse_json
    from credentials.times import to_rfc3339

    document = parse_json(data)
    contexts = document.get("@context", [])
    since = "issuanceDate" if CREDENTIALS_V1 in contexts else "validFrom"
    issuer = document.setdefault("issuer", signer)
    document.setdefault(since, to_rfc3339(moment.replace(microsecond=0)))
    issuer_id = issuer.get("id") if isinstance(issuer, dict) else issuer
    if issuer_id != signer:
        click.echo(
            f"Warning: the issuer is {issuer_id}, the key is {signer}'s: no node will accept it", err=True
        )
    return document
