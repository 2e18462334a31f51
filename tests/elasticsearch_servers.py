"""Real Elasticsearch servers on loopback, started by the tests: security and TLS on, small heaps.

`.ci/install-elasticsearch` puts the program where `program()` looks.
"""

from __future__ import annotations

import base64
import glob
import hashlib
import ipaddress
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from elasticsearch import ApiError, Elasticsearch, TransportError

from catalogue.lifeline import end_with_parent
from search.elastic_connection import ElasticPlace

VERSION = "9.5.3"
#: Seconds for servers to start and to find each other, on a machine that is busy with other things.
START_SECONDS = 120
JAVA = 21
#: Small, and sooner up: what the second compiler would win in minutes, these servers don't live to see.
JAVA_OPTIONS = "-Xms512m -Xmx512m -XX:TieredStopAtLevel=1"

#: Who may do everything, for the tests themselves; and who may do what docs/operator.md asks for.
ADMIN, OPERATOR = "admin", "catalogue"
PASSWORD = secrets.token_hex(12)
ROLES = """
catalogue:
  indices:
    - names: ["catalogue-*"]
      privileges: ["read", "write", "manage"]
"""
_ITERATIONS = 1_000


class Unavailable(Exception):
    """No server can be started here; the message says what is missing."""


def program() -> Path:
    """The unpacked distribution."""
    cache = Path("/var/cache") if os.getuid() == 0 else Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    folder = cache.expanduser() / "federation-catalogue" / f"elasticsearch-{VERSION}"
    if not (folder / "bin" / "elasticsearch").exists():
        raise Unavailable("no Elasticsearch here: run .ci/install-elasticsearch")
    return folder


def java_home() -> Path:
    """A Java that Elasticsearch runs on."""
    named = [os.environ.get(name, "") for name in ("ES_JAVA_HOME", "JAVA_HOME")]
    for home in (*named, *sorted(glob.glob("/usr/lib/jvm/*"), reverse=True)):
        release = Path(home) / "release"
        if home and release.exists():
            found = re.search(r'JAVA_VERSION="(\d+)', release.read_text())
            if found and int(found[1]) >= JAVA:
                return Path(home)
    raise Unavailable(f"Elasticsearch needs Java {JAVA} or newer: set ES_JAVA_HOME")


def _free_ports(count: int) -> list[int]:
    with_ports = [socket.socket() for _ in range(count)]
    try:
        for one in with_ports:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in with_ports]
    finally:
        for one in with_ports:
            one.close()


@dataclass(slots=True)
class Node:
    """One server of a cluster."""

    name: str
    config: Path
    http_port: int
    process: subprocess.Popen[bytes] | None = None


class Cluster:
    """`size` servers in a temporary folder. Start them with `start`, end them with `close`."""

    def __init__(self, size: int) -> None:
        self._program, self._java = program(), java_home()
        # Root may not run it; nobody owns nothing, so what it needs is given to it.
        self._user = "nobody" if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="catalogue-elasticsearch-"))
        self.folder.chmod(0o755)
        self.ca_file = self.folder / "ca.pem"
        _write_certificates(self.folder)
        ports = _free_ports(2 * size)
        names = [f"node-{number}" for number in range(size)]
        self.nodes = [
            Node(name, self.folder / name, http) for name, http in zip(names, ports[:size], strict=True)
        ]
        seeds = [f"127.0.0.1:{port}" for port in ports[size:]]
        for node, transport in zip(self.nodes, ports[size:], strict=True):
            self._configure(node, transport, seeds)

    @property
    def urls(self) -> tuple[str, ...]:
        """The servers' addresses."""
        return tuple(f"https://127.0.0.1:{node.http_port}" for node in self.nodes)

    def place(self, prefix: str, *, password: str = PASSWORD, shards: int = 1) -> ElasticPlace:
        """How the program is told of this cluster."""
        return ElasticPlace(
            self.urls, prefix, user=OPERATOR, password=password, ca_file=str(self.ca_file), shards=shards
        )

    def indexes(self, prefix: str) -> list[str]:
        """The indexes there are under a prefix."""
        with self.client() as client:
            return sorted(client.indices.get(index=f"{prefix}-*", expand_wildcards="all"))

    def forget(self, prefix: str) -> None:
        """Remove a prefix's indexes."""
        for index in self.indexes(prefix):
            with self.client() as client:
                client.indices.delete(index=index)

    def environment(self, prefix: str) -> dict[str, str]:
        """The settings of a node that searches here."""
        return {
            "CATALOGUE_SEARCH_URL": ",".join(self.urls),
            "CATALOGUE_SEARCH_USER": OPERATOR,
            "CATALOGUE_SEARCH_PASSWORD": PASSWORD,
            "CATALOGUE_SEARCH_CA_FILE": str(self.ca_file),
            "CATALOGUE_SEARCH_INDEX": prefix,
        }

    def client(self) -> Elasticsearch:
        """A client that may do everything."""
        return Elasticsearch(
            list(self.urls), basic_auth=(ADMIN, PASSWORD), ca_certs=str(self.ca_file), request_timeout=30
        )

    def start(self, *nodes: Node) -> None:
        """Start these servers (all if none is named) and wait until they are one cluster."""
        parent = os.getpid()
        for node in nodes or self.nodes:
            with (node.config / "output.log").open("ab") as output:
                node.process = subprocess.Popen(
                    [str(self._program / "bin" / "elasticsearch")],
                    env={
                        "PATH": os.environ["PATH"],
                        "ES_JAVA_HOME": str(self._java),
                        "ES_JAVA_OPTS": JAVA_OPTIONS,
                        "ES_PATH_CONF": str(node.config),
                        "ES_TMPDIR": str(node.config / "tmp"),
                        "HOME": str(node.config),
                    },
                    user=self._user,
                    group="nogroup" if self._user else None,
                    cwd=node.config,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    # A test run that is killed must not leave servers behind: they end with their launcher.
                    preexec_fn=lambda: end_with_parent(parent),
                )
        self._wait()

    def _wait(self) -> None:
        running = [node for node in self.nodes if node.process is not None]
        deadline = time.monotonic() + START_SECONDS
        with self.client() as client:
            asking = client.options(request_timeout=5)
            while True:
                for node in running:
                    if node.process is not None and node.process.poll() is not None:
                        raise Unavailable(f"Elasticsearch ended by itself:\n{self.output(node)}")
                try:
                    health = asking.cluster.health(wait_for_nodes=str(len(running)), timeout="2s")
                    if not health["timed_out"] and self._answer():
                        return
                except (TransportError, ApiError):
                    time.sleep(0.2)
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"no Elasticsearch within {START_SECONDS} s:\n{self.output(running[0])}"
                    )

    def _answer(self) -> bool:
        """Whether every running server answers for itself."""
        for node in self.nodes:
            if node.process is not None:
                with socket.socket() as one:
                    if one.connect_ex(("127.0.0.1", node.http_port)):
                        return False
        return True

    def kill(self, node: Node) -> None:
        """End a server at once."""
        if node.process is not None:
            self._signal(node.process, signal.SIGKILL)
            node.process.wait(30)
            node.process = None

    def hang(self, node: Node) -> None:
        """Let a server take connections and answer none."""
        if node.process is not None:
            self._signal(node.process, signal.SIGSTOP)

    def wake(self, node: Node) -> None:
        """Let it go on."""
        if node.process is not None:
            self._signal(node.process, signal.SIGCONT)

    def close(self) -> None:
        """End all servers and remove what they wrote."""
        for node in self.nodes:
            self.kill(node)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _signal(process: subprocess.Popen[bytes], signum: int) -> None:
        # The launcher and the server it starts are a group of their own.
        try:
            os.killpg(process.pid, signum)
        except ProcessLookupError:
            return

    @staticmethod
    def output(node: Node) -> str:
        """The last of what a server has written."""
        file = node.config / "output.log"
        return file.read_text(errors="replace")[-3000:] if file.exists() else ""

    def _configure(self, node: Node, transport_port: int, seeds: list[str]) -> None:
        shutil.copytree(self._program / "config", node.config)
        (node.config / "tmp").mkdir()
        for name in ("node.pem", "node.key", "ca.pem"):
            shutil.copy(self.folder / name, node.config / name)
        together = (
            "discovery.type: single-node"
            if len(self.nodes) == 1
            else f"discovery.seed_hosts: {seeds}\n"
            f"cluster.initial_master_nodes: {[one.name for one in self.nodes]}"
        )
        tls = "\n".join(
            f"xpack.security.{layer}.ssl.{line}"
            for layer in ("http", "transport")
            for line in (
                "enabled: true",
                "certificate: node.pem",
                "key: node.key",
                "certificate_authorities: [ca.pem]",
            )
        )
        (node.config / "elasticsearch.yml").write_text(
            f"""
cluster.name: catalogue-tests
node.name: {node.name}
network.host: 127.0.0.1
http.port: {node.http_port}
transport.port: {transport_port}
path.data: {node.config / "data"}
path.logs: {node.config / "logs"}
cluster.routing.allocation.disk.threshold_enabled: false
xpack.security.enabled: true
xpack.security.autoconfiguration.enabled: false
{tls}
{together}
"""
        )
        (node.config / "roles.yml").write_text(ROLES)
        (node.config / "users").write_text(
            "".join(f"{user}:{_password_hash(PASSWORD)}\n" for user in (ADMIN, OPERATOR))
        )
        (node.config / "users_roles").write_text(f"superuser:{ADMIN}\ncatalogue:{OPERATOR}\n")
        if self._user:
            for path in (node.config, *node.config.rglob("*")):
                shutil.chown(path, self._user, "nogroup")


def _password_hash(password: str) -> str:
    """The form of Elasticsearch's `users` file: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(32)
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS, dklen=32)
    return f"{{PBKDF2}}{_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


def _write_certificates(folder: Path) -> None:
    """An authority of our own (ca.pem) and one certificate for 127.0.0.1 (node.pem, node.key)."""
    now = datetime.now(UTC)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests' authority")])

    def builder(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(authority_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
        )

    authority_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    authority = (
        builder(authority_name, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(authority_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    node = (
        builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")]), key.public_key())
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id), critical=False
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    (folder / "node.pem").write_bytes(node.public_bytes(pem))
    (folder / "node.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
