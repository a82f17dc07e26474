"""Errors that Authlib words otherwise than Enrollment contract 2.6, or has not."""

from authlib.oauth2.rfc6749 import InvalidClientError, OAuth2Error

from app.errors import RateLimited

Headers = list[tuple[str, str]]


class ClientRefused(InvalidClientError):
    """The client is not who it says; the answer never tells why."""

    status_code = 401
    description = "The client is unknown, or its secret is missing or wrong"

    def get_headers(self) -> Headers:
        return [*OAuth2Error.get_headers(self), ("WWW-Authenticate", 'Basic realm="api"')]


class UnsupportedGrantType(OAuth2Error):
    """The grant is not known, or switched off for the whole server."""

    error = "unsupported_grant_type"
    description = "This server does not support the grant type"


class MethodNotAllowed(OAuth2Error):
    """Only POST is for forms."""

    error = "invalid_request"
    status_code = 405
    description = "Only POST is allowed"

    def get_headers(self) -> Headers:
        return [*super().get_headers(), ("Allow", "POST")]


class TooManyAttempts(OAuth2Error):
    """A limit of Enrollment contract 2.7 is reached."""

    error = "temporarily_unavailable"
    status_code = 429

    def __init__(self, cause: RateLimited) -> None:
        super().__init__(cause.message)
        self._seconds = str(cause.extensions["retryAfter"])

    def get_headers(self) -> Headers:
        return [*super().get_headers(), ("Retry-After", self._seconds)]


class Busy(OAuth2Error):
    """The database answers nobody in time."""

    error = "temporarily_unavailable"
    status_code = 503
    description = "The server is busy"
