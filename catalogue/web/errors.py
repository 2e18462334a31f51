"""A refusal as a page: what is wrong and what to do, in the reader's language."""

from __future__ import annotations

from flask import Response, g

from catalogue.api import kinds
from catalogue.api.kinds import Kind
from catalogue.api.negotiation import wants_page
from catalogue.api.problems import Problem, problem_of
from catalogue.web.language import gettext as _
from catalogue.web.rendering import render


def answer(error: Exception) -> Response:
    """The application's one handler for everything that is raised: a page for who prefers pages."""
    problem = problem_of(error)
    # For the access log and the metrics, which see only the answer.
    g.problem = problem.kind.slug
    return _page(problem) if wants_page() else problem.response()


def _page(problem: Problem) -> Response:
    title, action = _told(problem.kind)
    response = render(
        "problem.html",
        status=problem.kind.status,
        alternates=(),
        title=title,
        action=action,
        problem=problem,
    )
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _told(kind: Kind) -> tuple[str, str]:
    """What happened and what to do. Others than these mean a fault of a program, told in its words."""
    match kind:
        case kinds.NOT_FOUND:
            return _("There is nothing here"), _(
                "The address may be mistyped, or what was here belongs to another node. Search for it."
            )
        case kinds.WITHDRAWN:
            return _("Its provider has withdrawn this"), _(
                "A withdrawn self-description isn't shown. The provider may have published another one."
            )
        case kinds.ERASED:
            return _("This was erased here"), _(
                "The operator of this node had to remove it. Nothing of it is left but its digest."
            )
        case kinds.INVALID_PARAMETER:
            return _("This search can't be answered as it is"), _(
                "One of the conditions in the address is not one that there is. Remove it, or begin anew."
            )
        case kinds.RATE_LIMITED:
            return _("Too many requests from your address"), _(
                "Wait for a moment, then load the page again. Programs had better use the API."
            )
        case kinds.UNAVAILABLE:
            return _("The catalogue can't answer just now"), _(
                "A part of this node is starting or out of reach. Load the page again in a few seconds."
            )
        case kinds.INTERNAL:
            return _("Something went wrong on this node"), _(
                "It isn't your fault, and it is in the node's log. If it stays, tell the operator its number."
            )
        case _:
            return kind.title, kind.action
