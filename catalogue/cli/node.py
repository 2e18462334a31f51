"""Running a node: `serve`, `indexer`, `federation`, `upgrade`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from catalogue.cli.output import Unusable, end, settings_from_environment


@click.command()
@click.option("--host", help="Address to listen on (CATALOGUE_HOST, 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (CATALOGUE_PORT, 8080).")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder (CATALOGUE_DATA, data)."
)
@click.option("--samples", is_flag=True, help="Fill an empty node with invented samples (CATALOGUE_SAMPLES).")
def serve(host: str | None, port: int | None, data: Path | None, samples: bool) -> None:
    """Run a node.

    One supervisor over a web server and an indexer, until SIGTERM or Ctrl-C. Exit code 2 when it can't start
    here (port or folder in use, a setting that is wrong).
    """
    from catalogue.serving import CannotServe
    from catalogue.serving import serve as run

    given: dict[str, Any] = {"host": host, "port": port, "data": data, "samples": samples or None}
    if sys.stderr.isatty() and "CATALOGUE_LOG_LEVEL" not in os.environ:
        # A person watches: trouble only, not a line per request.
        given["log_level"] = "warning"
    settings = settings_from_environment(
        **{name: value for name, value in given.items() if value is not None}
    )
    try:
        end(run(settings))
    except CannotServe as error:
        raise Unusable(str(error)) from error


@click.command()
def indexer() -> None:
    """Run a node's indexer alone.

    For nodes whose web server is run by other means. Only one indexer works on a data folder at a time; a
    second one waits for its place.
    """
    from catalogue.diagnostics import configure_logging
    from catalogue.serving import run_indexer

    settings = settings_from_environment()
    configure_logging(settings.log_level)
    end(run_indexer(settings))


@click.command()
def federation() -> None:
    """Sign a node's log, and follow its peers, alone.

    For nodes whose web server is run by other means. Of several on one store, one works; the others wait for
    its place.
    """
    from catalogue.diagnostics import configure_logging
    from catalogue.serving import run_federation

    settings = settings_from_environment()
    configure_logging(settings.log_level)
    end(run_federation(settings))


@click.command()
def upgrade() -> None:
    """Bring the store to this version's form.

    Safe to repeat. Make a backup first: there is no way back. A node refuses to start on an older form, so
    that the time is the operator's choice.
    """
    from catalogue.store.database import Database
    from catalogue.store.schema import upgrade as run

    database = Database(settings_from_environment().store_url)
    try:
        before, after = run(database)
    finally:
        database.close()
    click.echo(
        f"The store is at revision {after}" + (" already." if before == after else f", was at {before}.")
    )
