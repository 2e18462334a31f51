"""An operator's actions, directly on the node's store: no token and no running node needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalogue.cli.output import Refused, Unusable, counting, settings_from_environment, show_table

if TYPE_CHECKING:
    from catalogue.operations import Operations
    from catalogue.settings import Settings
    from catalogue.store.database import Database


@contextmanager
def open_store() -> Iterator[tuple[Settings, Database]]:
    """The node's store, of this version's form."""
    settings = settings_from_environment()
    from sqlalchemy.exc import OperationalError

    from catalogue.store.database import Database
    from catalogue.store.schema import SchemaOutdated, require_current

    database = Database(settings.store_url)
    try:
        require_current(database)
        yield settings, database
    except SchemaOutdated as error:
        if error.found is None:
            raise Unusable(
                "there is no store yet; CATALOGUE_DATA or CATALOGUE_DATABASE_URL names it"
            ) from error
        raise Unusable(f"{error}; run `catalogue upgrade`") from error
    except OperationalError as error:
        raise Unusable(f"the store can't be used: {error.orig}") from error
    finally:
        database.close()


@contextmanager
def _operations() -> Iterator[Operations]:
    from catalogue.errors import Gone, NotFound
    from catalogue.operations import Operations
    from catalogue.store.database import LogHeld
    from credentials.times import utc_now

    with open_store() as (_, database):
        try:
            yield Operations(database, utc_now)
        except (NotFound, Gone) as error:
            raise Refused(str(error)) from error
        except LogHeld as error:
            raise Refused(f"the log is held: {error.reason}") from error


@click.command()
@click.argument("digest")
@click.option("--reason", required=True, help="Why; kept as a local event, not published.")
def erase(digest: str, reason: str) -> None:
    """Erase the bytes of a self-description.

    The bytes, the report and all that was derived from them go; the digest and a log entry stay, so that the
    same bytes are not taken again. Final.
    """
    with _operations() as operations:
        done = operations.erase(digest, reason)
    click.echo(f"{done.digest}: erased; {len(done.records)} records changed")


@click.group()
def issuers() -> None:
    """Block, allow and list issuers."""


@issuers.command("list")
def list_issuers() -> None:
    """List what was said of issuers."""
    from credentials.times import to_rfc3339

    with _operations() as operations:
        rules = operations.issuers()
    show_table(
        ("Issuer", "Rule", "Since", "Reason"),
        [(rule.did, rule.rule, to_rfc3339(rule.at.replace(microsecond=0)), rule.reason) for rule in rules],
    )


@issuers.command()
@click.argument("did")
@click.option("--reason", required=True, help="Why; the issuer can read it.")
def block(did: str, reason: str) -> None:
    """Take nothing more from an issuer and hide what it has listed."""
    with _operations() as operations:
        operations.block(did, reason)
    click.echo(f"{did}: blocked")


@issuers.command()
@click.argument("did")
def unblock(did: str) -> None:
    """Take a block back; what the issuer had listed shows again."""
    _forget(did, "block")
    click.echo(f"{did}: no longer blocked")


@issuers.command()
@click.argument("did")
@click.option("--reason", default="", help="A note for yourself.")
def allow(did: str, reason: str) -> None:
    """Let an issuer publish where CATALOGUE_ADMISSION is `allowlist`."""
    with _operations() as operations:
        operations.allow(did, reason)
    click.echo(f"{did}: allowed")


@issuers.command()
@click.argument("did")
def disallow(did: str) -> None:
    """Take a permission back; what is listed stays listed."""
    _forget(did, "allow")
    click.echo(f"{did}: no longer on the allow list")


def _forget(did: str, rule: str) -> None:
    """Take back a rule of this kind and no other: unblocking must not undo an allowance."""
    with _operations() as operations:
        if operations.rule(did).rule != rule:
            raise Refused(f"{did} is not {'blocked' if rule == 'block' else 'on the allow list'}")
        operations.forget(did)


@click.command()
def rebuild() -> None:
    """Derive everything again from log and blobs.

    Every verdict is replayed with the DID documents that it rested on, without the network; log, blobs and
    events stay as they are. Killed half-way, nothing has changed. Publications wait until it is done.
    """
    _rebuild()


def _rebuild() -> None:
    from catalogue.replay import rebuild as run
    from credentials.policies import UnknownPolicy
    from credentials.times import utc_now

    with open_store() as (settings, database), counting("Rebuilding") as progress:
        try:
            done = run(
                database,
                utc_now,
                max_bytes=settings.max_bytes,
                policies=settings.own_policies,
                progress=progress,
            )
        except UnknownPolicy as error:
            raise Unusable(
                f"{error}; something was accepted under it: put it back into the file of CATALOGUE_POLICIES"
            ) from error
    click.echo(f"{done.entries} log entries replayed, {done.erased} of erased bytes passed over")
    for digest in done.refused:
        click.echo(
            f"{digest}: no longer accepted by this version's verification, not listed any more", err=True
        )
    if done.refused:
        raise Refused(f"{len(done.refused)} self-descriptions are no longer accepted")


@click.command("rebuild")
def search_rebuild() -> None:
    """Make the search index anew.

    Always safe: the index is only a projection, and the old one answers until the new one is complete. A
    running node's indexer does the work, else it is done here.
    """
    from catalogue.reindexing import rebuild_index
    from search.engine import EngineUnreachable

    with open_store() as (settings, _), counting("Indexing") as progress:
        try:
            entries = rebuild_index(settings, progress=progress)
        except EngineUnreachable as error:
            raise Unusable(f"{error}; the request stands, the next indexer makes the index anew") from error
    click.echo(f"The index holds {entries} log entries.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the node's data while it runs.

    One archive with the log, the bytes, the events, the operator's rules and the node's private key (mode
    0600: keep it safe). FILE must not exist; for a folder, a name with the time is chosen in it.
    """
    from catalogue.backup import backup as run
    from credentials.times import utc_now

    if file.is_dir():
        file = file / f"catalogue-{utc_now():%Y%m%dT%H%M%SZ}.jsonl.gz"
    with open_store() as (settings, _):
        try:
            summary = run(settings, file, utc_now)
        except FileExistsError as error:
            raise Unusable(f"{file} exists; a backup is never overwritten") from error
        except OSError as error:
            raise Unusable(f"{file}: {error.strerror}") from error
    click.echo(f"{file}: {summary.entries} entries, {summary.rows} rows")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put a backup in place of an empty data folder.

    Works from either database to either; what can be derived is derived anew. The node must not run.
    """
    from catalogue.backup import BackupUnusable, StoreNotEmpty
    from catalogue.backup import restore as run
    from catalogue.folder_lock import FolderInUse, FolderLock

    settings = settings_from_environment()
    lock = FolderLock(settings.data)
    try:
        lock.acquire()
    except FolderInUse as error:
        raise Unusable(f"{error}; stop it first") from error
    try:
        summary = run(settings, file)
        click.echo(f"{summary.entries} entries restored")
        _rebuild()
        if summary.held:
            click.echo(
                "The log is held until the node has asked its peers what was signed since the backup: it "
                "takes nothing until then. `catalogue log status` tells."
            )
        else:
            click.echo(
                "The log goes on from here: there are no peers to ask what was signed since the backup."
            )
    except BackupUnusable as error:
        raise Unusable(str(error)) from error
    except StoreNotEmpty as error:
        raise Unusable("the store holds a log already; restore into an empty one") from error
    finally:
        lock.release()
