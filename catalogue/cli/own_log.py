"""The node's own log: how it stands, and what its operator may do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalogue.cli.operating import open_store
from catalogue.cli.output import Refused, Unusable, show_table

if TYPE_CHECKING:
    from catalogue.federation.reconciling import Outcome


@click.group()
def log() -> None:
    """Look after the node's own log, and its key."""


@log.command()
def status() -> None:
    """Show the log's name, size, key and signature, and whether it is held."""
    from catalogue.federation.heads import log_state, newest_head
    from catalogue.federation.own_log import OwnLog
    from credentials.times import to_rfc3339

    with open_store() as (settings, database):
        with database.read() as connection:
            state = log_state(connection, settings.url)
            head = newest_head(connection)
        keys = OwnLog(settings, database).keys()
    rows = [
        ("Log", state.origin),
        ("Entries", str(state.size)),
        ("Signed", f"{head.size} at {to_rfc3339(head.signed_at)}" if head else "nothing yet"),
        ("Root", head.root.hex() if head else ""),
        ("Key", keys.key),
        ("Keys before", str(len(keys.rotations))),
        ("Held", state.held or "no"),
    ]
    show_table(("", ""), [row for row in rows if row[1]])


@log.command()
@click.option("--without-peers", is_flag=True, help="Don't wait for peers that don't answer.")
@click.option("--reason", default="", help="Why, for the node's own records; needed with --without-peers.")
def resume(without_peers: bool, reason: str) -> None:
    """Release the log, once it is known to be what was signed.

    Every peer is asked what it holds of this log, and what is missing here is taken back. The node does so by
    itself; --without-peers is for peers that will not answer any more. What such a peer holds beyond this
    store is lost then, and the peer will convict this node of it: better begin another log with `renew`.
    """
    if without_peers and not reason.strip():
        raise click.UsageError("--without-peers needs a --reason")
    import structlog

    from catalogue.federation.reconciling import open_reconciler
    from credentials.times import utc_now

    with open_store() as (settings, database), open_reconciler(settings, database, utc_now) as reconciler:
        outcome = reconciler.attempt(without_peers=without_peers)
    if outcome.released and without_peers:
        structlog.get_logger("catalogue.federation").warning(
            "the log was released by the operator", reason=reason, not_asked=list(outcome.waiting)
        )
    _tell(outcome)


def _tell(outcome: Outcome) -> None:
    if outcome.problem:
        raise Refused(f"the log stays on hold: {outcome.problem}; `catalogue log renew` begins another one")
    if not outcome.released:
        raise Refused(
            f"the log stays on hold: no answer from {', '.join(outcome.waiting)}; the node asks them again"
        )
    asked = f"asked: {', '.join(outcome.asked)}" if outcome.asked else "no peers to ask"
    click.echo(f"The log goes on; {asked}; {outcome.taken_back} entries taken back.")
    for digest in outcome.missing:
        click.echo(f"{digest}: its bytes are not to be had, or not accepted any more", err=True)


@log.command()
@click.option("--reason", required=True, help="Why, for the node's own records.")
@click.option("--yes", is_flag=True, help="Don't ask.")
def renew(reason: str, yes: bool) -> None:
    """Begin another log under another name, with all that the node still lists.

    For a log that can't go on: its history was altered, or entries that were signed are lost for good. Peers
    don't follow the new one by themselves: each operator must add it.
    """
    from catalogue.federation.renewing import renew as run
    from credentials.times import utc_now

    if not yes:
        click.confirm("Every node that follows this one must add it anew. Go on?", abort=True)
    with open_store() as (settings, database):
        import structlog

        done = run(settings, database, utc_now)
        structlog.get_logger("catalogue.federation").warning(
            "another log was begun", before=done.before, now=done.origin, reason=reason
        )
    click.echo(f"{done.origin}: {done.entries} entries; {done.left_out} of {done.before} are not in it")


@log.command("rotate-key")
def rotate_key() -> None:
    """Give the log, and the node, a new key.

    The old key signs for the new one, so that peers follow by themselves. For seven days the node's DID
    document names both. A running node takes the new key up at once.
    """
    from catalogue.federation.key_rotation import KeyMissing, RotationRefused, rotate
    from catalogue.store.database import LogHeld
    from credentials.times import utc_now

    with open_store() as (settings, database):
        try:
            done = rotate(settings, database, utc_now)
        except LogHeld as error:
            raise Refused(f"the log is held: {error.reason}") from error
        except (KeyMissing, RotationRefused) as error:
            raise Refused(str(error)) from error
        except OSError as error:
            raise Unusable(f"the data folder {settings.data} can't be written: {error.strerror}") from error
    click.echo(f"Old key: {done.old.text()}")
    click.echo(f"New key: {done.new.text()}")
    click.echo(f"The statement is entry {done.leaf} of the log, digest {done.digest}.")
