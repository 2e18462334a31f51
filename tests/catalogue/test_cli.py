"""The command `catalogue` as a whole: its table, its speed, its exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from catalogue.cli import COMMANDS, EXIT_BUG, SECTIONS, catalogue
from catalogue.cli.discovering import FILTERS, LIMITS
from catalogue.cli.output import printable, show_table
from search.query import FILTER_FIELDS

#: What `catalogue --help` must not import: each costs tenths of a second.
HEAVY = ("flask", "sqlalchemy", "pyld", "cryptography", "requests", "tantivy", "rich", "gunicorn")


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_line_in_the_table_is_the_commands_own_first_line(name: str) -> None:
    with click.Context(catalogue) as context:
        command = catalogue.get_command(context, name)
    assert command is not None
    assert (command.help or "").splitlines()[0] == COMMANDS[name][1]


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    done = python(
        "import sys; from catalogue.cli import main\n"
        "sys.argv = ['catalogue', '--help']\n"
        "try: main()\n"
        f"finally: print('HEAVY', [name for name in {HEAVY} if name in sys.modules])"
    )
    assert done.returncode == 0
    assert "HEAVY []" in done.stdout
    for title, commands in SECTIONS.items():
        assert title in done.stdout
        for name in commands:
            assert f"  {name} " in done.stdout


def test_search_has_an_option_for_every_filter() -> None:
    # A subject is asked for by whoever knows it, which a person doesn't.
    assert {*FILTERS, *LIMITS} == {*FILTER_FIELDS} - {"subject"}
    with click.Context(catalogue) as context:
        command = catalogue.get_command(context, "search")
    assert command is not None
    options = {option for parameter in command.params for option in parameter.opts}
    assert {f"--{name.replace('_', '-')}" for name in (*FILTERS, *LIMITS)} <= options


def test_search_rebuild_is_a_command_and_other_words_are_a_question() -> None:
    runner = CliRunner()
    assert "Make the search index anew." in runner.invoke(catalogue, ["search", "rebuild", "--help"]).output
    question = runner.invoke(catalogue, ["search", "http://127.0.0.1:1", "rebuild"])
    assert question.exit_code == 1
    assert "can't connect" in question.output


@pytest.mark.parametrize("arguments", [["nonsense"], ["search", "not-a-url"], ["verify"], ["sign", "--what"]])
def test_wrong_usage_exits_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(catalogue, arguments).exit_code == 2


def test_unknown_setting_exits_two_and_is_named() -> None:
    done = CliRunner().invoke(catalogue, ["issuers", "list"], env={"CATALOGUE_PROT": "1"})
    assert done.exit_code == 2
    assert "CATALOGUE_PROT" in done.output


def test_bug_is_a_short_line_with_details_in_a_private_file(tmp_path: Path) -> None:
    done = python(
        "import sys; from catalogue.cli import catalogue, main\n"
        "def broken(): raise RuntimeError('inside')\n"
        "catalogue.callback = broken\n"
        "sys.argv = ['catalogue', 'issuers', 'list']\n"
        "main()",
        TMPDIR=str(tmp_path),
    )
    assert done.returncode == EXIT_BUG
    assert done.stderr.count("\n") == 1
    (details,) = tmp_path.iterdir()
    assert str(details) in done.stderr
    assert "RuntimeError: inside" in details.read_text()
    assert details.stat().st_mode & 0o077 == 0


def test_text_of_others_cannot_command_the_terminal() -> None:
    hostile = "name\x1b[2J\x07\u202egnp.exe\r\n"
    shown = printable(hostile)
    assert shown == "name\ufffd[2J\ufffd\ufffdgnp.exe\ufffd\ufffd"
    assert printable("Überwachung – déjà vu") == "Überwachung – déjà vu"


def test_without_a_terminal_a_table_is_lines_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("Name", "Id"), [("did:key:z6Mk [bold]", "1"), ("two", "2")])
    assert capsys.readouterr().out == "did:key:z6Mk [bold]\t1\ntwo\t2\n"
