"""The Flask application of one node: services, blueprints, and what holds for every request."""

from __future__ import annotations

import atexit
import json
import os

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from catalogue.api import (
    about,
    discovery,
    edge,
    evaluations,
    federation,
    log,
    openapi,
    operator,
    peers,  # noqa: F401 - routes of the operator's blueprint
    profiles,
    publishing,
    reading,
    terms,
    vocabulary,
)
from catalogue.api.blueprint import DigestConverter, PeerConverter, RecordConverter, TileConverter
from catalogue.node import Node, prepare
from catalogue.observability import observe
from catalogue.settings import Settings
from catalogue.web import (
    asset_pages,
    capability_tree,
    checking,
    comparing,
    consortia,
    errors,
    evaluation,
    federation_pages,
    gallery,
    happenings,
    home,
    mine,
    offering,
    operator_pages,
    pages,
    participants,
    programme,
    reference,
    search,
    statement,
    which,
)
from catalogue.web import publishing as publishing_pages
from catalogue.web import terms as term_pages

#: Modules whose pages are registered by being imported.
PAGES = (
    asset_pages,
    capability_tree,
    checking,
    comparing,
    consortia,
    evaluation,
    federation_pages,
    gallery,
    happenings,
    home,
    mine,
    offering,
    operator_pages,
    participants,
    programme,
    publishing_pages,
    reference,
    search,
    statement,
    term_pages,
    which,
)

BLUEPRINTS = (
    discovery.blueprint,
    evaluations.blueprint,
    profiles.blueprint,
    publishing.blueprint,
    reading.blueprint,
    log.blueprint,
    vocabulary.blueprint,
    terms.blueprint,
    federation.blueprint,
    operator.blueprint,
    about.blueprint,
)


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. Call it after a fork: it opens the store.

    Without `settings` they are read from the environment and an empty store is made ready, which is what a
    WSGI server of the operator's own wants (`wsgi.py`). `app.extensions["catalogue"]` is the node, to be
    closed by whoever gave the settings. Raises SettingsInvalid, SchemaOutdated.
    """
    if settings is None:
        settings = Settings.from_environment(os.environ)
        prepare(settings)
        services = Node(settings)
        atexit.register(services.close)
    else:
        services = Node(settings)
    app = Flask(__name__, static_folder=None)
    # Two slashes in a row name nothing, rather than answering with a redirect page.
    app.url_map.merge_slashes = False
    app.url_map.converters |= {
        "digest": DigestConverter,
        "record": RecordConverter,
        "peer": PeerConverter,
        "tile": TileConverter,
    }
    app.config["MAX_CONTENT_LENGTH"] = settings.max_bytes
    app.extensions["catalogue"] = services
    observe(app)
    api = openapi.start(app, settings.url)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    document = openapi.finish(api)
    app.register_error_handler(Exception, errors.answer)
    pages.start(app, document)
    edge.guard(app, {**edge.parameters_of(document, app), **pages.parameters()})
    app.extensions["catalogue-openapi"] = json.dumps(document, ensure_ascii=False)
    app.extensions["catalogue-reference"] = reference.body(document)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]
    return app
