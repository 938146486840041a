"""Which addresses are public: the list of tricks, and that every connection goes to what was checked."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import httpcore
import pytest

from core.media import fetching
from core.media.rules import NotTaken


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",  # noqa: S104 - to be refused
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "ff02::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2001:0:7f00:1::",
        "192.0.0.192",
        "168.63.129.16",
        "64:ff9b:1::7f00:1",
        "64:ff9b::a83f:8110",
        "3fff::1",
        "fec0::1",
    ],
)
def test_what_is_not_of_the_internet_at_large_is_not_public(address: str) -> None:
    assert not fetching.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450::1"])
def test_what_is_of_the_internet_at_large_is_public(address: str) -> None:
    assert fetching.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "file://localhost/etc/passwd",
        "ftp://example.com/a.jpg",
        "gopher://example.com/",
        "data:image/png;base64,AAAA",
        "//example.com/a.jpg",
        "example.com/a.jpg",
        "https://user:secret@example.com/a.jpg",
        "https:///a.jpg",
        "http://example.com:22/",
        "http://example.com:6379/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: evil",
        "https://" + "a" * 3_000 + ".com/",
        "https://" + "a" * 64 + ".com/",
        "https://a..example/b.jpg",
        "https://[::1/a.jpg",
        None,
        7,
    ],
)
def test_what_is_no_address_of_a_file_on_the_web_is_refused_in_words(address: object) -> None:
    with pytest.raises(NotTaken) as refused:
        fetching.checked_address(address)
    assert str(refused.value).endswith(".")


def test_a_file_is_called_as_its_address_ends() -> None:
    assert fetching.name_of("https://example.com/a/old%20oak.jpg?x=1#y") == "old oak.jpg"
    assert fetching.name_of("https://example.com/a/b/") == "b"
    assert fetching.name_of("https://example.com") == "example.com"


def guarded() -> fetching.Guarded:
    return fetching.Guarded(lambda at_most: at_most or 1.0)


def leads_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Make names lead to these addresses, one list a time; gives the names that were looked up."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], ["fe80::1%eth0"]])
def test_a_name_that_leads_inside_is_refused_before_anything_is_connected(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    leads_to(monkeypatch, found)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *_: pytest.fail("it connected"))
    with pytest.raises(NotTaken, match="public internet"):
        guarded().connect_tcp("good.example", 443)


def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_is_looked_up_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = leads_to(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    connected: list[str] = []
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda _self, host, *_: connected.append(host))
    guarded().connect_tcp("rebinds.example", 443)
    assert (asked, connected) == (["rebinds.example"], ["93.184.216.34"])


def test_the_next_address_is_tried_when_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, ["93.184.216.34", "93.184.216.35"])
    connected: list[str] = []

    def connect(_self: object, host: str, *_: Any) -> object:
        connected.append(host)
        if host.endswith("34"):
            raise httpcore.ConnectError("nobody")
        return object()

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    guarded().connect_tcp("two.example", 80)
    assert connected == ["93.184.216.34", "93.184.216.35"]


def test_no_socket_of_this_machine_is_opened() -> None:
    with pytest.raises(NotTaken):
        guarded().connect_unix_socket("/var/run/docker.sock")
