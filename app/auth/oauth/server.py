"""The server: Authlib's core over the database, with checks in the order of Enrollment contract 2.2."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.auth.attempts import Attempts
from app.auth.clock import Clock
from app.auth.credentials import Authenticator
from app.auth.oauth import clients
from app.auth.oauth.endpoints import Introspection, Revocation
from app.auth.oauth.errors import Busy, Headers, TooManyAttempts, UnsupportedGrantType
from app.auth.oauth.grants import ClientCredentialsGrant, Grant, PasswordGrant, RefreshTokenGrant
from app.auth.oauth.requests import OAuthRequest, read_form
from app.auth.passwords import Passwords
from app.db.engine import Database, is_busy
from app.db.models import OAuthClient
from app.errors import RateLimited
from app.settings import Settings


class OAuthServer(AuthorizationServer):
    """Answers OAuth requests.

    Authlib has no asynchronous server, so it runs where SQLAlchemy lets
    synchronous code wait: inside `AsyncSession.run_sync`, once the form is read.
    """

    def __init__(
        self,
        database: Database,
        authenticator: Authenticator,
        passwords: Passwords,
        settings: Settings,
        clock: Clock,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.clock = clock
        self.passwords = passwords
        self._database = database
        self._authenticator = authenticator
        self.requests = Attempts(settings.token_requests_per_minute, 60, clock)
        self._client_failures = Attempts(settings.client_failures, 300, clock)
        grants = (PasswordGrant, ClientCredentialsGrant, RefreshTokenGrant)
        self.grants: Sequence[type[Grant]] = grants if settings.password_grant else grants[1:]
        for endpoint in (Revocation, Introspection):
            self.register_endpoint(endpoint)

    async def answer(self, request: Request, endpoint: str) -> Response:
        """Answer a request to the endpoint "token", "revocation" or "introspection"."""
        address = request.client.host if request.client else ""
        try:
            if endpoint == "token" and request.method == "POST":
                self.requests.check(address)
                self.requests.count(address)
            form = await read_form(request, https=self.settings.require_https)
            authorization = ", ".join(request.headers.getlist("authorization")).strip()
            async with AsyncSession(self._database.reader, expire_on_commit=False) as session:

                def respond(session: Session) -> Response:
                    oauth = OAuthRequest(form, authorization, address, session)
                    response: Response = (
                        self.create_token_response(oauth)
                        if endpoint == "token"
                        else self.create_endpoint_response(endpoint, oauth)
                    )
                    return response

                return await session.run_sync(respond)
        except OAuth2Error as error:
            return self.handle_response(*error())
        except RateLimited as error:
            return self.handle_response(*TooManyAttempts(error)())
        except (PoolTimeout, OperationalError) as error:
            if not is_busy(error):
                raise
            return self.handle_response(*Busy()())

    def get_token_grant(self, request: OAuthRequest) -> Grant:
        """The grant that is asked for."""
        name = request.required("grant_type")
        for grant in self.grants:
            if name == grant.GRANT_TYPE:
                return grant(request, self)
        raise UnsupportedGrantType

    def authenticate(self, request: OAuthRequest) -> tuple[OAuthClient, bool]:
        """The client, and whether it showed its secret; Authlib's own way tells which ids exist."""
        return clients.authenticate(request, self._client_failures)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in a transaction that writes."""
        with Session(self._database.writer.sync_engine, expire_on_commit=False) as session, session.begin():
            yield session

    def forget_tokens(self) -> None:
        """Make what was revoked stop working in this process at once."""
        self._authenticator.forget()

    def create_oauth2_request(self, request: OAuthRequest) -> OAuthRequest:
        """The request as it is."""
        return request

    def handle_response(self, status: int, body: Any, headers: Headers) -> Response:
        """A response of Starlette's."""
        return Response(orjson.dumps(body), status, dict(headers))
