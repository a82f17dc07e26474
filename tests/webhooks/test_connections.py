"""Connections that are kept open: used again, and checked no less than others."""

import asyncio
from collections.abc import Sequence

import pytest

from app.webhooks import connections, exchange
from app.webhooks.exchange import REFUSED, UNREACHABLE, Client
from app.webhooks.targets import parse_target
from tests.webhooks.conftest import until
from tests.webhooks.receivers import Delivery, Receiver, answer


async def test_a_connection_is_used_again_for_the_same_server_only(receiver: Receiver) -> None:
    receiver.keeps = True
    async with Client(allow_private=True) as client:
        for path in ("/a", "/b", "/a"):
            assert (await client.post(receiver.url(path), b"{}", {})).succeeded
        assert (len(receiver.deliveries), receiver.connections) == (3, 1)
        assert (await client.post(receiver.url(host="localhost"), b"{}", {})).succeeded
        assert receiver.connections == 2
        await asyncio.gather(*(client.post(receiver.url(), b"{}", {}) for _ in range(3)))
        assert receiver.connections == 4


async def test_without_being_entered_a_client_keeps_nothing(receiver: Receiver) -> None:
    receiver.keeps = True
    client = Client(allow_private=True)
    for _ in range(2):
        assert (await client.post(receiver.url(), b"{}", {})).succeeded
    assert receiver.connections == 2


async def test_each_connection_is_checked_and_a_kept_one_ends(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is looked up for each connection: one that means another address by then, is refused."""
    answers = [["127.0.0.1"], ["127.0.0.1"], ["203.0.113.1"]]

    async def resolve(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    receiver.keeps = True
    monkeypatch.setattr(exchange, "is_routable", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(exchange, "parse_target", lambda url, **_: parse_target(url, allow_private=True))
    async with Client(resolve=resolve) as client:
        url = receiver.url(host="hooks.example.org")
        for _ in range(2):
            assert (await client.post(url, b"{}", {})).succeeded
        assert (receiver.connections, len(answers)) == (1, 2)
        monkeypatch.setattr(connections, "_MOST_SECONDS", 0)
        assert (await client.post(url, b"{}", {})).succeeded
        assert (receiver.connections, len(answers)) == (2, 1)
        assert (await client.post(url, b"{}", {})).message == REFUSED
    assert receiver.connections == 2


async def test_a_server_that_hung_up_meanwhile_is_called_again(receiver: Receiver) -> None:
    """Servers close idle connections whenever they like; what was not answered is sent on another, once."""
    receiver.keeps = True
    async with Client(allow_private=True) as client:
        assert (await client.post(receiver.url(), b"{}", {})).succeeded

        def hang_up_at_the_second(delivery: Delivery) -> bytes | None:
            return None if len(receiver.deliveries) == 2 else answer("200 OK")

        receiver.answer = hang_up_at_the_second
        assert (await client.post(receiver.url(), b"{}", {})).succeeded
        assert (len(receiver.deliveries), receiver.connections) == (3, 2)
        receiver.answer = lambda _: None
        assert (await client.post(receiver.url(), b"{}", {})).message == UNREACHABLE


@pytest.mark.parametrize(
    "reply",
    [
        answer("200 OK", b"yes", connection="close"),
        answer("200 OK") + b"HTTP/1.1 200 OK\r\n",
        answer("200 OK", b"a" * 100_000),
        b"HTTP/1.0 200 OK\r\n\r\n",
    ],
)
async def test_what_is_not_fit_for_more_is_not_kept(receiver: Receiver, reply: bytes) -> None:
    receiver.keeps = not reply.startswith(b"HTTP/1.0")
    receiver.answer = reply
    async with Client(allow_private=True) as client:
        for _ in range(2):
            assert (await client.post(receiver.url(), b"{}", {})).succeeded
    assert receiver.connections == 2


async def test_a_host_is_looked_up_once_for_all_who_ask_at_a_time(receiver: Receiver) -> None:
    """One whose look-up takes long has one thread, however much is sent to it."""
    asked, known = list[str](), asyncio.Event()

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        await known.wait()
        return ["127.0.0.1"]

    client = Client(allow_private=True, resolve=resolve)
    urls = [receiver.url(host=host) for host in ("a.example.org", "a.example.org", "b.example.org")]
    posts = [asyncio.ensure_future(client.post(url, b"{}", {})) for url in urls]
    await until(lambda: len(asked) == 2)
    known.set()
    assert all(outcome.succeeded for outcome in await asyncio.gather(*posts))
    assert asked == ["a.example.org", "b.example.org"]
