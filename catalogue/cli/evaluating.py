"""Requirements: which services meet them, what stands in the way, and services side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from catalogue.cli.discovering import ask, filters
from catalogue.cli.output import Refused, Unusable, printable, read_bytes, show_table
from catalogue.cli.publishing import client_for
from catalogue.client import NodeProblem, NodeUnreachable

#: How outcomes stand in tables.
_WORDS = {"met": "met", "not_met": "not met", "unknown": "unknown"}
_language = click.option(
    "--language", default="en", show_default=True, help="Of names and texts, e.g. fr or de,en."
)
_as_json = click.option("--json", "as_json", is_flag=True, help="The node's answer as it is.")
_on = click.option("--on", metavar="DAY", help="For this day instead of today, as 2026-01-31.")


@filters("profile", "level")
@click.command()
@click.argument("url")
@click.argument("profile")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("--offering", multiple=True, metavar="ID", help="This service, by its record; repeatable.")
@click.option("--version", help="Of the profile; without it the one in force.")
@click.option("--level", help="The level that is wanted: what stands in its way is told.")
@_on
@click.option("--size", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--cursor", help="Go on where an earlier answer ended.")
@_language
@_as_json
def evaluate(
    url: str,
    profile: str,
    words: tuple[str, ...],
    offering: tuple[str, ...],
    version: str | None,
    level: str | None,
    on: str | None,
    size: int,
    cursor: str | None,
    language: str,
    as_json: bool,
    **asked: Any,
) -> None:
    """Hold services against requirements.

    PROFILE is one of `catalogue profiles URL`, or a JSON file with your own. The services are those named by
    --offering, or a page of what words and filters find: `catalogue evaluate https://node.example gaia-x
    backup --hosted-in FR`. For a single service each criterion is shown. Exit code 1 when the node can't
    answer.
    """
    form: dict[str, Any] = {"profile": _profile(profile)}
    form |= {name: value for name, value in (("version", version), ("level", level), ("on", on)) if value}
    if offering:
        form["offerings"] = list(offering)
    else:
        query: dict[str, Any] = {name: _plain(value) for name, value in asked.items() if value}
        query |= {"size": size} | ({"q": " ".join(words)} if words else {})
        form["query"] = query | ({"cursor": cursor} if cursor else {})
    with client_for(url) as client:
        try:
            answer = client.evaluate(form, language=language)
        except NodeProblem as problem:
            raise Refused(f"the node answers: {printable(problem)}") from problem
        except NodeUnreachable as error:
            raise Refused(str(error)) from error
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    _show(answer)


def _plain(value: Any) -> Any:
    """Options given more than once are tuples; JSON has lists."""
    return list(value) if isinstance(value, tuple) else value


def _profile(named: str) -> Any:
    """A shipped profile's id, or the content of a file. Unusable for a file that isn't one."""
    if not (named.endswith(".json") or Path(named).is_file()):
        return named
    try:
        document = json.loads(read_bytes(named))
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{named}: is not JSON") from error
    if not isinstance(document, dict):
        raise Unusable(f"{named}: is not a JSON object")
    return document


def _show(answer: dict[str, Any]) -> None:
    profile, items = answer["profile"], answer["items"]
    names = {level["id"]: level["name"] for level in profile["levels"]}
    if len(items) == 1:
        _show_criteria(profile, items[0])
    show_table(
        ("Name", "Provider", "Reaches", "Next", "In the way", "Id"),
        [
            (
                item["name"],
                item["provider"]["name"] or item["provider"]["did"],
                names.get(item["level"], "-"),
                names.get(item["blocked_level"], "-"),
                " ".join(one["criterion"] for one in item["blocking"]),
                item["id"],
            )
            for item in items
        ],
    )
    for missing in answer["missing"]:
        click.echo(f"{missing['id']}: {missing['reason']}", err=True)
    total = answer.get("total", len(items))
    more = f"; for the next: --cursor {answer['next']}" if answer.get("next") else ""
    click.echo(
        f"{len(items)} of {total}, {profile['id']} {profile['version']} on {answer['on']}{more}", err=True
    )


def _show_criteria(profile: dict[str, Any], item: dict[str, Any]) -> None:
    texts = {criterion["id"]: criterion["text"] for criterion in profile["criteria"]}
    show_table(
        ("Criterion", "Outcome", "Basis", "What is required", "What would satisfy it"),
        [
            (one["id"], _WORDS[one["outcome"]], one["basis"] or "-", texts[one["id"]], one["needed"] or "")
            for one in item["criteria"]
        ],
    )
    for one in item["disagreements"]:
        click.echo(printable(one))


@click.command()
@click.argument("url")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--profile", "asked", multiple=True, metavar="PROFILE", help="Compare over this; repeatable.")
@_on
@_language
@_as_json
def compare(
    url: str, ids: tuple[str, ...], asked: tuple[str, ...], on: str | None, language: str, as_json: bool
) -> None:
    """Put services side by side.

    What is known of each, and each criterion of the profiles asked for (`gaia-x`, or `gaia-x:CD25.10` for a
    version): `catalogue compare https://node.example ID ID --profile gaia-x`. Exit code 1 when the node
    can't answer.
    """
    parameters = [("id", one) for one in ids] + [("profile", one) for one in asked]
    answer = ask(url, "/offerings/compare", parameters + ([("on", on)] if on else []), language)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    offerings = answer["offerings"]
    titles = ("", *(offering["name"] for offering in offerings))
    show_table(titles, [(title, *map(told, offerings)) for title, told in _ROWS.items()])
    for compared in answer["profiles"]:
        profile = compared["profile"]
        click.echo(f"\n{printable(profile['name'])} ({profile['id']} {profile['version']})")
        rows = [("reaches", *(reached or "-" for reached in compared["reached"]))]
        rows += [
            (row["id"], *(_WORDS[cell["outcome"]] + _on_basis(cell) for cell in row["cells"]))
            for row in compared["criteria"]
        ]
        show_table(titles, rows)


def _on_basis(cell: dict[str, Any]) -> str:
    return f" ({cell['basis']})" if cell["basis"] else ""


_ROWS: dict[str, Any] = {
    "provider": lambda one: one["provider"]["name"] or one["provider"]["did"],
    "labels": lambda one: " ".join(held["label"] for held in one["labels"] if held["bases"] != ["declared"]),
    "certifications": lambda one: " ".join(one["certifications"]),
    "exposed to": lambda one: (
        " ".join(reach["country"] for reach in one["exposure"]["reaches"])
        + ("" if one["exposure"]["complete"] else " and perhaps others")
    ),
    "immune to law from outside the EU": lambda one: one["exposure"]["immunity"],
    "hosted in": lambda one: " ".join(one["hosted_in"]),
    "operated from": lambda one: " ".join(one["operated_from"]),
    "technology from": lambda one: " ".join(one["technology_from"]),
    "PUE": lambda one: one["pue"] if one["pue"] is not None else "-",
    "renewable energy": lambda one: (
        f"{one['renewable_percent']:g} %" if one["renewable_percent"] is not None else "-"
    ),
    "record": lambda one: one["id"],
}


@click.command()
@click.argument("url")
@click.argument("profile", required=False)
@click.option("--version", help="Of the profile; without it the one in force.")
@_on
@_language
@_as_json
def profiles(
    url: str, profile: str | None, version: str | None, on: str | None, language: str, as_json: bool
) -> None:
    """List requirement profiles, or show one.

    With its levels and what each asks for. Exit code 1 when the node can't answer.
    """
    parameters = [(name, value) for name, value in (("version", version), ("on", on)) if value]
    answer = ask(url, f"/profiles/{profile}" if profile else "/profiles", parameters, language)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    elif profile:
        _show_profile(answer)
    else:
        show_table(
            ("Profile", "Version", "Name", "In force", "Levels"),
            [
                (
                    one["id"],
                    one["version"],
                    one["name"],
                    f"{one['valid_from']} to {one['valid_until'] or 'further notice'}",
                    " ".join(level["id"] for level in one["levels"]),
                )
                for one in answer["items"]
            ],
        )


def _show_profile(profile: dict[str, Any]) -> None:
    asked: dict[str, list[str]] = {}
    for level in profile["levels"]:
        for requirement in level["requires"]:
            weakest = f" ({requirement['basis']})" if requirement["basis"] else ""
            asked.setdefault(requirement["criterion"], []).append(level["id"] + weakest)
    click.echo(f"{printable(profile['name'])}, {profile['id']} {profile['version']}", err=True)
    show_table(
        ("Criterion", "Asked for by", "What is required"),
        [(one["id"], " ".join(asked.get(one["id"], ["-"])), one["text"]) for one in profile["criteria"]],
    )
