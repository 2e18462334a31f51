"""What the commands share: files as arguments, refusals with an exit code, lines for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from catalogue.cli import EXIT_REFUSED, EXIT_USAGE

if TYPE_CHECKING:
    from catalogue.settings import Settings

#: A file larger than this is read no further: no node takes it, and it might be endless.
MAX_READ = 64_000_000


class Refused(click.ClickException):
    """What was asked for is refused: exit code 1."""

    exit_code = EXIT_REFUSED


class Unusable(click.ClickException):
    """A file or a setting that can't be used: exit code 2."""

    exit_code = EXIT_USAGE


def settings_from_environment(**overrides: object) -> Settings:
    """The settings; Unusable names the variable that is wrong."""
    from catalogue.settings import Settings, SettingsInvalid

    try:
        return Settings.from_environment(os.environ, **overrides)
    except SettingsInvalid as error:
        raise Unusable(str(error)) from error


def read_bytes(name: str) -> bytes:
    """The content of the file `name`, of standard input for `-`. Unusable when it can't be read."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_READ + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(MAX_READ + 1)
    except OSError as error:
        raise Unusable(f"{name}: {error.strerror}") from error
    if len(data) > MAX_READ:
        raise Unusable(f"{name}: larger than {MAX_READ} bytes")
    return data


def write_output(data: bytes, out: str | None) -> None:
    """Write `data` to the file `out`, to standard output without one."""
    if out is None or out == "-":
        sys.stdout.buffer.write(data if data.endswith(b"\n") else data + b"\n")
        sys.stdout.buffer.flush()
        return
    try:
        Path(out).write_bytes(data)
    except OSError as error:
        raise Unusable(f"{out}: {error.strerror}") from error


def write_private(data: bytes, out: str) -> None:
    """Write a new file that only its owner can read. An existing file is never touched: Unusable."""
    try:
        number = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise Unusable(f"{out} exists; private keys are never overwritten") from error
    except OSError as error:
        raise Unusable(f"{out}: {error.strerror}") from error
    with os.fdopen(number, "wb") as file:
        os.fchmod(number, 0o600)
        file.write(data)


def printable(text: object) -> str:
    """What others wrote, safe to show: no escape sequences, no text that changes direction."""
    return "".join(character if character.isprintable() else "\ufffd" for character in str(text))


def show_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on a terminal; elsewhere a line per row with tabs between, for other programs."""
    cells = [[printable(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, emoji=False, markup=False).print(table)


@contextmanager
def counting(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, moved by `(done, all)`; without a terminal there is none."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(title, total=None)
        yield lambda done, all_of_them: bar.update(task, completed=done, total=all_of_them)


@contextmanager
def progress(title: str, names: Sequence[str]) -> Iterator[Iterator[str]]:
    """Walk through `names` under a progress bar."""
    with counting(title) as moved:

        def walk() -> Iterator[str]:
            for number, name in enumerate(names):
                moved(number, len(names))
                yield name
            moved(len(names), len(names))

        yield walk()


def end(code: int) -> NoReturn:
    """End the command with an exit code."""
    raise click.exceptions.Exit(code)
