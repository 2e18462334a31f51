"""The check `shapes`: whether what a credential states is as the operator's schemas ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from credentials.report import Check, Outcome
from credentials.shapes.bridging import TYPE, Statements
from credentials.shapes.engine import MAX_RESULTS, ShapeSet
from credentials.shapes.wording import problem_of, short

#: Problems written out in a report; who has put these right sees the next.
MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class SchemasInForce:
    """The schemas of a node at one moment.

    `listing` names them, as bytes that a verdict keeps among what it rested on, so that it can be replayed.
    """

    shapes: ShapeSet
    names: tuple[str, ...]
    listing: bytes


def no_schemas() -> Check:
    """What is to be said where no schemas are in force."""
    return Check(
        "shapes",
        Outcome.NOT_CHECKED,
        "This node has no shapes to check against; its operator adds them with `catalogue schemas add`.",
    )


def left_to_credentials(schemas: SchemasInForce) -> Check:
    """What is to be said of a presentation, so that a policy can require the check of its credentials."""
    return Check(
        "shapes",
        Outcome.PASSED,
        "A presentation states nothing itself; its credentials are checked one by one.",
        {"schemas": list(schemas.names)},
    )


def types_in(statements: Statements) -> dict[str, list[str]]:
    """The types of the nodes that have an IRI, for what others say of these."""
    return {
        name: node[TYPE] for name, node in statements.items() if TYPE in node and not name.startswith("_:")
    }


def check_shapes(
    statements: Statements, schemas: SchemasInForce, known: Mapping[str, list[str]] = MappingProxyType({})
) -> Check:
    """Hold the statements of one credential against the schemas. Never raises: the policy judges.

    `known` are types of what other credentials of the same presentation describe.
    """
    evidence = {"schemas": list(schemas.names)}
    nodes, results = schemas.shapes.check(statements, known)
    if not nodes:
        return Check(
            "shapes",
            Outcome.NOT_CHECKED,
            f"No shape on this node speaks of {_classes(statements)}.",
            evidence,
        )
    if not results:
        return Check("shapes", Outcome.PASSED, "What it states is as the shapes ask.", evidence)
    # A class and those above it have shapes that ask for the same.
    told = [problem_of(result, statements) for result in results]
    different = [*{tuple(problem.values()): problem for problem in told}.values()]
    problems, first = different[:MAX_PROBLEMS], different[0]
    detail = f"{first['field']} of {first['node']}: {first['problem']} {first['action']}"
    if len(different) > 1:
        at_least = "at least " if len(results) == MAX_RESULTS else ""
        listed = f"; {len(problems)} are listed" if len(problems) < len(different) else ""
        detail += f" ({at_least}{len(different)} problems in all{listed}.)"
    return Check(
        "shapes",
        Outcome.FAILED,
        detail,
        evidence | {"problems": problems, "count": len(different)},
    )


def _classes(statements: Statements) -> str:
    found = dict.fromkeys(short(name) for node in statements.values() for name in node.get(TYPE, ()))
    return ", ".join([*found][:5]) or "something without a type"
