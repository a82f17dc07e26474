"""The grants (Enrollment contract 2.4), each a check of its credentials and an issue of tokens."""

import datetime as dt
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidScopeError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin
from sqlalchemy.orm import Session
from sqlalchemy.util import await_only
from sqlmodel import col, select

from app.auth.oauth import tokens
from app.auth.oauth.errors import ClientRefused
from app.auth.oauth.requests import OAuthRequest
from app.auth.secrets import hash_key
from app.db.models import AccessToken, OAuthClient, RefreshToken
from app.vocabulary import ClientType, GrantType, Scope

if TYPE_CHECKING:
    from app.auth.oauth.server import OAuthServer

Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]

_GRACE = dt.timedelta(seconds=10)
"""How long the second use of a refresh token may be a retry."""


class Grant(BaseGrant, TokenEndpointMixin):
    """What the grants share: the order of the checks (Enrollment contract 2.2), and the answer."""

    request: OAuthRequest
    server: "OAuthServer"
    needs: ClassVar[Sequence[str]] = ()

    def validate_token_request(self) -> None:
        """Check the client, its right to the grant, the parameters and the scope."""
        self.request.client, authenticated = self.server.authenticate(self.request)
        self.check_client(self.request.client, authenticated)
        for name in self.needs:
            self.request.required(name)
        self.scope = granted_scope(self.request.client, self.request.form.get("scope"))

    def check_client(self, client: OAuthClient, authenticated: bool) -> None:
        """Raise `UnauthorizedClientError` when the client may not use the grant."""
        if self.GRANT_TYPE not in client.grants:
            raise UnauthorizedClientError("The client may not use this grant")

    def create_token_response(self) -> Answer:
        """Check the credentials and issue the tokens.

        Nothing of Authlib's is called: it writes tokens to the log.
        """
        # The connection is not kept while a password is hashed or a transaction is waited for.
        self.request.session.close()
        return 200, self.issue(), self.TOKEN_RESPONSE_HEADER

    @abstractmethod
    def issue(self) -> dict[str, Any]:
        """The body of a success. Raises `InvalidGrantError` for wrong credentials."""

    def write_tokens(
        self, session: Session, user_id: int, scope: str, *, after: RefreshToken | None = None
    ) -> dict[str, Any]:
        """Issue tokens, the successors of a refresh token if one is given; the body that says so."""
        client, moment = self.request.client, self.server.clock()
        lasts = client.token_life or self.server.settings.access_token_days * 86_400
        token, access = tokens.issue_access_token(
            session,
            client_id=client.id,
            user_id=user_id,
            scope=scope,
            created=moment,
            expires=moment + dt.timedelta(seconds=lasts),
            family=after.family if after else None,
        )
        jwt = self.request.form.get("token_type", "").lower() == "jwt"
        body = {
            "access_token": token,
            "token_type": "JWT" if jwt else "Bearer",
            "expires_in": int((access.expires - self.server.clock()).total_seconds()),
            "scope": scope,
        }
        if client.type == ClientType.CONFIDENTIAL and self.GRANT_TYPE != GrantType.CLIENT_CREDENTIALS:
            body["refresh_token"] = tokens.issue_refresh_token(
                session,
                access,
                # It stays as wide as it was, though the access token may be narrower (RFC 6749 section 6).
                scope=after.scope if after else scope,
                expires=moment + dt.timedelta(days=self.server.settings.refresh_token_days),
            )
        return body


class PasswordGrant(Grant):
    """A username, or an e-mail address, and a password (RFC 6749 section 4.3)."""

    GRANT_TYPE = GrantType.PASSWORD.value
    needs = ("username", "password")

    def issue(self) -> dict[str, Any]:
        request = self.request
        check = self.server.passwords.check(
            request.form["username"], request.form["password"], request.address
        )
        known = await_only(check)
        if known is None:
            raise InvalidGrantError("Username and password do not fit")
        with self.server.writing() as session:
            user = tokens.lock_user(session, known.id)
            # The password may have been changed since it was checked.
            if user is not None and user.password_hash == known.password_hash:
                return self.write_tokens(session, user.id, self.scope)
        raise InvalidGrantError("Username and password do not fit")


class ClientCredentialsGrant(Grant):
    """A confidential client that acts as its service user (RFC 6749 section 4.4)."""

    GRANT_TYPE = GrantType.CLIENT_CREDENTIALS.value

    def check_client(self, client: OAuthClient, authenticated: bool) -> None:
        if not authenticated:
            raise ClientRefused
        if client.type == ClientType.PUBLIC:
            raise UnauthorizedClientError("A public client may not use this grant")
        super().check_client(client, authenticated)

    def issue(self) -> dict[str, Any]:
        with self.server.writing() as session:
            service = self.request.client.user_id
            user = service and tokens.lock_user(session, service)
            # Who was promoted meanwhile is no longer the user of the client.
            client = session.get_one(OAuthClient, self.request.client.id)
            if user and client.user_id == user.id:
                return self.write_tokens(session, user.id, self.scope)
        raise InvalidGrantError("The client has no active service user")


class RefreshTokenGrant(Grant):
    """A refresh token for a new pair (RFC 6749 section 6), once (RFC 9700 section 4.14.2)."""

    GRANT_TYPE = GrantType.REFRESH_TOKEN.value
    needs = ("refresh_token",)

    def issue(self) -> dict[str, Any]:
        body, moment = None, self.server.clock()
        with self.server.writing() as session:
            token = self._locked(session)
            if token is not None and token.used_at is None and moment < token.expires:
                body = self._exchange(session, token, moment)
            elif token is not None and token.used_at is not None and moment - token.used_at > _GRACE:
                tokens.revoke_family(session, token.family, moment)
        self.server.forget_tokens()
        if body is None:
            raise InvalidGrantError("The refresh token is not valid")
        return body

    def _locked(self, session: Session) -> RefreshToken | None:
        """The client's token unless it is revoked; nobody else can use it until the transaction ends."""
        presented = hash_key(self.request.form["refresh_token"])
        token = session.scalar(select(RefreshToken).where(col(RefreshToken.token_hash) == presented))
        if token is None or token.client_id != self.request.client.id:
            return None
        if tokens.lock_user(session, token.user_id) is None:
            return None
        session.refresh(token)
        return token if token.revoked_at is None else None

    def _exchange(self, session: Session, token: RefreshToken, moment: dt.datetime) -> dict[str, Any]:
        asked = self.request.form.get("scope", "").split()
        if asked and token.scope and not set(asked) <= set(token.scope.split()):
            raise InvalidScopeError("The scope is wider than that of the refresh token")
        token.used_at = moment
        old = session.get_one(AccessToken, token.access_token_id)
        old.revoked_at = old.revoked_at or moment
        scope = self.scope if asked else token.scope
        return self.write_tokens(session, token.user_id, scope, after=token)


def granted_scope(client: OAuthClient, asked: str | None) -> str:
    """The scope that a client gets: what it asked for, else all that it may.

    Raises `InvalidScopeError` for unknown names and for more than the client may.
    """
    names = dict.fromkeys((asked or "").split())
    if not set(names) <= set(client.scopes or Scope):
        raise InvalidScopeError("The scope is unknown, or more than the client may have")
    return " ".join(names or client.scopes)
