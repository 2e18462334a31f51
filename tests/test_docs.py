"""What the documentation lists is what there is: endpoints, problems, checks, commands, settings, links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest

from catalogue.api.kinds import BASE, KINDS
from catalogue.api.media import JSON_TYPES, TOKEN_TYPES, WITHDRAWAL_TYPES
from catalogue.app import create_app
from catalogue.cli import COMMANDS
from catalogue.cli import catalogue as command_line
from catalogue.node import prepare
from catalogue.observability import exposition
from catalogue.settings import PREFIX, Settings
from catalogue.web.pages import rules
from credentials.contexts import ContextStore
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from credentials.policies import POLICY_NAMES, Demand, policy_named
from credentials.policy_file import read_policies
from credentials.report import CHECKS
from search.embedded import EmbeddedEngine
from search.query import FACET_FIELDS
from vocab.capabilities import concepts, is_capability
from vocab.contexts import CONTEXTS
from vocab.fact_reading import certification_in
from vocab.jurisdictions import GROUPS, is_country
from vocab.labels import is_label, labels
from vocab.terms import terms
from vocab.trust import ATTESTATIONS, TrustList

PROJECT = Path(__file__).parents[1]
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
#: What `make bench` writes; a clone has it only once somebody measured.
MADE_LATER = {"docs/performance.md"}


def text_of(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def section(document: str, heading: str) -> str:
    """The text under a `##` heading, up to the next of its level."""
    match = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", document, re.MULTILINE | re.DOTALL)
    assert match is not None, f"no section {heading!r}"
    return match[1]


def first_column(text: str) -> list[str]:
    """The code in the first cell of each row of the tables in `text`."""
    return re.findall(r"^\| `([^`]+)` ", text, re.MULTILINE)


def shell_blocks(document: str) -> Iterator[str]:
    yield from re.findall(r"^```sh(?: test)?\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    settings = Settings(data=tmp_path_factory.mktemp("docs"))
    prepare(settings)
    EmbeddedEngine(settings.index_folder, writable=True).close()
    application = create_app(settings)
    yield application
    application.extensions["catalogue"].close()


@pytest.fixture(scope="module")
def operations(app: Any) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """Every operation of the OpenAPI document by method and path."""
    paths = app.test_client().get("/openapi.json").get_json()["paths"]
    return {
        (method.upper(), path): operation
        for path, item in paths.items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_every_endpoint_has_its_section_in_the_api_guide(
    operations: Mapping[tuple[str, str], Mapping[str, Any]],
) -> None:
    documented = re.findall(r"^### `([A-Z]+) (\S+)`$", text_of("docs/api.md"), re.MULTILINE)
    assert sorted(documented) == sorted(operations)


def test_every_page_is_in_the_guide_to_the_pages(app: Any) -> None:
    guide = section(text_of("docs/web.md"), "The pages there are")
    documented = {path.partition("?")[0] for path in re.findall(r"`(/[^`]*)`", guide)}
    names = {"id": "ID", "digest": "DIGEST", "name": "NAME"}
    shown = {re.sub(r"<(?:\w+:)?(\w+)>", lambda part: names[part[1]], rule) for rule in rules(app)}
    assert shown - documented == set()
    assert documented - shown <= {"/self-descriptions/DIGEST", "/suggestions"}


def test_search_parameters_in_the_api_guide_are_those_taken(
    operations: Mapping[tuple[str, str], Mapping[str, Any]],
) -> None:
    finding = section(text_of("docs/api.md"), "Finding").partition("### `GET /offerings/{id}`")[0]
    rows = re.findall(r"^\| (`.+?) \| (?:no|yes) \|", finding, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    taken = {
        entry["name"] for entry in operations["GET", "/offerings"]["parameters"] if entry["in"] == "query"
    }
    assert documented == taken
    assert set(FACET_FIELDS) <= documented


def test_problem_types_in_the_api_guide_are_the_real_ones() -> None:
    problems = section(text_of("docs/api.md"), "Problems")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (.*?) \| (.*?) \|$", problems, re.MULTILINE)
    assert rows == [(kind.slug, str(kind.status), kind.title, kind.action) for kind in KINDS]
    assert BASE in problems


def test_checks_in_the_api_guide_are_all_in_their_order() -> None:
    assert tuple(first_column(section(text_of("docs/api.md"), "The report"))) == CHECKS


def test_checks_in_the_provider_guide_exist() -> None:
    why = section(text_of("docs/provider.md"), "Why isn't mine listed?")
    checks = [name for name in first_column(why) if name in CHECKS]
    # Those that can refuse in this version, and no other.
    assert tuple(checks) == CHECKS[: CHECKS.index("status") + 1]
    others = first_column(why.partition("Other answers")[2])
    assert others
    assert set(others) <= {kind.slug for kind in KINDS}


def test_media_types_in_the_api_guide_are_those_taken() -> None:
    paragraphs = section(text_of("docs/api.md"), "Media types").split("\n\n")
    found = {
        text.split(":")[0].strip(): re.findall(r"`(application/[^`]+)`", text)
        for text in paragraphs
        if text.lstrip().startswith("For ")
    }
    assert found == {
        "For JSON": list(JSON_TYPES),
        "For tokens": list(TOKEN_TYPES),
        "For withdrawals": list(WITHDRAWAL_TYPES),
    }


def test_contexts_in_the_guide_are_those_known() -> None:
    rows = re.findall(r"^\| `(https://[^`]+)` \| (\S+) \|$", text_of("docs/contexts.md"), re.MULTILINE)
    assert rows == [(url, binding.table) for url, binding in CONTEXTS.items()]


def test_metrics_in_the_operator_guide_are_those_exposed(app: Any) -> None:
    text = exposition(app.extensions["catalogue"])[0].decode()
    exposed = set(re.findall(r"^# HELP (catalogue_\w+)", text, re.MULTILINE))
    documented = set(first_column(section(text_of("docs/operator.md"), "Watch")))
    assert {name for name in documented if name.startswith("catalogue_")} == {
        name for name in exposed if not name.endswith("_created")
    }


def test_trust_list_in_the_operator_guide_is_a_trust_list() -> None:
    example = re.search(r"^```json\n(.*?)^```$", text_of("docs/operator.md"), re.MULTILINE | re.DOTALL)
    assert example is not None
    entries = TrustList.load(json.loads(example[1])).entries
    assert {what for entry in entries for what in entry.attests} == set(ATTESTATIONS)


def test_policies_in_the_operator_guide_are_policies(tmp_path: Path) -> None:
    guide = text_of("docs/operator.md")
    example = re.search(
        r'^```json\n(\{\s*"version": 1,\s*"policies".*?)^```$', guide, re.MULTILINE | re.DOTALL
    )
    assert example is not None
    file = tmp_path / "policies.json"
    file.write_text(example[1], encoding="utf-8")
    assert list(read_policies(file)) == ["tender"]
    for name in POLICY_NAMES:
        (row,) = re.findall(rf"^\| `{name}`.*\| (.*?) \|$", guide, re.MULTILINE)
        reported = {check for check in CHECKS if policy_named(name).demand(check) is Demand.REPORTED}
        assert set(re.findall(r"`(\w+)`", row)) == reported


def test_vocabulary_used_in_examples_exists() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for capability in re.findall(r"(?:\"cap:|capability[= ])([a-z0-9-]+)", text):
            if capability not in {"a", "is", "taxonomy", "filter"}:
                assert is_capability(capability), f"{document.name}: {capability}"
        for code in re.findall(r"jurisdiction[= ]([A-Z]{2,3})\b", text):
            assert is_country(code) or code in GROUPS, f"{document.name}: {code}"
        for label in re.findall(r"label=([a-zA-Z0-9:-]+)", text):
            assert is_label(label), f"{document.name}: {label}"
    assert f'"total":{len(concepts())}' in text_of("docs/api.md")
    assert all(f"`{label.id}`" in text_of("docs/vocabulary.md") for label in labels())


def test_federation_terms_in_the_vocabulary_guide_are_the_data() -> None:
    """The table is made from the data: change a term there, then the row that this test expects."""
    rows = section(text_of("docs/vocabulary.md"), "The federation's own terms")
    for term in terms():
        if term.is_class:
            row = f"| `{term.id}` | a class | | {term.definitions['en']} |"
        else:
            domain = ", ".join(f"`{name}`" for name in term.domain)
            many = ", repeatable" if term.many else ""
            row = f"| `{term.id}` | {domain} | `{term.range}`{many} | {term.definitions['en']} |"
        assert row in rows, row
    assert first_column(rows) == [term.id for term in terms()]


def test_certificate_in_the_vocabulary_guide_is_read_whole() -> None:
    example = re.search(r"^```json\n(.*?)^```$", text_of("docs/vocabulary.md"), re.MULTILINE | re.DOTALL)
    assert example is not None
    document = json.loads(example[1])
    expansion = JsonLd(ContextStore()).expand(document)
    assert expansion.dropped == ()
    graph = interpret(expansion, JsonLd(ContextStore()))
    fact = certification_in(graph, graph.nodes[document["credentialSubject"]["id"]])
    assert fact is not None
    assert fact.ids == ("secnumcloud", "secnumcloud:3.2")
    assert fact.period.start
    assert fact.period.end
    assert fact.covers


def test_settings_named_in_the_documentation_exist() -> None:
    known = {PREFIX + entry.name.upper() for entry in fields(Settings)}
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for name in re.findall(r"\bCATALOGUE_[A-Z0-9_]+[A-Z0-9]\b(?!_?\*)", text):
            assert name in known, f"{document.name}: {name}"


def test_commands_in_examples_exist_with_their_options() -> None:
    seen = set()
    for document in DOCUMENTS:
        for block in shell_blocks(document.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                for call in re.findall(r"(?:^|[|;&(]\s*|\s)catalogue ((?:[a-z-]+)(?: .*)?)$", line):
                    words = call.partition("|")[0].split()
                    name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
                    assert name in COMMANDS, f"{document.name}: catalogue {call}"
                    seen.add(name)
                    _check_options(document.name, name, words[len(name.split()) :])
    assert seen >= {"keygen", "did-document", "sign", "verify", "publish", "withdraw", "why", "search"}


def _check_options(document: str, name: str, words: list[str]) -> None:
    context = click.Context(command_line)
    command = command_line.get_command(context, name)
    assert command is not None
    if isinstance(command, click.Group):
        command = command.get_command(context, words[0])
        assert command is not None, f"{document}: catalogue {name} {words[0]}"
    known = {option for parameter in command.params for option in parameter.opts}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{document}: catalogue {name} {word}"


def test_every_command_is_in_a_guide() -> None:
    everything = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    for name in COMMANDS:
        assert re.search(rf"`(?:catalogue )?{name}\b|catalogue {name}\b", everything), name


def test_every_page_is_in_the_index() -> None:
    linked = set(re.findall(r"\]\(([^)#]+\.md)", text_of("docs/README.md")))
    pages = {str(path.relative_to(PROJECT / "docs")) for path in (PROJECT / "docs").rglob("*.md")} - {
        "README.md",
        "performance.md",
    }
    assert pages <= linked


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{document.name}: {target}"
        if anchor:
            assert anchor in _anchors(path.read_text(encoding="utf-8")), f"{document.name}: {target}"


def test_pages_named_in_code_exist() -> None:
    for document in DOCUMENTS:
        for name in re.findall(r"`(docs/[\w/.-]+\.md)`", document.read_text(encoding="utf-8")):
            assert name in MADE_LATER or (PROJECT / name).exists(), f"{document.name}: {name}"


def _anchors(text: str) -> set[str]:
    """The anchors that a forge gives to headings: lower case, punctuation dropped, spaces as hyphens."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
