"""The least that a Starlette application can do: read a request, send bytes."""

from functools import cache

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@cache
def _content(size: int) -> bytes:
    return b"x" * size


async def _answer(request: Request) -> Response:
    await request.body()
    return Response(_content(request.path_params["size"]), media_type="application/json")


app = Starlette(routes=[Route("/{size:int}", _answer, methods=["GET", "POST"])])
