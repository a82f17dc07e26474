"""One request and its response: guarded, bounded in time and size, and kept as evidence.

The host is looked up once for each connection. Every address it has must be
allowed, and the socket is connected to one of those, so that no second look-up can
say otherwise. Redirects are not followed.
"""

import asyncio
import datetime as dt
import socket
import ssl
import zlib
from asyncio import Future
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message
from functools import cache, partial
from http import HTTPStatus
from importlib.metadata import version
from time import monotonic
from typing import Any, Self

import h11

from app.db.models import now
from app.errors import BadUserInput
from app.webhooks.connections import Connection, Connections, Hungup
from app.webhooks.targets import Target, is_routable, parse_target

CONNECT_SECONDS, WHOLE_SECONDS = 5.0, 15.0
MOST_CONTENT = 65_536
"""Bytes of decoded content that are read and kept."""

REFUSED = "Verification of the destination URL failed. Please check the domain."
UNREACHABLE = "Contacting the remote server experienced an unexpected error."
UNUSABLE = "Unexpected error handling the response from the server."

_MOST_HEAD = 65_536
_PRODUCT = f"Lyceum/{version('lyceum')}"
_LOOKING_UP = ThreadPoolExecutor(32, "look-up")
"""A look-up may block its thread for long, and others go on meanwhile."""
_ZLIB_WITH_HEADER_OF_EITHER_KIND = 47

Resolve = Callable[[str, int], Coroutine[Any, Any, Sequence[str]]]
"""Gives the addresses of a host; raises `OSError` when it has none."""


@dataclass(frozen=True)
class Sent:
    """A request as it went out."""

    at: dt.datetime
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Received:
    """A response. `elapsed` is in seconds; `content` is None where its coding is not known."""

    at: dt.datetime
    elapsed: float
    status: int
    reason: str
    headers: Mapping[str, str]
    content: str | None


@dataclass(frozen=True)
class Exchange:
    """What became of a request: a response, or the message that says why there is none."""

    message: str
    sent: Sent | None = None
    received: Received | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the target has taken it (Zapier contract 10.4)."""
        return self.received is not None and 200 <= self.received.status < 300


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the operating system finds them."""
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOKING_UP, look_up)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Client:
    """Sends requests; `allow_private` is for development.

    While it is entered, connections are kept open for what is sent to the same server
    soon after. It belongs to one event loop then.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._tls = tls or _trusting()
        self._idle: Connections | None = None
        self._looking_up: dict[tuple[str, int], Future[Sequence[str]]] = {}

    async def __aenter__(self) -> Self:
        self._idle = Connections()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._idle is not None:
            self._idle.close()
        self._idle = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Exchange:
        """Send JSON. Whatever goes wrong is in the answer."""
        sent: Sent | None = None
        try:
            target = parse_target(url, allow_private=self._allow_private)
            headers = _headers(target, body, headers, keep=self._idle is not None)
            async with asyncio.timeout(WHOLE_SECONDS):
                connection = self._idle.take(target.server) if self._idle else None
                if connection is not None:
                    sent = Sent(now(), url, headers)
                    try:
                        received = await self._exchange(connection, target, headers, body)
                        return _told(sent, received)
                    except Hungup:
                        # Servers close idle connections after a while, and this one did just then.
                        pass
                async with asyncio.timeout(CONNECT_SECONDS):
                    connection = await self._connect(target)
                sent = Sent(now(), url, headers)
                received = await self._exchange(connection, target, headers, body)
        except (BadUserInput, _Refused):
            return Exchange(REFUSED)
        except (h11.RemoteProtocolError, zlib.error):
            return Exchange(UNUSABLE, sent)
        except (OSError, TimeoutError, UnicodeError):
            return Exchange(UNREACHABLE, sent)
        return _told(sent, received)

    async def _exchange(
        self, connection: Connection, target: Target, headers: Mapping[str, str], body: bytes
    ) -> Received:
        """Send and receive; the connection is closed afterwards, or kept if it is fit for more."""
        try:
            received, reusable = await _exchange(connection, target, headers, body)
        except BaseException:
            connection.close()
            raise
        if reusable and self._idle is not None:
            self._idle.put(target.server, connection)
        else:
            connection.close()
        return received

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host; who asks while it is being looked up, waits for the same answer."""
        at = host, port
        found = self._looking_up.get(at)
        if found is None:
            found = self._looking_up[at] = asyncio.ensure_future(self._resolve(host, port))
            found.add_done_callback(lambda _: self._looking_up.pop(at))
        return await asyncio.shield(found)

    async def _connect(self, target: Target) -> Connection:
        addresses = await self._look_up(target.host, target.port)
        if not self._allow_private and not all(map(is_routable, addresses)):
            raise _Refused
        failure = OSError(f"{target.host} has no address")
        secure: dict[str, Any] = {}
        if target.scheme == "https":
            secure = {"ssl": self._tls, "server_hostname": target.host.rstrip(".")}
        loop = asyncio.get_running_loop()
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            pinned = socket.socket(family, socket.SOCK_STREAM)
            try:
                pinned.setblocking(False)
                await loop.sock_connect(pinned, (address, target.port))
                _, connection = await loop.create_connection(Connection, sock=pinned, **secure)
                return connection
            except OSError as error:
                pinned.close()
                failure = error
            except BaseException:
                pinned.close()
                raise
        raise failure


@cache
def _trusting() -> ssl.SSLContext:
    """What trusts whom this machine trusts; to read who that is takes longer than all else of a client."""
    return ssl.create_default_context()


class _Refused(Exception):
    """An address is not for us to connect to."""


def _told(sent: Sent, received: Received) -> Exchange:
    return Exchange(f"{received.status} {received.reason}".rstrip(), sent, received)


def _headers(target: Target, body: bytes, more: Mapping[str, str], *, keep: bool) -> dict[str, str]:
    return {
        "Host": target.authority,
        "User-Agent": _PRODUCT,
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Connection": "keep-alive" if keep else "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **more,
    }


async def _exchange(
    connection: Connection, target: Target, sent: Mapping[str, str], body: bytes
) -> tuple[Received, bool]:
    """The response, and whether the connection can be used for another request."""
    began = monotonic()
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD)
    request = h11.Request(method="POST", target=target.path, headers=list(sent.items()))
    # A server may answer, and hang up, before it has read all of the request.
    connection.write(
        b"".join(protocol.send(it) or b"" for it in (request, h11.Data(body), h11.EndOfMessage()))
    )

    async def next_event() -> Any:
        while (event := protocol.next_event()) is h11.NEED_DATA:
            piece = await connection.read()
            if not piece and protocol.their_state is h11.SEND_RESPONSE and not protocol.trailing_data[0]:
                raise Hungup("the server closed the connection without an answer")
            if not piece and connection.error is not None:
                raise connection.error
            protocol.receive_data(piece)
        return event

    while not isinstance(response := await next_event(), h11.Response):
        if not isinstance(response, h11.InformationalResponse):
            raise h11.RemoteProtocolError("no response")
    headers = dict[str, str]()
    for name, value in response.headers:
        key, text = name.decode("latin-1"), _clean(value.decode("latin-1"))
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    content = _Content(headers.get("content-encoding", ""))
    while content.has_room and isinstance(event := await next_event(), h11.Data):
        content.add(bytes(event.data))
    reason = _clean(response.reason.decode("latin-1")) or _phrase(response.status_code)
    received = Received(
        now(),
        monotonic() - began,
        response.status_code,
        reason,
        headers,
        content.text(headers.get("content-type", "")),
    )
    is_whole = protocol.their_state is h11.DONE and protocol.our_state is h11.DONE
    return received, is_whole and not protocol.trailing_data[0]


class _Content:
    """The content of a response, decoded as it comes and cut off at the limit, however well it was packed."""

    def __init__(self, coding: str) -> None:
        self._coding = coding.strip().lower()
        self._decoder = (
            zlib.decompressobj(_ZLIB_WITH_HEADER_OF_EITHER_KIND)
            if self._coding in ("gzip", "x-gzip", "deflate")
            else None
        )
        self._decoded = bytearray()

    @property
    def has_room(self) -> bool:
        return len(self._decoded) < MOST_CONTENT

    def add(self, piece: bytes) -> None:
        room = MOST_CONTENT - len(self._decoded)
        if self._decoder is None:
            self._decoded += piece[:room]
        elif not self._decoder.eof:
            # It would keep what follows its end.
            self._decoded += self._decoder.decompress(piece, room)

    def text(self, content_type: str) -> str | None:
        if self._decoder is None and self._coding not in ("", "identity"):
            return None
        message = Message()
        message["content-type"] = content_type
        try:
            text = self._decoded.decode(message.get_content_charset("utf-8"), "replace")
        except (LookupError, UnicodeError):
            text = self._decoded.decode("utf-8", "replace")
        return _clean(text).encode()[:MOST_CONTENT].decode(errors="ignore")


def _clean(text: str) -> str:
    """Text that databases can hold."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
