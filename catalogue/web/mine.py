"""My self-descriptions: by DID what is listed, what ends when, and what was refused.

Everything here is public. Whoever asks need not be who is asked about.
"""

from __future__ import annotations

import re

from flask import Response, request

from catalogue.api.blueprint import node
from catalogue.api.queries import DID_PATTERN
from catalogue.web.language import gettext as _
from catalogue.web.pages import page
from catalogue.web.rendering import own_address, render

#: Ends that are shown: more than that is a plan for months.
MAX_ENDING = 12
#: Statements on one page.
STATEMENTS = 50
#: Days before an end from which one had better renew.
SOON = 60


@page("/mine", parameters={"did": False, "cursor": False})
def mine() -> Response:
    """Where an issuer stands on this node. 400 for what is no DID."""
    did = request.args.get("did", "").strip()
    if not did:
        return _show()
    if not re.fullmatch(DID_PATTERN, did):
        return _show(problem=_("That isn't a DID."), status=400)
    records = node().records
    found = records.statements(issuer=did, cursor=request.args.get("cursor") or None, size=STATEMENTS)
    return _show(standing=records.standing(did), ending=records.ending(did, MAX_ENDING), found=found)


def _show(*, problem: str = "", status: int = 200, **found: object) -> Response:
    cursor = getattr(found.get("found"), "next", None)
    return render(
        "mine.html",
        status=status,
        alternates=(),
        did=request.args.get("did", "").strip(),
        problem=problem,
        now=node().clock(),
        soon=SOON,
        first=own_address(cursor=None) if request.args.get("cursor") else "",
        next=own_address(cursor=cursor) if cursor else "",
        allowlist=node().settings.admission == "allowlist",
        **({"standing": None, "ending": (), "found": None} | found),
    )
