"""The guard: what may not be sent to gets not one connection, seen at the socket."""

import socket
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from app.errors import BadUserInput
from app.webhooks import exchange
from app.webhooks.exchange import REFUSED, UNREACHABLE, Client
from app.webhooks.targets import is_routable, parse_target
from tests.webhooks.receivers import Receiver, answer

FORBIDDEN = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1"),
    *("127.1.2.3", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1"),
    *("192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255"),
    *("198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe"),
    *("64:ff9b::7f00:1", "64:ff9b::10.1.2.3", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1"),
    *("2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1"),
    *("3fff::1", "4000::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%lo", "fec0::1"),
    *("ff02::1", "2606:4700::1%1"),
)
ALLOWED = (
    *("1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "198.20.0.1", "223.255.255.254"),
    *("2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:200::1", "2003::1"),
)
TRICKS = (
    *("https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://2130706433/", "https://127.1/", "https://0/"),
    *("https://0x7f000001/", "https://017700000001/", "https://127.0.0.1./", "https://localhost/"),
    *(
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://127\u3002 0.0.1/",
        "https://127\u30020\uff0e0\uff611/",
    ),
    *(
        "https://\u2460\u2461\u2466.0.0.1/",
        "https://[::1%25lo]/",
        "https://[::ffff:7f00:1]/",
        "https://[::]/",
    ),
    *("https://user@example.org/", "https://user:pass@127.0.0.1/", "https://example.org@127.0.0.1/"),
    *(
        "https://example.org\\@127.0.0.1/",
        "https://127.0.0.1\t/",
        "https://exa\nmple.org/",
        " https://a.org/",
    ),
    *("http://example.org/", "ftp://example.org/", "file:///etc/passwd", "//example.org/", "example.org", ""),
    *("https:", "https://", "https:///path", "https://example.org:0/", "https://example.org:65536/"),
    *("https://example.org:x/", "https://-a.org/", "https://a..org/", f"https://a.org/{'a' * 2000}"),
)


@pytest.fixture
def connections() -> Iterator[list[Any]]:
    """Every address that a socket of this process connects to, told by the interpreter itself."""
    seen: list[Any] = []
    watching = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "socket.connect":
            seen.append(arguments[1])

    sys.addaudithook(watch)
    yield seen
    watching = False


def resolving(*answers: Sequence[str]) -> exchange.Resolve:
    """A resolver that says something else each time it is asked."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0)

    return resolve


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_no_connection_to_a_forbidden_address(address: str, connections: list[Any]) -> None:
    assert not is_routable(address)
    for found in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        outcome = await Client(resolve=resolving(found)).post("https://hooks.example.org/", b"{}", {})
        assert (outcome.message, outcome.sent, outcome.received) == (REFUSED, None, None)
    literal = f"https://[{address}]/" if ":" in address else f"https://{address}/"
    with pytest.raises(BadUserInput):
        parse_target(literal)
    assert (await Client().post(literal, b"{}", {})).message == REFUSED
    assert connections == []


@pytest.mark.parametrize("address", ALLOWED)
def test_what_is_of_the_internet_may_be(address: str) -> None:
    assert is_routable(address)
    parse_target(f"https://[{address}]:8443/" if ":" in address else f"https://{address}:8443/")


@pytest.mark.parametrize("url", TRICKS)
async def test_no_connection_to_what_is_no_target(url: str, connections: list[Any]) -> None:
    with pytest.raises(BadUserInput):
        parse_target(url)
    assert (await Client(resolve=resolving(["127.0.0.1"])).post(url, b"{}", {})).message == REFUSED
    assert connections == []


async def test_a_host_is_looked_up_once_and_that_address_is_connected_to(
    receiver: Receiver, connections: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is of the Internet when it is checked, and of this machine when it is used."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a second look-up"))
    monkeypatch.setattr(exchange, "CONNECT_SECONDS", 0.3)
    # An address that is routed nowhere, but which the table lets pass.
    client = Client(resolve=resolving(["2a00::1"], ["127.0.0.1"]))
    outcome = await client.post(f"https://rebinding.example.org:{receiver.port}/", b"{}", {})
    assert outcome.message == UNREACHABLE
    assert [address[:2] for address in connections] == [("2a00::1", receiver.port)]
    assert receiver.connections == 0


async def test_a_redirect_is_not_followed(receiver: Receiver, connections: list[Any]) -> None:
    receiver.answer = answer("302 Found", location="http://169.254.169.254/latest/meta-data/")
    outcome = await Client(allow_private=True).post(receiver.url(), b"{}", {})
    assert (outcome.message, outcome.succeeded) == ("302 Found", False)
    assert connections == [("127.0.0.1", receiver.port)]


async def test_only_the_setting_for_development_lets_this_machine_be_sent_to(
    receiver: Receiver, connections: list[Any]
) -> None:
    assert (await Client().post(receiver.url(), b"{}", {})).message == REFUSED
    assert (await Client().post(receiver.url(scheme="https"), b"{}", {})).message == REFUSED
    assert connections == []
    assert (await Client(allow_private=True).post(receiver.url(), b"{}", {})).succeeded
