"""The application: mounts everything, does nothing else."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.admin.site import admin_routes
from app.auth.clock import Clock, now
from app.auth.credentials import Authenticator
from app.auth.invitations.mail import Mailer
from app.auth.invitations.page import routes as invitation_routes
from app.auth.invitations.queue import Postman
from app.auth.oauth.routes import routes as oauth_routes
from app.auth.oauth.server import OAuthServer
from app.auth.passwords import Passwords
from app.auth.sessions import CSRF_HEADER, SESSION_COOKIE, Sessions, csrf_token
from app.auth.user_tokens import UserTokens
from app.db.engine import Database
from app.demo.credentials import DEMO
from app.errors import Unauthenticated
from app.graphql.endpoint import GraphQLEndpoint
from app.graphql.execute import Executor
from app.graphql.socket import GraphQLSocket
from app.rest import openapi
from app.rest.route import Services
from app.rest.routes import APIS
from app.rest.shim import Shim
from app.settings import Settings
from app.shutdown import when_told_to_end
from app.web import static
from app.web.described import serving
from app.web.events import events_page
from app.web.explorer import explorer_page
from app.web.graphiql import graphiql_page
from app.webhooks import asyncapi, catalogue
from app.webhooks.worker import Worker
from schema.build import SCHEMA

GRAPHQL_PATH = "/graphql"
EXPLORER_PATH = "/docs"
_GRAPHQL_PATHS = (GRAPHQL_PATH, f"{GRAPHQL_PATH}/")


class _Dispatcher:
    """Takes what is asked for most past all other routes."""

    def __init__(self, app: ASGIApp, graphql: ASGIApp) -> None:
        self._app = app
        self._graphql = graphql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_graphql = scope["type"] == "http" and scope["path"] in _GRAPHQL_PATHS
        await (self._graphql if is_graphql else self._app)(scope, receive, send)


def create_app(settings: Settings | None = None, clock: Clock = now) -> Starlette:
    """The ASGI application; settings are read from the environment unless given."""
    settings = settings or Settings()
    database = Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        # A second longer, so that the operation's own limit comes first and answers.
        statement_timeout=settings.operation_timeout + 1,
    )
    passwords = Passwords(database, settings, clock)
    authenticator = Authenticator(database, passwords, clock)
    executor = Executor(SCHEMA._schema, database, settings, authenticator, clock)
    sessions = Sessions(database, passwords, settings, clock)
    oauth = OAuthServer(database, authenticator, passwords, settings, clock)

    async def demo_key() -> str | None:
        try:
            await authenticator.viewer(f"Token {DEMO.api_key}")
        except Unauthenticated:
            return None
        return DEMO.api_key

    async def graphiql(request: Request) -> Response:
        key, cookie = await demo_key(), request.cookies.get(SESSION_COOKIE)
        headers = {"Authorization": f"Token {key}"} if key else {}
        if cookie and not key:
            headers = {CSRF_HEADER: csrf_token(cookie)}
        return graphiql_page(GRAPHQL_PATH, headers)

    async def explorer(request: Request) -> Response:
        page = GRAPHQL_PATH if settings.serves_graphiql else None
        return explorer_page(openapi.PATH, f"{catalogue.PATH}/", page, await demo_key())

    endpoint = GraphQLEndpoint(
        executor, authenticator, settings, graphiql if settings.serves_graphiql else None
    )
    socket = GraphQLSocket(executor, authenticator, settings)
    user_tokens = UserTokens(database, passwords, oauth.requests, settings, clock)
    mailer = Mailer(settings)
    services = Services(database, user_tokens, mailer)
    shim = Shim(APIS, executor, authenticator, services, settings, clock)
    delivery = Worker(database, settings, executor.payloads, clock)
    postman = Postman(database, settings, clock, mailer)
    proxies = settings.trusted_proxies

    async def front(request: Request) -> Response:
        return RedirectResponse(f"{EXPLORER_PATH}/", 302)

    async def to_explorer(request: Request) -> Response:
        return RedirectResponse(f"{EXPLORER_PATH}/", 301)

    schemas = {str(entry.type): entry.schema for entry in catalogue.CATALOGUE.values()}

    async def events(request: Request) -> Response:
        links = {"REST explorer": f"{EXPLORER_PATH}/", "AsyncAPI": asyncapi.ADDRESS}
        return events_page(schemas, links)

    async def to_events(request: Request) -> Response:
        return RedirectResponse(f"{catalogue.PATH}/", 301)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # What lives as long as the process need not be looked through at every collection.
        gc.collect()
        gc.freeze()
        stopping = asyncio.Event()
        jobs = (delivery, postman) if settings.webhook_worker else ()
        running = [asyncio.create_task(job.run(stopping)) for job in jobs]
        with when_told_to_end(executor.feeds.stop):
            yield
        executor.feeds.stop()
        stopping.set()
        await asyncio.gather(*running)
        await database.dispose()

    app = Starlette(
        routes=[
            Route("/", front),
            *(WebSocketRoute(path, socket) for path in _GRAPHQL_PATHS),
            *oauth_routes(oauth),
            *invitation_routes(database, authenticator, clock),
            *shim.routes,
            *admin_routes(database, authenticator, sessions),
            *openapi.routes(APIS, SCHEMA._schema),
            Route(EXPLORER_PATH, to_explorer),
            Route(f"{EXPLORER_PATH}/", explorer),
            Route(catalogue.PATH, to_events),
            Route(f"{catalogue.PATH}/", events),
            *(Route(schema["$id"], serving(partial(dict, schema))) for schema in schemas.values()),
            *(Route(path, serving(asyncapi.asyncapi)) for path in (asyncapi.ADDRESS, f"{asyncapi.ADDRESS}/")),
            *static.routes,
        ],
        middleware=[
            *([Middleware(ProxyHeadersMiddleware, proxies)] if proxies else []),
            Middleware(_Dispatcher, endpoint),
        ],
        lifespan=lifespan,
    )
    # A redirect loses the body or the header in simple clients.
    app.router.redirect_slashes = False
    return app
