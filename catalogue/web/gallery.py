"""Every component of the design system on one page, for who builds a page and for tests."""

from __future__ import annotations

from flask import Response

from catalogue.web.pages import page
from catalogue.web.rendering import render


@page("/gallery")
def show() -> Response:
    """GET /gallery."""
    return render("gallery.html", alternates=())
