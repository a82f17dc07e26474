"""Who a client is (Enrollment contract 2.3)."""

import base64
import hmac
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidRequestError
from sqlmodel import col, select

from app.auth.attempts import Attempts
from app.auth.oauth.errors import ClientRefused
from app.auth.oauth.requests import OAuthRequest
from app.auth.secrets import hash_key
from app.db.models import OAuthClient
from app.vocabulary import ClientType


def authenticate(request: OAuthRequest, failures: Attempts) -> tuple[OAuthClient, bool]:
    """The active client that sent a request, and whether it showed its secret.

    Raises `ClientRefused`, `InvalidRequestError` for two ways of authentication
    at once, and `RateLimited` after too many failures.
    """
    named, shown = request.form.get("client_id"), request.form.get("client_secret")
    scheme, _, value = request.authorization.partition(" ")
    if scheme.lower() == "basic":
        if shown is not None:
            raise InvalidRequestError("The client authenticates in two ways at once")
        client_id, shown = _basic(value.strip())
        if named not in (None, client_id):
            client_id = ""
    else:
        client_id = named or ""
    client = _find(request, client_id)
    key = f"{request.address} {client_id}"
    # No await since the check, so simultaneous attempts are counted one by one.
    failures.check(key)
    if client is None or not _fits(client, shown):
        failures.count(key)
        raise ClientRefused
    return client, shown is not None


def _basic(value: str) -> tuple[str, str | None]:
    """Id and secret; an empty id, which no client has, for what cannot be read. An empty secret is none."""
    try:
        pair = base64.b64decode(value, validate=True).decode()
        client_id, colon, secret = (unquote_plus(part, errors="strict") for part in pair.partition(":"))
    except ValueError:
        return "", None
    return (client_id, secret or None) if colon else ("", None)


def _find(request: OAuthRequest, client_id: str) -> OAuthClient | None:
    if not client_id or "\x00" in client_id:
        return None
    return request.session.scalar(select(OAuthClient).where(col(OAuthClient.client_id) == client_id))


def _fits(client: OAuthClient, secret: str | None) -> bool:
    if not client.is_active:
        return False
    if secret is None:
        return client.type == ClientType.PUBLIC
    return hmac.compare_digest(hash_key(secret), client.secret_hash)
