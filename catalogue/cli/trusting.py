"""`catalogue trust`: whom a node believes about what. Changes the file alone; running nodes take it up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalogue.cli.output import Refused, Unusable, settings_from_environment, show_table

if TYPE_CHECKING:
    from vocab.trust import TrustEntry, TrustList

_DAY_CHARACTERS = len("2026-01-31")


class Moment(click.ParamType[datetime]):
    """A day (its beginning in UTC) or a time with an offset."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware datetime."""
        text = f"{value}T00:00:00Z" if len(str(value)) == _DAY_CHARACTERS else str(value)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"{value!r} is neither a day such as 2026-01-31 nor a time with an offset", param, ctx)
        return moment


_FILE = click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The list; else CATALOGUE_TRUST_LIST.",
)


@click.group()
def trust() -> None:
    """Show and change whom the node believes about what."""


@trust.command("list")
@_FILE
@click.option("--json", "as_json", is_flag=True, help="As it stands in the file.")
def list_entries(file: Path | None, as_json: bool) -> None:
    """List who may attest what, and when."""
    found = _read(_path(file))
    if as_json:
        click.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return
    show_table(
        ("Issuer", "Attests", "From", "Until", "Only", "Name"),
        [
            (
                entry.did,
                " ".join(entry.attests),
                entry.to_dict()["valid_from"],
                entry.to_dict()["valid_until"] or "",
                " ".join((*entry.schemes, *entry.programmes)),
                entry.name,
            )
            for entry in found.entries
        ],
    )


@trust.command()
@click.argument("did")
@_FILE
@click.option("--attests", multiple=True, required=True, metavar="WHAT", help="About what; repeatable.")
@click.option("--from", "since", type=Moment(), help="From when its statements count; default now.")
@click.option("--until", type=Moment(), help="Until when; default without end.")
@click.option("--name", default="", help="What it is called, for those who read the list.")
@click.option("--scheme", "schemes", multiple=True, metavar="ID", help="Only this scheme; repeatable.")
@click.option("--programme", "programmes", multiple=True, metavar="ID", help="Only this one; repeatable.")
def add(
    did: str,
    file: Path | None,
    attests: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    name: str,
    schemes: tuple[str, ...],
    programmes: tuple[str, ...],
) -> None:
    """Believe an issuer about something.

    WHAT is `registration-number`, `gaia-x-label`, `certification` or `programme-participation`. The file is
    made where there is none. Exit code 1 when the list says exactly this already.
    """
    from credentials.times import utc_now
    from vocab.trust import TrustEntry

    path = _path(file)
    moment = (since or utc_now()).replace(microsecond=0)
    entry = TrustEntry(did, attests, moment, until, name, schemes, programmes)
    with _changing(path) as change:
        before = change.entries
        if any(_same(other, entry) for other in before):
            raise Refused(f"{did} is in {path} already, for this and from then on")
        change.entries = (*before, entry)
    click.echo(f"{did}: may attest {' and '.join(attests)}")


@trust.command()
@click.argument("did")
@_FILE
@click.option("--attests", multiple=True, metavar="WHAT", help="Only this; repeatable. Default everything.")
@click.option("--until", type=Moment(), help="Keep what it attested before this time.")
def remove(did: str, file: Path | None, attests: tuple[str, ...], until: datetime | None) -> None:
    """Believe an issuer no longer.

    What it attested counts no more, at any time; with `--until`, what it attested before stays. Exit code 1
    when there is nothing to remove.
    """
    path = _path(file)
    with _changing(path) as change:
        before = change.entries
        change.entries = tuple(
            left
            for entry in before
            for left in (_without(entry, attests, until) if entry.did == did else (entry,))
        )
        if change.entries == before:
            raise Refused(f"{path} trusts {did} for nothing of this")
    what = f" about {' and '.join(attests)}" if attests else ""
    click.echo(f"{did}: no longer trusted{what}{f' from {until.isoformat()} on' if until else ''}")


def _same(one: TrustEntry, other: TrustEntry) -> bool:
    """Whether two entries say the same, names and the second of their making aside."""
    return (one.did, set(one.attests), one.valid_until, one.schemes, one.programmes) == (
        other.did,
        set(other.attests),
        other.valid_until,
        other.schemes,
        other.programmes,
    ) and one.valid_from <= other.valid_from


def _without(entry: TrustEntry, attests: tuple[str, ...], until: datetime | None) -> Iterator[TrustEntry]:
    """What is left of an entry when it ends for `attests` (all if empty), altogether or at `until`."""
    gone = tuple(what for what in entry.attests if not attests or what in attests)
    kept = tuple(what for what in entry.attests if what not in gone)
    if not gone:
        yield entry
        return
    if kept:
        yield _limited(entry, kept)
    if until is not None and entry.valid_from < until:
        ends = until if entry.valid_until is None else min(until, entry.valid_until)
        yield replace(_limited(entry, gone), valid_until=ends)


def _limited(entry: TrustEntry, attests: tuple[str, ...]) -> TrustEntry:
    """The entry for fewer things, with the limits that still limit something."""
    return replace(
        entry,
        attests=attests,
        schemes=entry.schemes if "certification" in attests else (),
        programmes=entry.programmes if "programme-participation" in attests else (),
    )


class _Change:
    """The entries to write."""

    def __init__(self, entries: tuple[TrustEntry, ...]) -> None:
        self.entries = entries


@contextmanager
def _changing(path: Path) -> Iterator[_Change]:
    """Change the list's entries: checked as a whole, written at once, one change at a time."""
    from catalogue.trusting import exclusive_change, replace_file
    from vocab.trust import TrustList, TrustListInvalid

    try:
        with exclusive_change(path):
            before = _read(path) if path.exists() else TrustList()
            change = _Change(before.entries)
            yield change
            after = TrustList(change.entries, before.about).to_dict()
            TrustList.load(after)
            replace_file(path, json.dumps(after, ensure_ascii=False, indent=2) + "\n")
    except TrustListInvalid as error:
        raise Unusable(f"the list would not be valid: {error}") from error
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error


def _read(path: Path) -> TrustList:
    from vocab.trust import TrustList, TrustListInvalid

    try:
        return TrustList.load(path)
    except TrustListInvalid as error:
        raise Unusable(f"{path}: {error}" if str(path) not in str(error) else str(error)) from error


def _path(file: Path | None) -> Path:
    if file is not None:
        return file
    named = settings_from_environment().trust_list
    if not named:
        raise Unusable("there is no trust list: name one by --file or CATALOGUE_TRUST_LIST")
    return Path(named)
