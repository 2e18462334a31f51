"""Styles, scripts and pictures of the pages: under names that say what is in them, kept for ever, compressed.

`static/css/*.css` is one stylesheet, in the order of the names. A script of `static/js/` may import another
by `from "./name.js"`; that is rewritten to the name under which it is served.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from flask import Response, request

from catalogue.api import kinds
from catalogue.api.blueprint import location
from catalogue.api.problems import Problem

#: Seconds that a browser may keep what its name identifies: a year, the longest that caches honour.
MAX_AGE = 31_536_000
#: Digits of SHA-256 in a name; two files of one release never share them.
_DIGITS = 12
#: The strongest: it is done once.
_LEVEL = 9
STYLESHEET = "site.css"
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_IMPORT = re.compile(r'(\bfrom\s*|\bimport\s*)"\./([a-z-]+\.js)"')
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served: its name with the digest, its media type, its bytes plain and compressed."""

    name: str
    media_type: str
    data: bytes
    compressed: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """Every file by the name that templates use."""
    root = files("catalogue.web").joinpath("static")
    styles = sorted(root.joinpath("css").iterdir(), key=lambda one: one.name)
    found = {
        STYLESHEET: _asset(STYLESHEET, _bare("\n".join(one.read_text(encoding="utf-8") for one in styles)))
    }
    for one in root.iterdir():
        if one.name.endswith(".svg"):
            found[one.name] = _asset(one.name, one.read_text(encoding="utf-8"))
    sources = {one.name: one.read_text(encoding="utf-8") for one in root.joinpath("js").iterdir()}
    for name in sources:
        _script(name, sources, found)
    return MappingProxyType(found)


def _script(name: str, sources: Mapping[str, str], found: dict[str, Asset]) -> str:
    """The served name of a script, made after those that it imports. KeyError for one that there isn't."""
    if name not in found:
        text = _IMPORT.sub(lambda match: f'{match[1]}"./{_script(match[2], sources, found)}"', sources[name])
        found[name] = _asset(name, text)
    return found[name].name


def _asset(name: str, text: str) -> Asset:
    data = text.encode()
    stem, _, kind = name.rpartition(".")
    served = f"{stem}.{hashlib.sha256(data).hexdigest()[:_DIGITS]}.{kind}"
    return Asset(served, _TYPES[kind], data, gzip.compress(data, _LEVEL, mtime=0))


def _bare(style: str) -> str:
    """A stylesheet without comments and indentation: what is left compresses well."""
    return "\n".join(line for raw in _COMMENT.sub("", style).splitlines() if (line := raw.strip()))


@cache
def _by_served_name() -> Mapping[str, Asset]:
    return MappingProxyType({asset.name: asset for asset in assets().values()})


def address(name: str) -> str:
    """Where a template finds the file `name`; KeyError if there is none."""
    return location(f"/assets/{assets()[name].name}")


def serve(name: str) -> Response:
    """The file of that name and digest. Problem `not-found` for a release's that isn't this one."""
    asset = _by_served_name().get(name)
    if asset is None:
        raise Problem(kinds.NOT_FOUND, "no such file in this release", {"where": "name"})
    squeezed = request.accept_encodings.quality("gzip") > 0
    response = Response(asset.compressed if squeezed else asset.data, mimetype=asset.media_type)
    if squeezed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}, immutable"
    response.headers["Vary"] = "Accept-Encoding"
    return response
