"""For a WSGI server of the operator's own; `catalogue serve` needs none of it."""

from catalogue.app import create_app

app = create_app()
