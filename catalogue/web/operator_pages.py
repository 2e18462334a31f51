"""What the operator watches, open to everybody as far as it is nobody's secret, and what the operator does.

Nothing is remembered of who asked: the token comes with each action, in the form's own field, so that no
other page can have a browser act for the operator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from catalogue.api import kinds
from catalogue.api.authorisation import check_token
from catalogue.api.blueprint import node
from catalogue.api.problems import Problem
from catalogue.api.queries import DID_PATTERN
from catalogue.errors import Gone, IndexUnavailable, NotFound, PeerRefused
from catalogue.oversight import CALENDAR_DAYS
from catalogue.store.database import LogHeld
from catalogue.web.language import gettext as _
from catalogue.web.pages import page
from catalogue.web.rendering import render
from credentials.policies import Demand, policy_named
from credentials.report import CHECKS
from vocab.profiles import shipped

#: Characters of a field of the form.
MAX_FIELD = 2_048


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an action: in words, and whether it was done."""

    text: str
    good: bool


@page("/operator")
def watching() -> Response:
    """What anybody may see of how the node is doing."""
    return _show()


@page("/operator", methods=("POST",))
def acting() -> Response:
    """An action, or a look at what only the operator sees: with the token, each time anew."""
    node().admission.request(request.remote_addr, "verify", request.content_length or 0)
    try:
        check_token(request.form.get("token", "")[:MAX_FIELD])
    except Problem as problem:
        none = problem.kind is kinds.COMMAND_LINE_ONLY
        text = _("This node has no operator token.") if none else _("That isn't the operator's token.")
        return _show(done=Done(text, good=False), status=problem.kind.status)
    return _show(done=_act(), secret=True)


def _act() -> Done | None:
    """Do what the form asks for."""
    fields = {name: request.form.get(name, "").strip()[:MAX_FIELD] for name in ("do", "about", "reason")}
    act = _ACTIONS.get(fields["do"])
    if act is None:
        return None
    if not fields["about"]:
        return Done(_("Say what it is about."), good=False)
    if fields["do"] in _ABOUT_ISSUERS and not re.fullmatch(DID_PATTERN, fields["about"]):
        return Done(_("That isn't a DID."), good=False)
    try:
        return Done(act(fields["about"], fields["reason"]), good=True)
    except (NotFound, Gone, LogHeld, PeerRefused) as refused:
        return Done(str(refused), good=False)


def _block(did: str, reason: str) -> str:
    node().operations.block(did, reason)
    return _("%(did)s is blocked.") % {"did": did}


def _allow(did: str, reason: str) -> str:
    node().operations.allow(did, reason)
    return _("%(did)s is allowed.") % {"did": did}


def _forget(did: str, _reason: str) -> str:
    node().operations.forget(did)
    return _("What was said of %(did)s is taken back.") % {"did": did}


def _erase(digest: str, reason: str) -> str:
    done = node().operations.erase(digest, reason)
    return _("%(digest)s is erased; %(number)s records changed.") % {
        "digest": done.digest,
        "number": len(done.records),
    }


def _pause(name: str, reason: str) -> str:
    node().peers.pause(name, reason or None)
    return _("%(name)s is paused.") % {"name": name}


def _resume(name: str, _reason: str) -> str:
    node().peers.resume(name)
    return _("%(name)s is followed again.") % {"name": name}


_ACTIONS: Mapping[str, Callable[[str, str], str]] = {
    "block": _block,
    "allow": _allow,
    "forget": _forget,
    "erase": _erase,
    "pause": _pause,
    "resume": _resume,
}


_ABOUT_ISSUERS = frozenset({"block", "allow", "forget"})


def _show(*, done: Done | None = None, secret: bool = False, status: int = 200) -> Response:
    services = node()
    oversight, settings = services.oversight, services.settings
    calendar = oversight.calendar()
    return render(
        "operator.html",
        status=status,
        alternates=(),
        done=done,
        secret=_secret() if secret else None,
        queue=oversight.queue(),
        calendar=calendar,
        days=CALENDAR_DAYS,
        busiest=max((day.ending + day.turning for day in calendar), default=1) or 1,
        lag=_lag(),
        settings=settings,
        rules=oversight.rules(),
        trust=oversight.trust(),
        schemas=oversight.schemas(),
        demands_of=_demands(),
        profiles=[(one, one.in_force(services.clock().date())) for one in shipped()],
        peers=[status.peer for status in services.overview.peers()],
    )


def _secret() -> dict[str, Any]:
    """What only the operator sees."""
    oversight = node().oversight
    return {
        "issuers": node().operations.issuers(),
        "waiting": oversight.waiting(),
        "refused": oversight.refused(),
    }


def _lag() -> Any:
    """How far the index is behind; None while no engine has an index."""
    try:
        return node().discovery.lag()
    except IndexUnavailable:
        return None


def _demands() -> list[tuple[str, Demand]]:
    """What the policy in force asks of each check."""
    settings = node().settings
    policy = policy_named(settings.policy, settings.own_policies)
    return [(check, policy.demand(check)) for check in CHECKS]
