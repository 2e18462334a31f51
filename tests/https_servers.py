"""Servers on this machine, with TLS by an authority of their own or plain, whose pages are functions."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from catalogue.fetching import Form, WebFetcher
from credentials.resolving import Fetched

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
HOST = "docs.example"


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])
        self.certificate = self._build(self.name, self.key.public_key(), None)
        self.file = folder / "root.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _build(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, host: str | None
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )
        if host is None:
            usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        else:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def server_context(self, host: str) -> ssl.SSLContext:
        """TLS for a server whose certificate names `host`."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        file = self.folder / f"{host}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + self._build(name, key.public_key(), host).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


class Web:
    """A TLS server whose pages are functions, and names that lead to it; without TLS where told."""

    def __init__(self, authority: Authority, host: str = HOST, *, plain: bool = False) -> None:
        self.authority = authority
        self.scheme = "http" if plain else "https"
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.posted: list[bytes] = []
        self.names: list[str | None] = []
        self.lookups: list[str] = []
        self.addresses = {HOST: ["127.0.0.1"], "moved.example": ["127.0.0.1"], "inside.example": ["10.0.0.1"]}
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                try:
                    web.page_of(self.path)(self)
                except OSError:
                    # The client hung up on us, as it should on a hostile page.
                    self.close_connection = True

            def do_POST(self) -> None:
                web.posted.append(self.rfile.read(int(self.headers["content-length"])))
                self.do_GET()

            def log_message(self, *args: object) -> None:
                """Stay quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Clients that refuse our certificate are part of the tests."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if not plain:
            context = authority.server_context(host)
            context.sni_callback = lambda _socket, name, _context: self.names.append(name)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = int(self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def page_of(self, path: str) -> Callable[[BaseHTTPRequestHandler], None]:
        """The page of this path, or that of the folder it is in (`/ocsp/`), else none."""
        return self.pages.get(path) or self.pages.get(f"/{path.split('/')[1]}/") or page(b"", 404)

    def resolve(self, host: str, port: int, **kwargs: Any) -> list[tuple[Any, ...]]:
        self.lookups.append(host)
        if host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in self.addresses[host]]

    def fetcher(self, *allowed: str, total_seconds: float = 5.0, trusted: bool = True) -> WebFetcher:
        return WebFetcher(
            allowed_hosts=frozenset(allowed or (f"{HOST}:{self.port}", f"moved.example:{self.port}")),
            ca_file=str(self.authority.file) if trusted else None,
            clock=lambda: NOW,
            resolve=self.resolve,
            total_seconds=total_seconds,
        )

    def url(self, path: str, host: str = HOST) -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def get(self, path: str, *, max_bytes: int = 1000, signed: bool = False, **options: Any) -> Fetched:
        fetcher = self.fetcher(**options)
        return fetcher.fetch(self.url(path), accept="application/json", max_bytes=max_bytes, signed=signed)

    def prove(self, path: str, *allowed: str, post: Form | None = None) -> Fetched:
        """Fetch what proves itself."""
        return self.fetcher(*allowed).fetch(
            self.url(path), accept="application/json", max_bytes=1000, self_proving=True, post=post
        )


def page(body: bytes, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def redirect(location: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return page(b"", 302, location=location)
