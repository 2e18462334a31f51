"""A whole node behind Flask's test client; every answer is checked against the OpenAPI document."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalogue.app import create_app
from catalogue.describing import Describer
from catalogue.indexer import Indexer
from catalogue.node import Node, prepare
from catalogue.settings import Settings
from credentials.signing import (
    PrivateKey,
    did_key,
    generate_key,
    inline_method,
    sign_credential,
    sign_presentation,
)
from credentials.times import to_rfc3339, utc_now
from credentials.withdrawal import sign_withdrawal
from search.embedded import EmbeddedEngine

MakeApi = Callable[..., "ApiNode"]
LD_JSON = "application/ld+json"
#: Answers that no operation documents, since they are about addresses and methods that there are not.
_OUTSIDE = (404, 405)

_numbers = itertools.count(1)


class Provider:
    """Somebody with a did:key: nothing to resolve."""

    def __init__(self) -> None:
        self.key: PrivateKey = generate_key("Ed25519")
        self.did = did_key(self.key.public())
        self.method = inline_method(self.did)

    def credential(
        self, name: str, kind: str = "gx:ServiceOffering", subject: str | None = None
    ) -> dict[str, Any]:
        """An unsigned credential about something called `name`, valid since a minute ago."""
        return {
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
            "id": f"urn:uuid:00000000-0000-4000-8000-{next(_numbers):012d}",
            "type": ["VerifiableCredential", kind],
            "issuer": self.did,
            "validFrom": to_rfc3339((utc_now() - timedelta(minutes=1)).replace(microsecond=0)),
            "credentialSubject": {
                "id": subject or f"https://provider.example/offerings/{next(_numbers)}",
                "type": kind,
                "gx:name": name,
                "gx:description": f"{name}, which a test publishes",
            },
        }

    def signed(self, name: str, form: str = "ed25519-2020", **options: Any) -> bytes:
        """The same, signed."""
        return self.sign(self.credential(name, **options), form)

    def sign(self, document: dict[str, Any], form: str = "ed25519-2020") -> bytes:
        """Any credential, signed."""
        return sign_credential(document, self.key, self.method, form=form, created=utc_now())

    def presented(self, *credentials: bytes) -> bytes:
        """Signed credentials in a signed presentation."""
        return sign_presentation(
            credentials, self.key, self.method, holder=self.did, form="vp-jwt", created=utc_now()
        )

    def withdrawal(self, content_id: str, reason: str | None = None) -> bytes:
        """A signed withdrawal."""
        return sign_withdrawal(content_id, self.did, self.key, self.method, utc_now(), reason).encode()


class CheckedClient(FlaskClient):
    """Fails a test whose answer isn't one that the OpenAPI document describes."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """The answer, after the check."""
        response = super().open(*args, **kwargs)
        check_answer(self.application.extensions["catalogue-openapi"], response)
        return response


class ApiNode:
    """A node; `client` calls it, `index()` does the indexer's work."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = Settings(data=folder, **settings)
        prepare(self.settings)
        self.app = create_app(self.settings)
        self.app.test_client_class = CheckedClient
        self.client = self.app.test_client()
        self.node: Node = self.app.extensions["catalogue"]
        self._engine = EmbeddedEngine(self.settings.index_folder, writable=True)

    def publish(self, data: bytes, media_type: str = LD_JSON) -> TestResponse:
        """POST /self-descriptions."""
        return self.client.post("/self-descriptions", data=data, content_type=media_type)

    def listed(self, data: bytes, media_type: str = LD_JSON) -> dict[str, Any]:
        """The body of a publication that was listed."""
        response = self.publish(data, media_type)
        assert response.status_code == 201, response.text
        body: dict[str, Any] = response.get_json()
        return body

    def index(self) -> None:
        """Bring the index up to the log, and let readers see it."""
        Indexer(self.node.database, self._engine, Describer(self.settings), utc_now).catch_up()
        self.node.discovery.close()

    def close(self) -> None:
        """Close everything."""
        self._engine.close()
        self.node.close()


def problem(response: TestResponse, slug: str, status: int) -> dict[str, Any]:
    """The problem document of an answer that must be of that kind."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = response.get_json()
    assert body["type"] == f"https://w3id.org/cloud-federation/problems/{slug}", body
    assert body["status"] == status
    return body


def check_answer(openapi: str, response: TestResponse) -> None:
    """AssertionError when status, media type, headers or body differ from what the document says."""
    document = json.loads(openapi)
    request = response.request
    method = "get" if request.method == "HEAD" else request.method.lower()
    operation = _operation(document, request.path, method)
    if operation is None:
        # Pages with addresses of their own are no part of the API.
        if request.method != "OPTIONS" and response.mimetype != "text/html":
            assert response.status_code in (*_OUTSIDE, 400, 429, 500), response.status_code
            assert response.mimetype == "application/problem+json"
        return
    described = operation["responses"].get(str(response.status_code))
    assert described is not None, f"{method} {request.path} doesn't document {response.status_code}"
    for name, header in described.get("headers", {}).items():
        assert name in response.headers or not header.get("required"), f"no header {name}"
    content = described.get("content")
    if content is None:
        assert not response.data
        return
    assert response.mimetype in content, f"{response.mimetype} isn't documented"
    schema = content[response.mimetype].get("schema")
    if schema and response.mimetype.endswith("json") and request.method != "HEAD":
        whole = {**schema, "components": document["components"]}
        jsonschema_rs.validator_for(whole).validate(response.get_json(force=True))


def _operation(document: dict[str, Any], path: str, method: str) -> dict[str, Any] | None:
    parts = path.split("/")
    for template, item in document["paths"].items():
        wanted = template.split("/")
        if wanted[-1] == "{tile}" and len(parts) > len(wanted):
            # The one parameter that is several segments of a path.
            given = [*parts[: len(wanted) - 1], "/".join(parts[len(wanted) - 1 :])]
        else:
            given = parts
        if len(wanted) == len(given) and all(
            part == want or (want.startswith("{") and _fits(part, want, item))
            for part, want in zip(given, wanted, strict=True)
        ):
            found: dict[str, Any] | None = item.get(method)
            return found
    return None


def _fits(part: str, want: str, item: dict[str, Any]) -> bool:
    schema = next(p["schema"] for p in item["parameters"] if p["name"] == want[1:-1])
    value = int(part) if schema.get("type") == "integer" and part.isdecimal() else part
    return bool(part) and jsonschema_rs.is_valid(schema, value)
