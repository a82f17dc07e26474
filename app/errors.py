"""Errors that a caller can cause, each with its stable code."""

from typing import Any

from app.vocabulary import ClosedReason


class LyceumError(Exception):
    """An expected failure: its message and code reach the caller unmasked.

    `extensions` are further members beside the code in a GraphQL error.
    """

    code = "INTERNAL"

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = extensions


class BadUserInput(LyceumError):
    """A value the caller sent cannot be used; the message names the field."""

    code = "BAD_USER_INPUT"


class Unauthenticated(LyceumError):
    """Credentials were sent that are not valid, or are needed and missing."""

    code = "UNAUTHENTICATED"


class UserInactive(Unauthenticated):
    """The credentials are those of an account that is switched off; most APIs do not tell."""


class TokenExpired(Unauthenticated):
    """The access token was valid once."""


class Forbidden(LyceumError):
    """The caller is known and may not do this."""

    code = "FORBIDDEN"


class NotFound(LyceumError):
    """What the caller names is not there, or not for the caller to see."""

    code = "NOT_FOUND"


class ModeUnavailable(LyceumError):
    """A course run is not offered in this enrollment mode, or no longer."""

    code = "MODE_UNAVAILABLE"

    def __init__(self, message: str, run_id: int) -> None:
        super().__init__(message, field="mode")
        self.run_id = run_id


class EnrollmentClosed(LyceumError):
    """Nobody can enroll in a course run now, for a reason."""

    code = "ENROLLMENT_CLOSED"

    def __init__(self, message: str, reason: ClosedReason) -> None:
        super().__init__(message)
        self.reason = reason


class InsufficientScope(Forbidden):
    """The caller's token is not for this, though its user may do it."""


class RateLimited(LyceumError):
    """The caller's budget for the current window is spent."""

    code = "RATE_LIMITED"


class CostExceeded(LyceumError):
    """An operation is over one of the limits; `limit` and `maximum` say which."""

    code = "COST_EXCEEDED"


class Unavailable(LyceumError):
    """The server is too busy to answer now."""

    code = "UNAVAILABLE"
