"""Reading a request: what is wrong with it as HTTP has a status of its own."""

from typing import Any

from starlette.requests import ClientDisconnect, Request

from app.errors import BadUserInput, LyceumError


class RequestError(LyceumError):
    """A request that cannot be read, with its status."""

    code = BadUserInput.code

    def __init__(self, message: str, status: int = 400, **extensions: Any) -> None:
        super().__init__(message, **extensions)
        self.status = status


async def read_body(request: Request, maximum: int) -> bytes:
    """The body. Raises `RequestError` 413 for one of more than `maximum` bytes, or `ClientDisconnect`."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > maximum:
        raise _too_large(maximum)
    body = bytearray()
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > maximum:
            raise _too_large(maximum)
    return bytes(body)


def _too_large(maximum: int) -> RequestError:
    return RequestError(f"The body is larger than {maximum} bytes", 413, maximum=maximum)
