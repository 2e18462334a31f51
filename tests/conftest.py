"""Servers that tests of several rooms need, started by the tests themselves."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch_servers import Cluster, Unavailable
from hypothesis import HealthCheck, settings

# By the clock, an example is slow whenever the machine does something else; hypothesis knows that of CI and
# leaves its deadline off there. What must be quick is measured by tests of their own, in processor time.
# What it draws is the same each time: a change is refused for what it changed. `make soak` draws anew.
settings.register_profile(
    "catalogue", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "soak", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "catalogue"))

#: Seconds for PostgreSQL to make its cluster, to start or to stop.
SERVER_SECONDS = 60


def unavailable(reason: str) -> None:
    """Skip where a person works, fail where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _postgresql_programs() -> Path | None:
    """The folder with `initdb`: Debian keeps it off the PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb") or ""]
    return Path(found[-1]).parent if found[-1] else None


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; whom to become, None to stay who we are."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    unavailable("PostgreSQL needs a user other than root, and there is neither postgres nor nobody")
    return None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL cluster of its own, on a socket in a temporary folder; yields that folder."""
    programs = _postgresql_programs()
    if programs is None:
        unavailable("no PostgreSQL server here: install Debian's package `postgresql`")
        return
    user = _unprivileged_user()
    folder = tempfile.mkdtemp(prefix="catalogue-postgresql-")
    cluster = os.path.join(folder, "cluster")
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(programs / program), *arguments],
            user=user,
            cwd=folder,
            timeout=SERVER_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == 0, f"{program} failed: {(done.stdout or b'').decode()[-500:]}"

    try:
        run("initdb", "--pgdata", cluster, "--username", "catalogue", "--auth", "trust", "--encoding", "UTF8")
        options = f"-k {folder} -c listen_addresses='' -c max_connections=200"
        log = os.path.join(folder, "log")
        run("pg_ctl", "start", "--wait", "--pgdata", cluster, "--log", log, "--options", options)
        try:
            yield folder
        finally:
            run("pg_ctl", "stop", "--wait", "--pgdata", cluster, "--mode", "fast")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_server: str) -> str:
    """The URL of a new, empty database."""
    import psycopg

    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(
        host=postgresql_server, user="catalogue", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql+psycopg://catalogue@/{name}?host={postgresql_server}"


def _cluster(size: int) -> Iterator[Cluster]:
    try:
        cluster = Cluster(size)
    except Unavailable as reason:
        unavailable(str(reason))
        return
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="session")
def elasticsearch_node() -> Iterator[Cluster]:
    """One Elasticsearch server, with TLS and security."""
    yield from _cluster(1)


@pytest.fixture(scope="session")
def elasticsearch_cluster() -> Iterator[Cluster]:
    """Three Elasticsearch servers that are one cluster, with TLS and security."""
    yield from _cluster(3)
