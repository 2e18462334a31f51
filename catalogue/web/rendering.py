"""From a template and values to an answer: one layout, one content security policy, compressed."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, request
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from catalogue.api.blueprint import location, node
from catalogue.api.negotiation import HTML, JSON, LANG
from catalogue.web import assets, language
from catalogue.web.navigation import NAVIGATION
from catalogue.web.texts import FILTERS
from vocab.languages import LANGUAGES

#: Nothing from elsewhere, no script or style in the page, no frame around it.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Bytes below which compression saves no packet.
_WORTHWHILE = 1_400
#: Quick enough for every answer; the strongest takes three times as long for a twentieth less.
_LEVEL = 5
#: Parameters of a link: a value, several values, or None to leave it out.
Parameters = Mapping[str, object]


def at(path: str, parameters: Parameters | None = None, **more: object) -> str:
    """The address of a page, with query parameters, in the language that the reader chose by a link.

    A parameter's value is text, a list of texts, or None or "" for none.
    """
    pairs = _pairs({**(parameters or {}), **more})
    if LANG in request.args and LANG not in dict(pairs):
        pairs.append((LANG, language.language()))
    return location(path) + (f"?{urlencode(pairs)}" if pairs else "")


def _pairs(parameters: Parameters) -> list[tuple[str, str]]:
    return [
        (name, str(value))
        for name, given in parameters.items()
        for value in (given if isinstance(given, list | tuple) else (given,))
        if value is not None and value != ""
    ]


def own_address(**changes: object) -> str:
    """The address of this page with some of its parameters changed."""
    mine: dict[str, object] = dict(request.args.lists())
    # Two slashes at the beginning would name another host; the path of a page that there isn't is anybody's.
    return at("/" + quote(request.path.lstrip("/"), safe="/:@!$&'()*+,;=~"), mine | changes)


def template(name: str) -> Template:
    """A template of the pages, for what is made of it once."""
    return _environment().get_template(name)


def render(
    name: str,
    /,
    *,
    status: int = 200,
    alternates: Iterable[tuple[str, str]] | None = None,
    **values: Any,
) -> Response:
    """The page that the template `name` makes of `values`.

    `alternates` are media types and addresses of the same in another form; without it, JSON at the same
    address. Templates find the functions and filters of `_environment` and `texts.FILTERS`.
    """
    spoken = language.language()
    mine = own_address()
    others = [(JSON, mine)] if alternates is None else list(alternates)
    html = template(name).render(
        language=spoken,
        alternates=others,
        # What is at the same address has to be asked for by its media type, which a link can't.
        mine=mine,
        switch=[
            {"code": code, "name": language.OWN_NAMES[code], "href": own_address(lang=code)}
            for code in LANGUAGES
        ],
        carried_language=LANG in request.args,
        here=request.path,
        home=node().settings.url,
        **values,
    )
    response = Response(status=status, mimetype=HTML)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Content-Language"] = spoken
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept, Accept-Language, Accept-Encoding"
    body = html.encode()
    if len(body) > _WORTHWHILE and request.accept_encodings.quality("gzip") > 0:
        body = gzip.compress(body, _LEVEL, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    response.set_data(body)
    return response


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("catalogue.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # of the extension
        language.gettext,
        language.ngettext,
        newstyle=True,
        pgettext=language.pgettext,
        npgettext=language.npgettext,
    )
    environment.filters |= FILTERS
    environment.globals |= {
        "at": at,
        "own_address": own_address,
        "place": location,
        "asset": assets.address,
        "navigation": NAVIGATION,
    }
    return environment
