"""The shapes that a node holds self-descriptions against, directly on its store."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalogue.cli.operating import open_store
from catalogue.cli.output import Refused, Unusable, show_table

if TYPE_CHECKING:
    from credentials.shapes.model import Schema
    from credentials.shapes.reading import Syntax

_SYNTAXES: dict[str, Syntax] = {".ttl": "turtle", ".nt": "turtle", ".jsonld": "json-ld", ".json": "json-ld"}


@click.group()
def schemas() -> None:
    """Add, list and remove shapes to check against.

    A running node notices within a second or two. What is listed already keeps the mark that it has.
    """


@schemas.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--digest", required=True, help="sha256- and the hex or base64 form of the file's SHA-256.")
@click.option("--name", help="What to call it in reports; the file's name by default.")
def add(file: Path, digest: str, name: str | None) -> None:
    """Check against the SHACL shapes, or the class hierarchy, of a file.

    FILE is Turtle (.ttl) or JSON-LD (.jsonld). It is taken whole or, if it has something that this program
    doesn't check, not at all. The digest makes sure that it is the file that you mean.
    """
    from catalogue.schemas import TooManySchemas
    from catalogue.schemas import add as run
    from credentials.identity import digest_of
    from credentials.shapes.reading import SchemaInvalid
    from credentials.times import utc_now

    expected = hex_of(digest)
    data = read_file(file)
    if digest_of(data) != expected:
        raise Refused(f"{file} is another file: its digest is sha256-{digest_of(data)}")
    with open_store() as (_, database), database.write() as connection:
        try:
            _, schema = run(connection, data, name=name or file.name, syntax=syntax_of(file), now=utc_now())
        except (SchemaInvalid, TooManySchemas) as error:
            raise Refused(f"{file}: {error}") from error
    click.echo(f"{file}: {counted(schema)}")


@schemas.command("list")
def list_schemas() -> None:
    """List the schemas in force."""
    from catalogue.schemas import listed
    from credentials.times import to_rfc3339

    with open_store() as (_, database), database.read() as connection:
        lines = listed(connection)
    show_table(
        ("Digest", "Name", "Added"),
        [
            (f"sha256-{line.digest}", line.name, to_rfc3339(line.added_at.replace(microsecond=0)))
            for line in lines
        ],
    )


@schemas.command()
@click.argument("digest")
def remove(digest: str) -> None:
    """Check against a schema no longer. Reports made by it stay as they are."""
    from catalogue.errors import NotFound
    from catalogue.schemas import remove as run

    with open_store() as (_, database), database.write() as connection:
        try:
            run(connection, hex_of(digest))
        except NotFound as error:
            raise Refused(f"no schema in force has the digest {digest}") from error
    click.echo(f"{digest}: removed")


def read_file(file: Path) -> bytes:
    """A schema's bytes, one more than may be at most."""
    from credentials.shapes.reading import MAX_FILE_BYTES

    try:
        with file.open("rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}") from error


def syntax_of(file: Path) -> Syntax:
    """By the end of the name."""
    try:
        return _SYNTAXES[file.suffix.lower()]
    except KeyError:
        raise Unusable(f"{file}: the name must end in {', '.join(_SYNTAXES)}") from None


def counted(schema: Schema) -> str:
    """What is in a schema, in words."""
    classes = len({target for shape in schema.shapes for target in shape.targets})
    return f"{len(schema.shapes)} shapes for {classes} classes, {len(schema.above)} classes below others"


def hex_of(digest: str) -> str:
    """`sha256-` with hex, or with base64 as Subresource Integrity has it, to hex."""
    text = digest.removeprefix("sha256-")
    if re.fullmatch("[0-9a-fA-F]{64}", text):
        return text.lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise click.UsageError(f"{digest!r} is not sha256- with 64 hex digits or 44 of base64")
    return raw.hex()
