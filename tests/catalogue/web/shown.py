"""Pages as a browser gets them, and what a reader reads of them."""

from __future__ import annotations

import re
from html import unescape

from api_support import ApiNode
from flask.testing import FlaskClient

HTML = {"Accept": "text/html,*/*;q=0.8"}
GALERIE = "9e3b073ac677a707268cbf28aa5f009c"
SOCLE = "197cbcb2d5d0130ca4755446bf5028be"
HARBOUR = "c5a7170ff3c0d23c529a593e427f5508"


def page(node: ApiNode, path: str, language: str = "en") -> str:
    """A page that must be one."""
    # Pages at addresses of their own are no part of the API, against whose document `node.client` checks.
    client = FlaskClient(node.app, node.app.response_class)
    answer = client.get(path, headers={**HTML, "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/html"
    return answer.text


def words(markup: str) -> str:
    """What a reader reads: markup taken away, and white space as one."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", markup)))


def section(markup: str, identifier: str) -> str:
    """The section of a page with that id."""
    found = re.search(rf'<section[^>]* id="{identifier}">(.*?)\n</section>\n', markup, re.DOTALL)
    assert found, identifier
    return found[1]


def rows(markup: str) -> list[str]:
    """What stands first in each row of the tables."""
    return [words(row).strip() for row in re.findall(r'<tr><th scope="row">(.*?)</th>', markup)]
