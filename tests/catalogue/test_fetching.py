"""The way to the outside, against real TLS servers on this machine, honest and hostile."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from https_servers import HOST, NOW, Authority, Web, page, redirect

from catalogue.addresses import is_public
from catalogue.fetching import MAX_REDIRECTS, Form, WebFetcher
from credentials.resolving import Fetched, FetchFailed, WebResolver


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def web(authority: Authority) -> Iterator[Web]:
    served = Web(authority)
    yield served
    served.close()


def refusal(call: Callable[[], object]) -> FetchFailed:
    with pytest.raises(FetchFailed) as failure:
        call()
    return failure.value


# What an honest server gets and gives


def test_body_media_type_address_and_time_are_handed_back(web: Web) -> None:
    web.pages["/a?b=c"] = page(b'{"a":1}', content_type="Application/JSON; charset=utf-8")
    assert web.get("/a?b=c") == Fetched(b'{"a":1}', "application/json", web.url("/a?b=c"), NOW)


def test_connection_goes_to_the_checked_address_under_the_host_name(web: Web) -> None:
    # docs.example exists for the injected resolver only: connecting by name would fail.
    web.pages["/"] = page(b"x")
    web.get("/")
    assert web.lookups == [HOST]
    assert web.names == [HOST]
    assert web.seen[0][1]["host"] == f"{HOST}:{web.port}"


def test_request_carries_nothing_from_its_surroundings(
    web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text(f"machine {HOST} login someone password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    web.pages["/"] = page(b"x", set_cookie="a=b")
    fetcher = web.fetcher()
    for _ in range(2):
        fetcher.fetch(web.url("/"), accept="text/plain", max_bytes=10)
    for _, headers in web.seen:
        assert sorted(headers) == ["accept", "accept-encoding", "connection", "host", "user-agent"]
        assert headers["accept-encoding"] == "identity"


def test_second_address_is_tried_when_the_first_takes_no_connection(web: Web) -> None:
    web.addresses[HOST] = ["127.0.0.9", "127.0.0.1"]
    web.pages["/"] = page(b"x")
    assert web.get("/").body == b"x"


def test_did_document_is_resolved_over_https(web: Web) -> None:
    did = f"did:web:{HOST}%3A{web.port}:a"
    web.pages["/a/did.json"] = page(b'{"id": "%s"}' % did.encode())
    resolved = WebResolver(web.fetcher()).resolve(did)
    assert (resolved.obtained, resolved.fetched_at, resolved.document.id) == ("https", NOW, did)


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1:0:0:80ff:fffe",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "3fff::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "5f00::1",
    ],
)
def test_special_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "100.128.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255", "2a00:1450::1", "2606:4700::1"],
)
def test_ordinary_address_is_public(address: str) -> None:
    assert is_public(address)


def test_no_special_address_is_global_for_the_standard_library_alone() -> None:
    # The other way round the library may be more generous; we must never be.
    for first in range(256):
        address = f"{first}.7.7.7"
        assert not is_public(address) or ipaddress.ip_address(address).is_global


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["fe80::1%eth0"], ["::1"]])
def test_host_with_any_address_that_is_not_public_is_refused(web: Web, addresses: list[str]) -> None:
    web.addresses[HOST] = addresses
    failure = refusal(lambda: web.fetcher("other.example").fetch(web.url("/"), accept="*/*", max_bytes=1))
    assert "not public" in failure.reason
    assert not failure.temporary
    assert web.seen == []
    assert not any(address in str(failure) for address in addresses)


def test_name_is_looked_up_once_so_that_a_second_answer_counts_for_nothing(web: Web) -> None:
    web.pages["/"] = page(b"x")
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    def rebinding(host: str, port: int, **kwargs: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers)[0], port))]

    fetcher = WebFetcher(
        allowed_hosts=frozenset({HOST}), ca_file=str(web.authority.file), resolve=rebinding, total_seconds=5
    )
    assert fetcher.fetch(web.url("/"), accept="*/*", max_bytes=10).body == b"x"
    assert next(answers) == ["10.0.0.1"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://docs.example/", "only https"),
        ("ftp://docs.example/", "only https"),
        ("file:///etc/passwd", "only https"),
        ("https://user:secret@docs.example/", "user-info"),
        ("https://docs.example@inside.example/", "user-info"),
        ("https://127.0.0.1/", "not a domain name"),
        ("https://[::1]/", "not a domain name"),
        ("https://2130706433/", "not a domain name"),
        ("https://0x7f.1/", "not a domain name"),
        ("https://127.1/", "not a domain name"),
        ("https://docs.example./", "not a domain name"),
        ("https://docs.example:22/", "port 22"),
        ("https://docs.example:25/", "port 25"),
        ("https://docs.example:0/", "user-info, or no host or port"),
        ("https://docs.example:99999/", "not an acceptable URL"),
        ("https:///path", "no host"),
        ("https://docs.example\\@inside.example/", "not an acceptable URL"),
        ("https://docs.example/ x", "not an acceptable URL"),
        ("https://docs.example/\r\nHost: x", "not an acceptable URL"),
        ("https://döcs.example/", "not an acceptable URL"),
        ("https://docs.example/" + "a" * 9000, "not an acceptable URL"),
    ],
)
def test_url_that_is_not_plain_https_to_a_name_is_refused(web: Web, url: str, reason: str) -> None:
    failure = refusal(lambda: web.fetcher("other.example").fetch(url, accept="*/*", max_bytes=1))
    assert reason in failure.reason
    assert not failure.temporary
    assert web.lookups == []


def test_allowed_host_may_be_private_but_only_at_its_port(web: Web) -> None:
    web.pages["/"] = page(b"x")
    assert web.fetcher(HOST).fetch(web.url("/"), accept="*/*", max_bytes=9).body == b"x"
    fetcher = web.fetcher(f"{HOST}:{web.port + 1}")
    assert "not public" in refusal(lambda: fetcher.fetch(web.url("/"), accept="*/*", max_bytes=9)).reason


def test_name_that_does_not_resolve_may_do_so_later(web: Web) -> None:
    fetcher = web.fetcher()
    failure = refusal(lambda: fetcher.fetch("https://nobody.example/", accept="*/*", max_bytes=1))
    assert failure.temporary


# Redirects


def test_redirect_is_followed_and_the_final_address_handed_back(web: Web) -> None:
    web.pages["/a"] = redirect("/b?c=d")
    web.pages["/b?c=d"] = page(b"moved")
    fetched = web.get("/a")
    assert (fetched.body, fetched.url) == (b"moved", web.url("/b?c=d"))


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://docs.example/", "only https"),
        ("https://inside.example/", "not public"),
        ("https://169.254.169.254/latest/meta-data/", "not a domain name"),
        ("https://user@docs.example/", "user-info"),
        ("file:///etc/passwd", "only https"),
        ("", "redirects to itself"),
    ],
)
def test_redirect_to_where_no_fetch_may_go_is_refused(web: Web, location: str, reason: str) -> None:
    web.pages["/"] = redirect(location)
    assert reason in refusal(lambda: web.get("/")).reason
    assert len(web.seen) == 1


def test_each_hop_is_looked_up_and_checked_again(web: Web) -> None:
    web.pages["/"] = redirect(web.url("/b", "moved.example"))
    failure = refusal(lambda: web.get("/"))
    assert web.lookups == [HOST, "moved.example"]
    assert "certificate" in failure.reason


def test_redirects_end_after_three(web: Web) -> None:
    for hop in range(6):
        web.pages[f"/{hop}"] = redirect(f"/{hop + 1}")
    assert "redirects" in refusal(lambda: web.get("/0")).reason
    assert len(web.seen) == MAX_REDIRECTS + 1


# TLS


def test_certificate_of_another_name_is_refused(authority: Authority) -> None:
    web = Web(authority, "other.example")
    try:
        failure = refusal(lambda: web.get("/"))
    finally:
        web.close()
    assert "certificate" in failure.reason
    assert web.seen == []


def test_certificate_of_an_unknown_authority_is_refused(web: Web) -> None:
    assert "certificate" in refusal(lambda: web.get("/", trusted=False)).reason
    assert web.seen == []


def test_server_without_tls_is_refused(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def greet() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        url = f"https://{HOST}:{plain.getsockname()[1]}/"
        failure = refusal(lambda: web.fetcher(HOST).fetch(url, accept="*/*", max_bytes=1))
        thread.join()
    assert "TLS" in failure.reason


# Bounds


def test_body_of_exactly_the_limit_is_taken_and_one_byte_more_refused(web: Web) -> None:
    web.pages["/"] = page(b"x" * 1000)
    assert len(web.get("/", max_bytes=1000).body) == 1000
    assert "larger than 999" in refusal(lambda: web.get("/", max_bytes=999)).reason


def test_endless_body_is_cut_off(web: Web) -> None:
    sent = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        for _ in range(100_000):
            handler.wfile.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
            sent.append(1)

    web.pages["/"] = endless
    assert "larger" in refusal(lambda: web.get("/", max_bytes=100_000)).reason
    assert len(sent) < 10_000


def test_lying_content_length_is_refused(web: Web) -> None:
    web.pages["/"] = page(b"short", content_length="999", connection="close")
    failure = refusal(lambda: web.get("/"))
    assert failure.temporary
    web.pages["/"] = page(b"", content_length="9" * 5000)
    assert "larger" in refusal(lambda: web.get("/")).reason


def test_compressed_answer_is_refused_unread(web: Web) -> None:
    bomb = gzip.compress(b"\0" * 1_000_000)
    web.pages["/"] = page(bomb, content_encoding="gzip")
    assert "compressed" in refusal(lambda: web.get("/", max_bytes=10_000)).reason


@pytest.mark.parametrize(
    ("status", "temporary"), [(404, False), (410, False), (204, False), (429, True), (503, True)]
)
def test_answer_other_than_200_is_refused(web: Web, status: int, temporary: bool) -> None:
    web.pages["/"] = page(b"", status)
    failure = refusal(lambda: web.get("/"))
    assert str(status) in failure.reason
    assert (failure.temporary, failure.status) == (temporary, status)


def drip_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        handler.wfile.write(b"x-%d: y\r\n" % number)
        time.sleep(0.05)


def silence(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2)


@pytest.mark.parametrize("hostile", [drip_body, drip_headers, silence])
def test_slow_server_ends_at_the_deadline(
    web: Web, hostile: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    web.pages["/"] = hostile
    start = time.monotonic()
    failure = refusal(lambda: web.get("/", total_seconds=0.5))
    assert time.monotonic() - start < 1.5
    assert "too long" in failure.reason
    assert failure.temporary


def test_deadline_spans_all_redirects(web: Web) -> None:
    def slow(to: str) -> Callable[[BaseHTTPRequestHandler], None]:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            time.sleep(0.3)
            redirect(to)(handler)

        return answer

    web.pages |= {"/a": slow("/b"), "/b": slow("/c"), "/c": slow("/d"), "/d": page(b"x")}
    start = time.monotonic()
    assert "too long" in refusal(lambda: web.get("/a", total_seconds=0.5)).reason
    assert time.monotonic() - start < 1.5


def test_handshake_that_never_ends_is_cut_off(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://{HOST}:{mute.getsockname()[1]}/"
        start = time.monotonic()
        fetcher = web.fetcher(HOST, total_seconds=0.5)
        failure = refusal(lambda: fetcher.fetch(url, accept="*/*", max_bytes=1))
    assert time.monotonic() - start < 1.5
    assert "too long" in failure.reason


def test_look_up_that_never_ends_is_left_behind(web: Web) -> None:
    release = threading.Event()

    def stuck(host: str, port: int, **kwargs: Any) -> list[tuple[Any, ...]]:
        release.wait(5)
        return []

    fetcher = WebFetcher(resolve=stuck, total_seconds=0.2)
    start = time.monotonic()
    failure = refusal(lambda: fetcher.fetch("https://slow.example/", accept="*/*", max_bytes=1))
    release.set()
    assert time.monotonic() - start < 1.0
    assert "took too long" in failure.reason
    assert failure.temporary


# Plain http, for what is signed


@pytest.fixture
def plain(authority: Authority) -> Iterator[Web]:
    served = Web(authority, plain=True)
    yield served
    served.close()


def test_signed_data_are_fetched_over_plain_http_and_nothing_else_is(plain: Web) -> None:
    plain.pages["/a.crl?b"] = page(b"list", content_type="application/pkix-crl")
    fetched = plain.get("/a.crl?b", signed=True)
    assert fetched == Fetched(b"list", "application/pkix-crl", plain.url("/a.crl?b"), NOW)
    assert plain.lookups == [HOST]
    (_, headers) = plain.seen[0]
    assert headers["host"] == f"{HOST}:{plain.port}"
    assert sorted(headers) == ["accept", "accept-encoding", "connection", "host", "user-agent"]
    assert "only https is" in refusal(lambda: plain.get("/a.crl?b")).reason
    assert len(plain.seen) == 1


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::1"], ["169.254.169.254"]])
def test_plain_host_with_any_address_that_is_not_public_is_refused(plain: Web, addresses: list[str]) -> None:
    plain.addresses[HOST] = addresses
    fetcher = plain.fetcher("other.example")
    url = plain.url("/")
    failure = refusal(lambda: fetcher.fetch(url, accept="*/*", max_bytes=1, signed=True))
    assert "not public" in failure.reason
    assert plain.seen == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ldap://docs.example/", "only https and http"),
        ("file:///etc/passwd", "only https and http"),
        ("http://127.0.0.1/", "not a domain name"),
        ("http://docs.example:22/", "port 22"),
        ("http://docs.example:443/", "port 443"),
        ("http://user@docs.example/", "user-info"),
    ],
)
def test_url_of_signed_data_that_is_no_web_page_is_refused(plain: Web, url: str, reason: str) -> None:
    fetcher = plain.fetcher("other.example")
    assert reason in refusal(lambda: fetcher.fetch(url, accept="*/*", max_bytes=1, signed=True)).reason
    assert plain.lookups == []


def test_redirect_between_plain_and_tls_is_followed_for_signed_data_only(web: Web, plain: Web) -> None:
    allowed = (f"{HOST}:{web.port}", f"{HOST}:{plain.port}")
    web.pages["/"] = redirect(plain.url("/list"))
    plain.pages["/"] = redirect(web.url("/list"))
    for served in (web, plain):
        served.pages["/list"] = page(b"x")
    fetcher = web.fetcher(*allowed)
    for url in (web.url("/"), plain.url("/")):
        assert fetcher.fetch(url, accept="*/*", max_bytes=9, signed=True).body == b"x"
    assert "only https" in refusal(lambda: fetcher.fetch(web.url("/"), accept="*/*", max_bytes=9)).reason


def test_redirect_of_signed_data_inside_is_refused(plain: Web) -> None:
    plain.pages["/"] = redirect("http://inside.example/")
    assert "not public" in refusal(lambda: plain.get("/", signed=True)).reason
    for hop in range(6):
        plain.pages[f"/{hop}"] = redirect(f"/{hop + 1}")
    assert "redirects" in refusal(lambda: plain.get("/0", signed=True)).reason


@pytest.mark.parametrize("hostile", [drip_body, drip_headers, silence])
def test_slow_plain_server_ends_at_the_deadline(
    plain: Web, hostile: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    plain.pages["/"] = hostile
    start = time.monotonic()
    failure = refusal(lambda: plain.get("/", total_seconds=0.5, signed=True))
    assert time.monotonic() - start < 1.5
    assert "too long" in failure.reason


def test_signed_data_are_waited_for_less_long(plain: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.fetching.SIGNED_SECONDS", 0.3)
    plain.pages["/"] = silence
    start = time.monotonic()
    assert "too long" in refusal(lambda: plain.get("/", signed=True)).reason
    assert time.monotonic() - start < 1.5


def test_large_plain_answer_is_cut_off(plain: Web) -> None:
    plain.pages["/"] = page(b"x" * 1001)
    assert "larger" in refusal(lambda: plain.get("/", signed=True)).reason


# What proves itself, from peers


def test_what_proves_itself_comes_over_plain_http_from_named_hosts_only(plain: Web) -> None:
    plain.pages["/log"] = page(b"note", content_type="text/plain")
    assert plain.prove("/log").body == b"note"
    assert "only https" in refusal(lambda: plain.prove("/log", "other.example")).reason
    assert len(plain.seen) == 1


def test_what_proves_itself_comes_over_https_from_anywhere(web: Web) -> None:
    web.pages["/log"] = page(b"note")
    assert web.prove("/log").body == b"note"
    assert "not public" in refusal(lambda: web.prove("/log", "other.example")).reason


def test_redirect_of_what_proves_itself_to_plain_http_elsewhere_is_refused(web: Web, plain: Web) -> None:
    web.pages["/"] = redirect(plain.url("/log"))
    plain.pages["/log"] = page(b"x")
    assert "only https" in refusal(lambda: web.prove("/")).reason
    assert web.prove("/", f"{HOST}:{web.port}", f"{HOST}:{plain.port}").body == b"x"


def test_form_is_posted_with_its_media_type(web: Web) -> None:
    web.pages["/blobs"] = page(b"{}")
    assert web.prove("/blobs", post=Form(b'{"digests":[]}')).body == b"{}"
    assert web.posted == [b'{"digests":[]}']
    (_, headers) = web.seen[0]
    assert (headers["content-type"], headers["content-length"]) == ("application/json", "14")


def test_form_is_never_sent_on_by_a_redirect(web: Web) -> None:
    web.pages["/blobs"] = redirect("/elsewhere")
    failure = refusal(lambda: web.prove("/blobs", post=Form(b"{}")))
    assert ("redirects a POST" in failure.reason, failure.status) == (True, 302)
    assert [path for path, _ in web.seen] == ["/blobs"]


@pytest.mark.parametrize("hostile", [drip_body, silence])
def test_slow_answer_to_a_form_ends_at_the_deadline(
    plain: Web, hostile: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    plain.pages["/"] = hostile
    start = time.monotonic()
    fetcher = plain.fetcher(total_seconds=0.5)
    url = plain.url("/")
    failure = refusal(
        lambda: fetcher.fetch(url, accept="*/*", max_bytes=9999, self_proving=True, post=Form(b"{}"))
    )
    assert "too long" in failure.reason
    assert time.monotonic() - start < 1.5
