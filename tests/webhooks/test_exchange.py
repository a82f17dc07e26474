"""Requests and responses: each row of the table of outcomes (Zapier contract 10.4), and every limit."""

import asyncio
import datetime as dt
import gzip
import ssl
import tracemalloc
import zlib
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.webhooks import exchange
from app.webhooks.exchange import MOST_CONTENT, UNREACHABLE, UNUSABLE, Client
from tests.servers import free_port
from tests.webhooks.receivers import Receiver, answer, receiving

CLIENT = Client(allow_private=True)
BOMB = gzip.compress(bytes(20_000_000))


@pytest.mark.parametrize(
    ("reply", "message", "succeeded", "content"),
    [
        (answer("200 OK", b"fine"), "200 OK", True, "fine"),
        (answer("201 Made it"), "201 Made it", True, ""),
        (answer("204 No Content"), "204 No Content", True, ""),
        (b"HTTP/1.1 202 \r\ncontent-length: 0\r\n\r\n", "202 Accepted", True, ""),
        (b"HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n", "299", True, ""),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", "200 OK", True, "until the end"),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            "200 OK",
            True,
            "ab",
        ),
        (answer("301 Moved Permanently", location="https://example.org"), "301 Moved Permanently", False, ""),
        (answer("403 Forbidden", b"no"), "403 Forbidden", False, "no"),
        (answer("410 Gone"), "410 Gone", False, ""),
        (answer("500 Internal Server Error"), "500 Internal Server Error", False, ""),
        (answer("200 OK", b"\xff\x00a", content_type="text/plain"), "200 OK", True, "\ufffd\ufffda"),
        (answer("200 OK", b"\xe9", content_type="text/plain; charset=latin-1"), "200 OK", True, "\xe9"),
        (answer("200 OK", b"a", content_type="text/plain; charset=nonsense"), "200 OK", True, "a"),
        (answer("200 OK", b"a", content_type="text/plain; charset=hex"), "200 OK", True, "a"),
        (
            answer("200 OK", gzip.compress(b"packed", mtime=0), content_encoding="gzip"),
            "200 OK",
            True,
            "packed",
        ),
        (answer("200 OK", zlib.compress(b"packed"), content_encoding="deflate"), "200 OK", True, "packed"),
        (answer("200 OK", b"packed", content_encoding="br"), "200 OK", True, None),
        (answer("200 OK", BOMB, content_encoding="gzip"), "200 OK", True, "\ufffd" * (MOST_CONTENT // 3)),
        (answer("200 OK", b"a" * 200_000), "200 OK", True, "a" * MOST_CONTENT),
    ],
)
async def test_responses(
    receiver: Receiver, reply: bytes, message: str, succeeded: bool, content: str | None
) -> None:
    receiver.answer = reply
    outcome = await CLIENT.post(receiver.url("/p?q=1"), b'{"a": 1}', {"webhook-id": "msg_1"})
    assert (outcome.message, outcome.succeeded) == (message, succeeded)
    assert outcome.received is not None
    assert outcome.received.content == content
    (delivery,) = receiver.deliveries
    assert (delivery.path, delivery.body, delivery.webhook_id) == ("/p?q=1", b'{"a": 1}', "msg_1")
    assert outcome.sent is not None
    assert {name.lower(): value for name, value in outcome.sent.headers.items()} == delivery.headers
    assert delivery.headers.keys().isdisjoint({"cookie", "authorization", "transfer-encoding"})
    assert delivery.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"", UNREACHABLE),
        (b"garbage\r\n\r\n", UNUSABLE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", UNUSABLE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", UNUSABLE),
        (answer("200 OK", b"no gzip", content_encoding="gzip"), UNUSABLE),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000, UNUSABLE),
        (None, UNREACHABLE),
    ],
)
async def test_what_is_no_response(receiver: Receiver, reply: bytes | None, message: str) -> None:
    receiver.answer = lambda _: reply
    outcome = await CLIENT.post(receiver.url(), b"{}", {})
    assert (outcome.message, outcome.received) == (message, None)
    assert outcome.sent is not None


async def test_nobody_listens() -> None:
    outcome = await CLIENT.post(f"http://127.0.0.1:{free_port()}/", b"{}", {})
    assert (outcome.message, outcome.sent) == (UNREACHABLE, None)


async def test_a_host_that_is_not_known() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    assert (
        await Client(resolve=resolve).post("https://hooks.example.org/", b"{}", {})
    ).message == UNREACHABLE


async def test_a_target_that_does_not_answer(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (exchange.CONNECT_SECONDS, exchange.WHOLE_SECONDS) == (5, 15)
    monkeypatch.setattr(exchange, "WHOLE_SECONDS", 0.2)
    receiver.gate.clear()
    outcome = await CLIENT.post(receiver.url(), b"{}", {})
    assert outcome.message == UNREACHABLE
    assert (outcome.sent is None, outcome.received) == (False, None)


async def test_a_target_that_never_ends(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "WHOLE_SECONDS", 0.2)
    receiver.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"a" * 100_000
    outcome = await CLIENT.post(receiver.url(), b"{}", {})
    assert outcome.received is not None
    assert outcome.received.content == "a" * MOST_CONTENT


async def test_what_follows_packed_content_is_not_kept() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"packed"))
        for _ in range(200):
            writer.write(bytes(50_000))
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        tracemalloc.start()
        try:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            outcome = await CLIENT.post(url, b"", {})
            (_, peak) = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert outcome.received is not None and outcome.received.content == "packed"
    assert peak < 5_000_000


async def test_a_look_up_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "CONNECT_SECONDS", 0.05)

    async def resolve(host: str, port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    assert (
        await Client(resolve=resolve).post("https://hooks.example.org/", b"{}", {})
    ).message == UNREACHABLE


async def test_certificates_are_checked_for_the_name_of_the_host(tmp_path: Path) -> None:
    authority, server = certificate(tmp_path, "hooks.example.org")
    trusting = ssl.create_default_context(cafile=authority)

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with receiving(server) as receiver:
        for client, host, message in (
            (Client(allow_private=True, resolve=resolve, tls=trusting), "hooks.example.org", "200 OK"),
            (Client(allow_private=True, resolve=resolve, tls=trusting), "other.example.org", UNREACHABLE),
            (Client(allow_private=True, resolve=resolve), "hooks.example.org", UNREACHABLE),
        ):
            outcome = await client.post(receiver.url(host=host, scheme="https"), b"{}", {})
            assert outcome.message == message
    assert [delivery.headers["host"] for delivery in receiver.deliveries] == [
        f"hooks.example.org:{receiver.port}"
    ]


def certificate(directory: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that vouches for itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    names: list[x509.GeneralName] = [x509.DNSName(host), x509.IPAddress(ip_address("192.0.2.1"))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = directory / "certificate.pem", directory / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
