"""GraphQL over WebSockets: the protocol `graphql-transport-ws`, with its close codes.

Who is connected is said by `Authorization` in the payload of `connection_init`,
else by the header of the handshake, else by the session of a browser whose page
is of this server: other pages could open sockets too, with the same cookie.
"""

import asyncio
from asyncio import Future, Task
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from enum import IntEnum
from functools import partial
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from app.auth.credentials import Authenticator
from app.auth.viewer import STRANGER, Viewer
from app.db.feed import Stopping
from app.errors import RateLimited, Unauthenticated
from app.graphql.endpoint import payer_of, read_operation
from app.graphql.errors import masked, refused
from app.graphql.execute import Executor, Operation, encoded
from app.graphql.request import RequestError
from app.settings import Settings

PROTOCOL = "graphql-transport-ws"

_INIT_SECONDS = 3.0
_SEND_SECONDS = 10.0
"""A client that takes nothing for so long is given up. It can come back."""
_MOST_REASON = 123
"""Bytes of a reason (RFC 6455 section 5.5)."""

Renew = Callable[[], Awaitable[Viewer]]


class CloseCode(IntEnum):
    """Why a server ends a connection (graphql-transport-ws; the first is of RFC 6455's registry).

    Too many are initialisations of a socket, or sockets of a client.
    """

    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY = 4429
    INTERNAL_ERROR = 4500


class GraphQLSocket:
    """Answers WebSockets on the GraphQL path."""

    def __init__(self, executor: Executor, authenticator: Authenticator, settings: Settings) -> None:
        self._executor = executor
        self._authenticator = authenticator
        self._settings = settings
        self._held = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Talk until one of both hangs up."""
        socket = WebSocket(scope, receive, send)
        if PROTOCOL not in scope.get("subprotocols", ()):
            await socket.accept()
            await socket.close(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable")
            return
        await socket.accept(PROTOCOL)
        conversation = _Conversation(socket, self._executor, self._authenticator, self._settings, self._held)
        await conversation.run()


class _Closed(Exception):
    """The server has to hang up."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_MOST_REASON].decode(errors="ignore")


class _Conversation:
    def __init__(
        self,
        socket: WebSocket,
        executor: Executor,
        authenticator: Authenticator,
        settings: Settings,
        held: Counter[str],
    ) -> None:
        """`held` counts the sockets of each payer, and of an address those that are not initialised."""
        self._socket = socket
        self._executor = executor
        self._authenticator = authenticator
        self._settings = settings
        self._is_initialised = False
        self._renew: Renew | None = None
        self._held = held
        self._payer = ""
        self._tasks: set[Task[None]] = set()
        self._operations: dict[str, Task[None]] = {}
        self._closing: Future[_Closed] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Read messages until one of both hangs up."""
        self._hold(f"waiting {payer_of(STRANGER, self._socket)}")
        try:
            await self._talk()
        finally:
            self._leave()

    def _leave(self) -> None:
        self._held[self._payer] -= 1
        if not self._held[self._payer]:
            del self._held[self._payer]

    def _hold(self, payer: str) -> None:
        """Be counted as a socket of a payer, and hang up when there are too many."""
        if self._payer:
            self._leave()
        self._payer = payer
        self._held[payer] += 1
        maximum = self._settings.max_sockets
        if self._held[payer] > maximum:
            self._close(_Closed(CloseCode.TOO_MANY, f"Too many sockets: at most {maximum} at a time"))

    async def _talk(self) -> None:
        reading = self._start(self._read())
        timeout = asyncio.get_running_loop().call_later(_INIT_SECONDS, self._time_out)
        try:
            await asyncio.wait((reading, self._closing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timeout.cancel()
            tasks = {reading, *self._tasks}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if self._closing.done() and self._socket.client_state is WebSocketState.CONNECTED:
            closed = self._closing.result()
            with suppress(TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(_SEND_SECONDS):
                    await self._socket.close(closed.code, closed.reason)

    def _start(self, work: Coroutine[Any, Any, None]) -> Task[None]:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Do a part of what a client asks for. What goes wrong ends the connection."""
        try:
            await work
        except _Closed as closed:
            self._close(closed)
        except Unauthenticated:
            self._close(_Closed(CloseCode.FORBIDDEN, "Forbidden"))
        except (WebSocketDisconnect, Stopping):
            # Nobody is there any more, or the server is about to close all of its sockets.
            return
        except Exception as error:
            self._close(_Closed(CloseCode.INTERNAL_ERROR, masked(error)["message"]))

    def _close(self, closed: _Closed) -> None:
        if not self._closing.done():
            self._closing.set_result(closed)

    def _time_out(self) -> None:
        if not self._is_initialised:
            self._close(_Closed(CloseCode.INITIALISATION_TIMEOUT, "Connection initialisation timeout"))

    async def _read(self) -> None:
        while (message := await self._socket.receive())["type"] != "websocket.disconnect":
            await self._handle(_parsed(message.get("text")))

    async def _handle(self, message: dict[str, Any]) -> None:
        payload = message.get("payload")
        if payload is not None and not isinstance(payload, dict):
            raise _Closed(CloseCode.BAD_REQUEST, "payload: must be an object")
        match message.get("type"):
            case "connection_init":
                await self._initialise(payload or {})
            case "ping":
                await self._send("pong", **({} if payload is None else {"payload": payload}))
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(_id(message), payload)
            case "complete":
                task = self._operations.pop(_id(message), None)
                if task is not None:
                    task.cancel()
            case type_:
                raise _Closed(
                    CloseCode.BAD_REQUEST, f"type: not of a message that clients send: {type_!r:.40}"
                )

    async def _initialise(self, payload: dict[str, Any]) -> None:
        if self._is_initialised:
            raise _Closed(CloseCode.TOO_MANY, "Too many initialisation requests")
        self._is_initialised = True
        renew = await self._who(payload)
        self._hold(payer_of(await renew(), self._socket))
        if not self._closing.done():
            self._renew = renew
            await self._send("connection_ack")

    async def _who(self, payload: dict[str, Any]) -> Renew:
        """What says who is connected, now and later."""
        given = {name.lower(): value for name, value in payload.items()}.get("authorization")
        if given is not None and not isinstance(given, str):
            raise _Closed(CloseCode.BAD_REQUEST, "payload: Authorization must be a string")
        shown = given or ", ".join(self._socket.headers.getlist("authorization"))
        if shown or await self._authenticator.user_of_session(self._socket) is None:
            return partial(self._authenticator.viewer, shown)
        if not _is_of_this_server(self._socket):
            raise _Closed(CloseCode.FORBIDDEN, "Forbidden: the page is of another server")
        return partial(self._authenticator.viewer_of_session, self._socket)

    async def _subscribe(self, id_: str, payload: dict[str, Any] | None) -> None:
        try:
            operation = read_operation(payload)
        except RequestError as error:
            raise _Closed(CloseCode.BAD_REQUEST, f"payload: {error.message}") from error
        if self._renew is None:
            raise _Closed(CloseCode.UNAUTHORIZED, "Unauthorized")
        if id_ in self._operations:
            raise _Closed(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {id_:.40} already exists")
        maximum = self._settings.max_streams
        if len(self._operations) >= maximum:
            full = RateLimited(f"At most {maximum} operations at a time on a socket", maximum=maximum)
            await self._send("error", id=id_, payload=[refused(full)])
            return
        self._operations[id_] = self._start(self._answer(id_, self._renew, operation))

    async def _answer(self, id_: str, renew: Renew, operation: Operation) -> None:
        async with aclosing(self._executor.stream(renew, operation, self._payer)) as answers:
            async for answer in answers:
                if not answer.executed:
                    self._operations.pop(id_)
                    await self._send("error", id=id_, payload=answer.body["errors"])
                    return
                await self._send("next", id=id_, payload=answer.body)
        self._operations.pop(id_)
        await self._send("complete", id=id_)

    async def _send(self, type_: str, **members: Any) -> None:
        text = encoded({"type": type_, **members}).decode()
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self._socket.send_text(text)
        except TimeoutError as error:
            raise _Closed(CloseCode.TRY_AGAIN_LATER, "Messages are taken too slowly") from error


def _parsed(text: str | None) -> dict[str, Any]:
    try:
        message = orjson.loads(text or "")
    except orjson.JSONDecodeError as error:
        raise _Closed(CloseCode.BAD_REQUEST, "Messages must be JSON in text") from error
    if not isinstance(message, dict):
        raise _Closed(CloseCode.BAD_REQUEST, "Messages must be objects")
    return message


def _id(message: dict[str, Any]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not id_:
        raise _Closed(CloseCode.BAD_REQUEST, "id: must be a string that is not empty")
    return id_


def _is_of_this_server(socket: WebSocket) -> bool:
    """Whether the page that opened a socket is of the same origin (RFC 6454)."""
    secure = socket.url.scheme == "wss"
    own = f"{'https' if secure else 'http'}://{socket.headers.get('host', '')}"
    return socket.headers.get("origin") == own
