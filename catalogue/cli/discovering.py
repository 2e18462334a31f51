"""Reading a node: `search` and `history` for buyers, `why` for providers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

import click

from catalogue.cli.output import Refused, printable, show_table
from catalogue.cli.publishing import client_for
from catalogue.client import NodeProblem, NodeUnreachable

#: The offerings' filters that may be repeated, as the API names them, and what each lets through.
FILTERS: Mapping[str, str] = {
    "jurisdiction": "Only this jurisdiction",
    "capability": "Only this capability",
    "label": "Only this label or a level above",
    "basis": "The label only on this basis",
    "certification": "Only this certification",
    "programme": "Only this programme",
    "participant_kind": "Only this participant kind",
    "provider": "Only this provider",
    "consortium": "Only this consortium",
    "identity": "Only this identity",
    "state": "Only this state",
    "profile": "Only who reaches a level of this profile",
    "level": "Only this level or one above, e.g. gaia-x:L2",
    "eligible_for": "Only who meets PROFILE:VERSION:LEVEL",
    "exposed_to": "Only who is, or may be, exposed to this country's law",
    "not_exposed_to": "Only who isn't exposed to this country's law",
    "immune": "Immune to extra-European law: yes, no, unknown",
    "hosted_in": "Only with data in this place",
    "operated_from": "Only if operated from this place",
    "technology_from": "Only with technology from this place",
    "listed_by": "Only what this node lists",
    "home": "Submitted to the node asked: yes, no",
}
#: Those that are given once.
LIMITS: Mapping[str, str] = {
    "unknown": "`include`: an exposure that isn't known counts as none.",
    "pue_max": "Power usage effectiveness at most.",
    "renewable_min": "Percentage of renewable energy at least.",
    "valid_on": "Valid on this day, e.g. 2026-12-31.",
}


def filters(*without: str) -> Callable[[click.Command], click.Command]:
    """Give a command an option for each filter but those; one that isn't used is empty or None."""

    def add(command: click.Command) -> click.Command:
        options = [
            *((name, f"{text}; repeated: any of them.", True) for name, text in FILTERS.items()),
            *((name, text, False) for name, text in LIMITS.items()),
        ]
        command.params += [
            click.Option([f"--{name.replace('_', '-')}"], multiple=multiple, metavar="VALUE", help=text)
            for name, text, multiple in options
            if name not in without
        ]
        return command

    return add


@filters()
@click.command()
@click.argument("url")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("--sort", type=click.Choice(("relevance", "name", "listed_at")))
@click.option("--size", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--cursor", help="Go on where an earlier answer ended.")
@click.option("--language", default="en", show_default=True, help="Of names and labels, e.g. fr or de,en.")
@click.option("--why", is_flag=True, help="Say on which grounds each passes the filters.")
@click.option("--live", is_flag=True, help="Have the node ask those that it follows for what is new there.")
@click.option("--json", "as_json", is_flag=True, help="The node's answer as it is.")
def search(
    url: str,
    words: tuple[str, ...],
    sort: str | None,
    size: int,
    cursor: str | None,
    language: str,
    why: bool,
    live: bool,
    as_json: bool,
    **filters: Any,
) -> None:
    """Search a node's services.

    By words and filters: `catalogue search https://node.example backup --jurisdiction FR --jurisdiction DE`.
    Without words, everything that the filters let through. Exit code 1 when the node can't answer.
    """
    parameters = [("size", str(size))]
    if words:
        parameters.append(("q", " ".join(words)))
    parameters += [(name, value) for name, value in (("sort", sort), ("cursor", cursor)) if value]
    parameters += [(name, value) for name in FILTERS for value in filters[name]]
    parameters += [(name, filters[name]) for name in LIMITS if filters[name]]
    if why:
        parameters.append(("why", "true"))
    if live:
        parameters.append(("scope", "live"))
    answer = ask(url, "/offerings", parameters, language)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    _show(answer)
    for item in answer["items"] if why else ():
        _show_grounds(item)
    for peer in answer["live"]["peers"] if live else ():
        _tell_of(peer)


@click.command()
@click.argument("url")
@click.argument("id")
@click.option("--order", type=click.Choice(("newest", "oldest")), default="newest", show_default=True)
@click.option("--size", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--cursor", help="Go on where an earlier answer ended.")
@click.option("--json", "as_json", is_flag=True, help="The node's answer as it is.")
def history(url: str, id: str, order: str, size: int, cursor: str | None, as_json: bool) -> None:
    """Tell what became of a service on a node.

    ID is that of its record, as `catalogue search` shows it. Versions that were listed and events, each with
    its time and reason.
    """
    parameters = [("order", order), ("size", str(size)), *([("cursor", cursor)] if cursor else [])]
    answer = ask(url, f"/offerings/{quote(id, safe='')}/history", parameters)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    show_table(
        ("At", "What", "Value", "Since", "Why"),
        [
            (item["at"], item["kind"], item["value"] or "", item["since"] or "", item["reason"])
            for item in answer["items"]
        ],
    )
    _count(answer)


def ask(
    url: str, path: str, parameters: Iterable[tuple[str, str]] = (), language: str = "en"
) -> dict[str, Any]:
    """GET from the node; Refused says why there is no answer."""
    with client_for(url) as client:
        try:
            return client.get(path, parameters, language=language)
        except NodeProblem as problem:
            raise Refused(f"the node answers: {printable(problem)}") from problem
        except NodeUnreachable as error:
            raise Refused(str(error)) from error


def _show(answer: dict[str, Any]) -> None:
    items = answer["items"] + answer.get("live", {}).get("items", [])
    show_table(
        ("Name", "Provider", "Identity", "Place", "Labels", "Id", "Listed by"),
        [
            (
                item["name"],
                item["provider"]["name"] or item["provider"]["did"],
                item["provider"]["identity"],
                " ".join(_values(item["jurisdiction"])),
                " ".join(_values(item["labels"])),
                item["id"],
                " ".join(_listers(item)),
            )
            for item in items
        ],
    )
    _count(answer)


def _count(answer: dict[str, Any]) -> None:
    more = f"; for the next: --cursor {answer['next']}" if answer["next"] else ""
    click.echo(f"{len(answer['items'])} of {answer['total']}{more}", err=True)


def _show_grounds(item: dict[str, Any]) -> None:
    click.echo(f"{printable(item['name'])}:")
    for ground in item["why"]:
        told = f", {printable(ground['detail'])}" if ground["detail"] else ""
        click.echo(f"  {ground['field']}={printable(ground['value'])}: {ground['basis']}{told}")
        for one in ground["credentials"]:
            click.echo(f"    by {printable(one['issuer'])} in {one['digest'] or one['content_id']}")


def _listers(item: dict[str, Any]) -> list[str]:
    """The names of nodes, those marked of which nothing was heard for a while or nothing is copied yet."""
    mark = "" if item.get("copied", True) else " (not copied)"
    return [one["name"] + (" (stale)" if one["stale"] else mark) for one in item["listed_by"]]


def _tell_of(peer: dict[str, Any]) -> None:
    """What came of asking a node, for those who wonder what is missing."""
    told = peer["detail"] or f"{peer['items']} not copied yet, {peer['known']} held already"
    click.echo(f"{printable(peer['name'])}: {peer['outcome']}, {printable(told)}", err=True)
    for one in peer["refused"]:
        click.echo(f"  {one['count']} not shown: {printable(one['reason'])}", err=True)


def _values(entries: Any) -> list[str]:
    """Plain codes, or the values of `{value, label}` objects."""
    return [entry["value"] if isinstance(entry, dict) else str(entry) for entry in entries]


@click.command()
@click.argument("url")
@click.argument("did")
@click.option("--json", "as_json", is_flag=True, help="The node's answer as it is.")
def why(url: str, did: str, as_json: bool) -> None:
    """Say what a node lists of an issuer, and why not.

    Answers "why isn't mine listed?" by DID: how many statements are in which state, what the operator
    decided, and the latest refusals.
    """
    standing = ask(url, "/issuers", [("did", did)])
    if as_json:
        click.echo(json.dumps(standing, ensure_ascii=False))
        return
    rule = {"block": "blocked by the operator", "allow": "allowed by the operator", None: "no rule"}
    click.echo(
        f"{printable(standing['did'])}: {rule[standing['rule']]}, admission is {standing['admission']}"
    )
    if standing["rule_reason"]:
        click.echo(f"  reason: {printable(standing['rule_reason'])}")
    if standing["admission"] == "allowlist" and standing["rule"] != "allow":
        click.echo("  this node takes publications only from issuers on its allow list")
    for state, count in sorted(standing["statements"].items()):
        click.echo(f"  {state}: {count}")
    if not standing["statements"]:
        click.echo("  nothing of this issuer was ever listed here")
    for refusal in standing["refusals"]:
        what = f"bytes {refusal['digest'][:16]}…, {refusal['check']}: {refusal['detail']}"
        click.echo(f"  refused {refusal['at']}: {printable(what)}")
