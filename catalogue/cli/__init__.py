"""The command `catalogue`. Subcommands are imported when they are called, so that the rest starts fast."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

EXIT_REFUSED = 1
EXIT_USAGE = 2
#: EX_SOFTWARE of sysexits.h: the program is at fault, not its input.
EXIT_BUG = 70

#: Every command: where its code is and its line in `catalogue --help`, by who needs it. A test checks that
#: the lines say what the commands' own help says.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "For providers": {
        "keygen": ("keys:keygen", "Make a private key in a file of its own."),
        "did-document": ("keys:did_document", "Write the did:web document for your keys."),
        "sign": ("signing:sign", "Sign a self-description or a presentation."),
        "verify": ("verifying:verify", "Verify self-descriptions here, without a node."),
        "publish": ("publishing:publish", "Publish signed self-descriptions on a node."),
        "withdraw": ("publishing:withdraw", "Withdraw a self-description from a node."),
        "why": ("discovering:why", "Say what a node lists of an issuer, and why not."),
    },
    "For buyers": {
        "search": ("discovering:search", "Search a node's services."),
        "evaluate": ("evaluating:evaluate", "Hold services against requirements."),
        "compare": ("evaluating:compare", "Put services side by side."),
        "profiles": ("evaluating:profiles", "List requirement profiles, or show one."),
        "history": ("discovering:history", "Tell what became of a service on a node."),
    },
    "For operators": {
        "serve": ("node:serve", "Run a node."),
        "indexer": ("node:indexer", "Run a node's indexer alone."),
        "federation": ("node:federation", "Sign a node's log, and follow its peers, alone."),
        "upgrade": ("node:upgrade", "Bring the store to this version's form."),
        "rebuild": ("operating:rebuild", "Derive everything again from log and blobs."),
        "search rebuild": ("operating:search_rebuild", "Make the search index anew."),
        "erase": ("operating:erase", "Erase the bytes of a self-description."),
        "trust": ("trusting:trust", "Show and change whom the node believes about what."),
        "audit": ("auditing:audit", "Audit a node's log, or judge evidence against one."),
        "issuers": ("operating:issuers", "Block, allow and list issuers."),
        "peers": ("peers:peers", "Follow other nodes, and see how they stand."),
        "log": ("own_log:log", "Look after the node's own log, and its key."),
        "schemas": ("schemas:schemas", "Add, list and remove shapes to check against."),
        "backup": ("operating:backup", "Copy the node's data while it runs."),
        "restore": ("operating:restore", "Put a backup in place of an empty data folder."),
    },
}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class LazyGroup(click.Group):
    """Finds commands by the table above; a name may be of two words (`search rebuild`)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"catalogue.cli.{module}"), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Two words first: `search` takes a URL next, so nothing else can be meant."""
        two = " ".join(args[:2])
        if two in COMMANDS and len(args) > 1:
            return two, self.get_command(ctx, two), args[2:]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing anything."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in commands.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="federation-catalogue", prog_name="catalogue")
def catalogue() -> None:
    """A node of a federation of European cloud catalogues, and the tools around it.

    Settings come from CATALOGUE_* variables. Exit codes: 0 done, 1 refused, 2 wrong usage or a file that
    can't be read, 70 a fault of this program.
    """


def main() -> None:
    """The console script."""
    # A reader of our output that goes away (`| head`) ends us quietly, as it does other filters.
    try:
        code = catalogue.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        code = ending.exit_code
    except click.Abort:
        click.echo("Interrupted.", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except Exception as error:  # noqa: BLE001 - the boundary of this process
        code = _bug(error)
    sys.exit(code if isinstance(code, int) else 0)


def _bug(error: Exception) -> int:
    """A short line for the person, the details in a file that only they can read."""
    number, name = tempfile.mkstemp(prefix="catalogue-", suffix=".log", text=True)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    click.echo(f"Error: {type(error).__name__} inside the program; details in {Path(name)}", err=True)
    return EXIT_BUG
