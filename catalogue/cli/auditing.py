"""Auditing a node's log from outside, and judging evidence against one, without belief in anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from catalogue.cli.output import (
    Refused,
    Unusable,
    counting,
    printable,
    read_bytes,
    settings_from_environment,
    write_output,
)

if TYPE_CHECKING:
    from catalogue.federation.auditing import Audit
    from catalogue.federation.introduction import Introduction
    from catalogue.federation.peer_client import PeerClient
    from catalogue.fetching import WebFetcher
    from credentials.transparency.evidence import Finding
    from credentials.transparency.notes import NoteKey

_WIDTH = 11


@click.command()
@click.argument("what", metavar="URL|EVIDENCE")
@click.option(
    "--key", help="The log's key: no other is believed. By default that of the node's DID document."
)
@click.option("--blobs", is_flag=True, help="Also fetch everything that the log names.")
@click.option("--since", metavar="FILE", help="A checkpoint from before, which the log must still contain.")
@click.option("--save", metavar="FILE", help="Keep the checkpoint for a later audit.")
@click.option("--evidence", metavar="FILE", help="Where to put evidence when the log contradicts itself.")
def audit(
    what: str, key: str | None, blobs: bool, since: str | None, save: str | None, evidence: str | None
) -> None:
    """Audit a node's log, or judge evidence against one.

    Of a URL, the whole log is read and worked out anew: signatures, entries, tiles, root. A file with
    evidence that a log contradicts itself (`-`: standard input) is judged without any network. Exit code 0
    when the log is sound or the evidence holds, 1 when not.
    """
    pinned = _key(key)
    if not what.startswith(("http://", "https://")):
        if blobs or since or save or evidence:
            raise click.UsageError("--blobs, --since, --save and --evidence are for the URL of a node")
        _judge(read_bytes(what), pinned)
        return
    _audit(what, pinned, blobs, read_bytes(since) if since else None, save, evidence)


def _key(text: str | None) -> NoteKey | None:
    from credentials.keys import KeyUnusable
    from credentials.transparency.notes import NoteKey

    if text is None:
        return None
    try:
        return NoteKey.parse(text)
    except KeyUnusable as error:
        raise Unusable(f"--key: {error.problem}") from error


def _judge(data: bytes, pinned: NoteKey | None) -> None:
    """Say what evidence shows."""
    from credentials.transparency.evidence import Evidence, verify
    from credentials.transparency.refusals import EvidenceMalformed, EvidenceProvesNothing

    try:
        finding = verify(Evidence.parse(data), [pinned] if pinned else None)
    except EvidenceMalformed as error:
        raise Refused(f"This is no evidence: {printable(error.problem)}.") from error
    except EvidenceProvesNothing as error:
        raise Refused(f"The evidence proves nothing: {printable(error.problem)}.") from error
    _tell_finding(finding, pinned)


def _tell_finding(finding: Finding, pinned: NoteKey | None) -> None:
    from catalogue.federation.introduction import fingerprint, name_of_origin

    click.echo(f"The evidence holds: {printable(finding.sentence())}")
    click.echo("Both were signed by the log's key, and they can't both be true.")
    _line("Key", finding.key.text())
    _line("Fingerprint", fingerprint(finding.key.text()))
    if pinned is None:
        host = name_of_origin(finding.origin)
        click.echo(
            f"That this is the key of {printable(host)} is not part of the evidence: compare it with the\n"
            "one that you pinned or that the node's DID document names, or give that with --key."
        )


def _audit(
    url: str, pinned: NoteKey | None, blobs: bool, since: bytes | None, save: str | None, out: str | None
) -> None:
    from catalogue.errors import CatalogueError
    from catalogue.federation.auditing import audit_log
    from catalogue.federation.introduction import introduce
    from credentials.times import utc_now
    from credentials.transparency.notes import NoteKey
    from credentials.transparency.refusals import Fork, LogRefused, Rollback

    fetcher = _fetcher(url)
    try:
        met = introduce(fetcher, url) if pinned is None else None
        key = pinned if pinned is not None else NoteKey.parse(met.key if met else "")
        _tell_key(key, met)
        with counting("Auditing") as moved:
            found = audit_log(_client(url, fetcher), key, utc_now, earlier=since, blobs=blobs, moved=moved)
    except (Fork, Rollback) as error:
        if out:
            write_output(error.evidence.to_bytes(), out)
        kept = f"The evidence is in {out}" if out else "--evidence FILE keeps the evidence"
        raise Refused(f"The log contradicts itself: {printable(error.problem)}. {kept}.") from error
    except LogRefused as error:
        raise Refused(f"The log doesn't hold: {printable(error.problem)}.") from error
    except CatalogueError as error:
        raise Refused(printable(error)) from error
    _tell_audit(found)
    if not found.sound:
        raise Refused(f"The log is not sound: {found.fault_count} faults.")
    if save:
        write_output(found.checkpoint.note, save)
    click.echo("The log is sound.")


def _fetcher(url: str) -> WebFetcher:
    from catalogue.fetching import WebFetcher

    settings = settings_from_environment()
    # Whoever types an address means it, be it on this machine.
    named = frozenset({urlsplit(url).netloc.lower()})
    return WebFetcher(
        allowed_hosts=settings.fetch_allow_hosts | named, ca_file=settings.fetch_ca_file or None
    )


def _client(url: str, fetcher: WebFetcher) -> PeerClient:
    from catalogue.federation.peer_client import PeerClient, Uncounted
    from catalogue.node_key import node_name

    return PeerClient(node_name(url), url, fetcher, Uncounted())


def _tell_key(key: NoteKey, met: Introduction | None) -> None:
    from catalogue.federation.introduction import Voucher, fingerprint

    vouched = "the key that you gave"
    if met is not None:
        way = "https" if met.voucher is Voucher.HOST else "plain http: nobody vouches for it"
        vouched = f"named by {met.did}, fetched over {way}"
    _line("Log", key.name)
    _line("Key", key.text())
    _line("Fingerprint", fingerprint(key.text()))
    _line("Whose word", vouched)


def _tell_audit(found: Audit) -> None:
    from credentials.times import to_rfc3339

    checkpoint = found.checkpoint
    kinds = ", ".join(f"{count} {op.value}" for op, count in found.entries.items() if count)
    _line("Signed", f"{to_rfc3339(checkpoint.signed_at)}, root {checkpoint.root.hex()}")
    _line("Entries", f"{checkpoint.size}{f' ({kinds})' if kinds else ''}")
    _line("Tiles", str(found.tiles))
    if found.earlier is not None:
        _line("Contains", f"the {found.earlier.size} entries of {to_rfc3339(found.earlier.signed_at)}")
    if found.blobs is not None:
        _line("Blobs", f"{found.blobs['given']} given, {found.blobs['erased']} erased")
    for remark in found.remarks:
        _line("Remark", remark)
    for fault in found.faults:
        _line("Fault", fault)


def _line(title: str, text: str) -> None:
    click.echo(f"{title + ':':<{_WIDTH + 2}}{printable(text)}")
