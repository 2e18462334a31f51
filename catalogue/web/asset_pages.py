"""Where browsers fetch styles, scripts and pictures."""

from __future__ import annotations

from flask import Response

from catalogue.web import assets
from catalogue.web.pages import page


@page("/assets/<string:name>")
def asset(name: str) -> Response:
    """One file of this release."""
    return assets.serve(name)
