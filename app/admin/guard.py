"""What stands before the pages, so that no forged form gets there and no page loads from elsewhere."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.sessions import CSRF_HEADER, SAFE_METHODS, SESSION_COOKIE, is_csrf_token

CSRF_FIELD: Final = "csrf_token"

ErrorPage = Callable[[Request, HTTPException], Awaitable[Response]]

_MAX_BODY = 65_536
_FORM = "application/x-www-form-urlencoded"

_HEADERS: Final = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            # Tabler's style sheet draws its icons as data.
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    # Without a referrer a form has no origin either, which is looked at below.
    "Referrer-Policy": "same-origin",
}


class Guard:
    """Middleware that refuses forged forms before a page sees them, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, error_page: ErrorPage) -> None:
        self._app = app
        self._error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through with its body read, unless its sender left."""
        # Routing changes the scope.
        is_asset = scope["path"].startswith(f"{scope['root_path']}/statics/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                if not is_asset:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            request = Request(scope, receive)
            try:
                body = await _body(request)
                await _check(Request(scope, _replaying(body, receive)))
            except ClientDisconnect:
                return
            except HTTPException as error:
                response = await self._error_page(request, error)
                await response(scope, receive, send_with_headers)
                return
            receive = _replaying(body, receive)
        await self._app(scope, receive, send_with_headers)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise HTTPException(413, f"The form is larger than {_MAX_BODY} bytes.")
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HTTPException(415, f"The content type must be {_FORM}.")
    return bytes(body)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """What gives a body again that was read."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return unread.pop() if unread else await receive()

    return replayed


async def _check(request: Request) -> None:
    # That another site sends nothing protects the log-in, which has no session yet.
    if not _is_same_origin(request):
        raise HTTPException(403, "The request came from another site.")
    cookie = request.cookies.get(SESSION_COOKIE)
    token = request.headers.get(CSRF_HEADER) or (await request.form()).get(CSRF_FIELD)
    if cookie and not (isinstance(token, str) and is_csrf_token(cookie, token)):
        raise HTTPException(
            403, "The form is not of this session, or has no CSRF token: go back, reload and send it again."
        )


def _is_same_origin(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    # The host only: behind a proxy the scheme may be another.
    host = request.headers.get("origin", "").partition("://")[2]
    return host != "" and host == request.headers.get("host")
