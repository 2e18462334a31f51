"""The least a Flask service can do with a publication: read it, answer 201. What ratios are taken against."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.post("/self-descriptions")
def take() -> tuple[Response, int]:
    """Read the body and say how long it was."""
    return jsonify(length=len(request.get_data())), 201


@app.get("/healthz")
def health() -> Response:
    """The server answers."""
    return jsonify(status="ok")
