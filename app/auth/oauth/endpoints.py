"""Revoking tokens and asking about them (Enrollment contract 2.8, RFC 7009 and RFC 7662)."""

from typing import TYPE_CHECKING, Any

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749 import TokenEndpoint
from sqlalchemy.orm import Session
from sqlmodel import col, select

from app.auth.oauth import tokens
from app.auth.oauth.errors import ClientRefused, Headers
from app.auth.oauth.requests import OAuthRequest
from app.auth.secrets import hash_key
from app.db.models import AccessToken, RefreshToken, User
from app.vocabulary import ClientType

if TYPE_CHECKING:
    from app.auth.oauth.server import OAuthServer

Answer = tuple[int, dict[str, Any], Headers]


class Revocation(TokenEndpoint):
    """Revokes a token of the client's with its pair, a refresh token with its family."""

    ENDPOINT_NAME = "revocation"
    server: "OAuthServer"

    def create_endpoint_response(self, request: OAuthRequest) -> Answer:
        """200 for every token, whether there is one or not."""
        client, _ = self.server.authenticate(request)
        presented = request.required("token")
        request.session.close()
        with self.server.writing() as session:
            token = _find(session, presented, client.id)
            if token is not None:
                tokens.lock_user(session, token.user_id)
                if isinstance(token, RefreshToken):
                    tokens.revoke_family(session, token.family, self.server.clock())
                else:
                    tokens.revoke_pair(session, token.id, self.server.clock())
        self.server.forget_tokens()
        return 200, {}, default_json_headers


class Introspection(TokenEndpoint):
    """Tells a confidential client of its own tokens."""

    ENDPOINT_NAME = "introspection"
    server: "OAuthServer"

    def create_endpoint_response(self, request: OAuthRequest) -> Answer:
        """200 for every token; of those that are not valid, or not the client's, nothing more is said."""
        client, _ = self.server.authenticate(request)
        if client.type != ClientType.CONFIDENTIAL:
            raise ClientRefused
        token = _find(request.session, request.required("token"), client.id)
        user = request.session.get(User, token.user_id) if token else None
        valid = (
            token is not None
            and token.revoked_at is None
            and self.server.clock() < token.expires
            and not (isinstance(token, RefreshToken) and token.used_at)
        )
        if token is None or user is None or not user.is_active or not valid:
            return 200, {"active": False}, default_json_headers
        body = {
            "active": True,
            "scope": token.scope,
            "client_id": client.client_id,
            "username": user.username,
            "sub": str(user.id),
            "iss": self.server.settings.issuer,
            "iat": int(token.created.timestamp()),
            "exp": int(token.expires.timestamp()),
        }
        if isinstance(token, AccessToken):
            body["token_type"] = "Bearer"  # noqa: S105
        return 200, body, default_json_headers


def _find(session: Session, presented: str, client_id: int) -> AccessToken | RefreshToken | None:
    """The token of a client, of either kind."""
    hashed = hash_key(presented)
    for kind in (AccessToken, RefreshToken):
        statement = select(kind).where(col(kind.token_hash) == hashed, col(kind.client_id) == client_id)
        token = session.scalar(statement)
        if isinstance(token, kind):
            return token
    return None
