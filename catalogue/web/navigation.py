"""What the header leads to, in its order. A page that belongs there adds its line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from catalogue.web.language import gettext as _


@dataclass(frozen=True, slots=True)
class Entry:
    """A place of the header: its path and its name, made when it is shown: by then the language is known."""

    path: str
    name: Callable[[], str]


NAVIGATION = (
    Entry("/offerings", lambda: _("Services")),
    Entry("/which", lambda: _("Which may I use?")),
    Entry("/compare", lambda: _("Compare")),
    Entry("/vocabulary/capabilities", lambda: _("Capabilities")),
    Entry("/participants", lambda: _("Participants")),
    Entry("/vocabulary/programmes", lambda: _("Programmes")),
    Entry("/publish", lambda: _("Publish")),
    Entry("/federation", lambda: _("Federation")),
    Entry("/operator", lambda: _("Operation")),
)
