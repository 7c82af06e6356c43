from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.net_request import (
    MAX_HEAD_BYTES,
    RefusedRequestError,
    Request,
    read_request,
)

ALLOWED = frozenset({"api.example.org"})


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def status_of(untrusted_head: bytes) -> int:
    with pytest.raises(RefusedRequestError) as refusal:
        read_request(untrusted_head, ALLOWED)
    return refusal.value.status


def test_a_tunnel() -> None:
    asked = head("CONNECT API.example.org.:443 HTTP/1.1", "Host: whatever", "X: y")
    request = read_request(asked, ALLOWED)
    assert request == Request("api.example.org", 443)
    assert request.is_tunnel


def test_a_request_is_written_anew() -> None:
    asked = head(
        "POST http://api.example.org:80/a%20b?c=d HTTP/1.1",
        "Host: elsewhere.example",
        "Proxy-Authorization: Basic x",
        "Proxy-Connection: keep-alive",
        "Connection: close, X-Drop,  content-length",
        "X-Drop: 1",
        "X-Keep:   two words\t",
        "Upgrade: websocket",
        "TE: trailers",
        "Expect: 100-continue",
        "X-Forwarded-For: 1.2.3.4",
        "Content-Length: 7",
    )
    request = read_request(asked, ALLOWED)
    assert (request.host, request.port, request.body_bytes) == ("api.example.org", 80, 7)
    assert not request.is_tunnel
    assert request.head == head(
        "POST /a%20b?c=d HTTP/1.1",
        "Host: api.example.org",
        "X-Keep: two words",
        "Content-Length: 7",
        "Connection: close",
    )


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("http://api.example.org", b"/"),
        ("HTTP://api.example.org?q", b"/?q"),
        ("http://api.example.org/http://x/", b"/http://x/"),
    ],
)
def test_the_path_goes_on(target: str, path: bytes) -> None:
    request = read_request(head(f"GET {target} HTTP/1.1", "Host: x"), ALLOWED)
    assert request.head.startswith(b"GET " + path + b" HTTP/1.1\r\n")


def test_an_old_client_needs_no_host_field() -> None:
    assert read_request(head("GET http://api.example.org/ HTTP/1.0"), ALLOWED).body_bytes == 0


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("other.example.org:443", 403),
        ("api.example.org:80", 403),
        ("api.example.org:22", 403),
        ("api.example.org:", 403),
        ("api.example.org", 403),
        ("api.example.org:443:443", 403),
        ("api.example.org:+443", 403),
        ("api.example.org:00443", 403),
        ("x@api.example.org:443", 403),
        ("[::ffff:127.0.0.1]:443", 403),
        ("127.0.0.1:443", 403),
        ("127.1:443", 403),
        ("api.example.org.evil.example:443", 403),
        ("api.example.org%2e:443", 403),
        ("api.example.org\xff:443", 400),
        ("http://api.example.org:443/", 403),
    ],
)
def test_tunnels_that_are_refused(target: str, status: int) -> None:
    assert status_of(head(f"CONNECT {target} HTTP/1.1", "Host: api.example.org")) == status


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://other.example.org/", 403),
        ("http://sub.api.example.org/", 403),
        ("http://api.example.org:443/", 400),
        ("http://api.example.org:8080/", 400),
        ("http://api.example.org:080/", 400),
        ("http://x:y@api.example.org/", 400),
        ("http://api.example.org@127.0.0.1/", 400),
        ("http://api.example.org\\@127.0.0.1/", 400),
        ("http://api.example.org\\.evil.example/", 403),
        ("http://127.0.0.1/", 403),
        ("http://[::1]/", 400),
        ("http://2130706433/", 403),
        ("https://api.example.org/", 400),
        ("ftp://api.example.org/", 400),
        ("file:///etc/passwd", 400),
        ("//api.example.org/", 400),
        ("/", 400),
        ("*", 400),
        ("http:///", 400),
        ("http://api.example.org/#part", 400),
    ],
)
def test_targets_that_are_refused(target: str, status: int) -> None:
    assert status_of(head(f"GET {target} HTTP/1.1", "Host: api.example.org")) == status


GOOD = "GET http://api.example.org/ HTTP/1.1"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((GOOD,), 400),  # no Host
        ((GOOD, "Host: a", "Host: b"), 400),
        ((GOOD, "Host: a", "Transfer-Encoding: chunked"), 411),
        ((GOOD, "Host: a", "Transfer-Encoding: chunked", "Content-Length: 3"), 411),
        ((GOOD, "Host: a", "transfer-encoding: identity"), 411),
        ((GOOD, "Host: a", "Content-Length: 3", "Content-Length: 3"), 400),
        ((GOOD, "Host: a", "Content-Length: 3, 3"), 400),
        ((GOOD, "Host: a", "Content-Length: +3"), 400),
        ((GOOD, "Host: a", "Content-Length: -1"), 400),
        ((GOOD, "Host: a", "Content-Length: 0x3"), 400),
        ((GOOD, "Host: a", "Content-Length: "), 400),
        ((GOOD, "Host: a", "Content-Length: 9999999999999"), 413),
        ((GOOD, "Host: a", "Content-Length : 3"), 400),
        ((GOOD, "Host: a", "X: y", " folded: z"), 400),
        ((GOOD, "Host: a", "\tfolded"), 400),
        ((GOOD, "Host: a", "no colon"), 400),
        ((GOOD, "Host: a", ": no name"), 400),
        ((GOOD, "Host: a", "X: a\nTransfer-Encoding: chunked"), 400),
        ((GOOD, "Host: a", "X: a\rTransfer-Encoding: chunked"), 400),
        ((GOOD, "Host: a", "X: a\0b"), 400),
        ((GOOD + "\n", "Host: a"), 400),
        ((" " + GOOD, "Host: a"), 400),
        ((GOOD.replace("1.1", "2.0"), "Host: a"), 400),
        ((GOOD.replace(" ", "  ", 1), "Host: a"), 400),
        ((GOOD.replace("GET", "G\tT"), "Host: a"), 400),
        ((GOOD.replace("GET", "TRACE"), "Host: a"), 405),
        (("CONNECT api.example.org:443 HTTP/1.1", "Content-Length: 3"), 400),
        (("CONNECT api.example.org:443 HTTP/1.1", "Transfer-Encoding: chunked"), 400),
        ((GOOD, "Host: a", *["X: y"] * 100), 431),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(lines: tuple[str, ...], status: int) -> None:
    assert status_of(head(*lines)) == status


def test_a_head_has_an_end_and_only_one_kind_of_line() -> None:
    assert status_of(head(GOOD, "Host: a")[:-2]) == 400
    assert status_of(head(GOOD, "Host: a").replace(b"\r\n", b"\n")) == 400
    assert status_of(b"") == 400


LINES = st.lists(
    st.sampled_from([
        GOOD, "Host: a", "Content-Length: 3", "Transfer-Encoding: chunked", "Connection: host, x",
        "X: y", "CONNECT api.example.org:443 HTTP/1.1", "Host", "\n", " ", "GET / HTTP/1.1",
    ])
    | st.text(st.characters(max_codepoint=255), max_size=20),
    max_size=6,
)  # fmt: skip


@pytest.mark.parametrize("blank", [" ", "\t", " \t"])
def test_a_field_of_blanks_is_judged_in_one_pass(blank: str) -> None:
    blanks = blank * (MAX_HEAD_BYTES // 2 // len(blank))  # in three passes in one another: hours
    assert status_of(head("GET http://api.example.org/ HTTP/1.1", f"A:{blanks}\x01")) == 400


@given(LINES)
def test_whatever_comes_only_the_named_host_is_reached(lines: list[str]) -> None:
    try:
        request = read_request(head(*lines), ALLOWED)
    except RefusedRequestError:
        return
    assert request.host in ALLOWED
    assert request.port == (443 if request.is_tunnel else 80)
    if not request.is_tunnel:
        first, *rest = request.head.split(b"\r\n")
        assert first.endswith(b" HTTP/1.1")
        assert rest[-2:] == [b"", b""]
        names = [line.partition(b":")[0].lower() for line in rest[:-2]]
        assert names.count(b"host") == names.count(b"connection") == 1
        assert names.count(b"content-length") <= 1
        assert b"transfer-encoding" not in names
        assert not any(b"\n" in line or b"\r" in line for line in rest)
