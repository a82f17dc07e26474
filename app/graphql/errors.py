"""What callers are told of errors: expected ones as they are, all others as an id in the log."""

import logging
from typing import Any
from uuid import uuid4

from graphql import GraphQLError

from app.errors import BadUserInput, LyceumError

_log = logging.getLogger("lyceum.graphql")


def formatted(error: GraphQLError) -> dict[str, Any]:
    """An error as it goes out.

    Without an original error it is the caller's: the document does not parse,
    validate, or fit its variables. Otherwise the causes of the original error
    are searched for an expected one; when there is none, the error is masked.
    """
    answer: dict[str, Any] = {"message": error.message}
    if error.locations:
        answer["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is None and not isinstance(error.original_error, LyceumError):
        return {**answer, "extensions": {"code": BadUserInput.code}}
    if error.path is not None:
        answer["path"] = error.path
    expected = _expected(error.original_error)
    if expected is None:
        return {**answer, **masked(error.original_error or error)}
    return {**answer, "message": expected.message, "extensions": _extensions(expected)}


def refused(error: LyceumError) -> dict[str, Any]:
    """An expected error of a whole request."""
    return {"message": error.message, "extensions": _extensions(error)}


def masked(error: BaseException) -> dict[str, Any]:
    """What is shown of an unexpected error, which goes to the log under the same id."""
    id_ = uuid4().hex
    _log.error("Unexpected error %s", id_, exc_info=error)
    return {"message": f"Something went wrong (error {id_})", "extensions": {"code": "INTERNAL", "id": id_}}


def _expected(error: BaseException | None) -> LyceumError | None:
    while error is not None and not isinstance(error, LyceumError):
        error = error.__cause__
    return error


def _extensions(error: LyceumError) -> dict[str, Any]:
    return {"code": error.code, **error.extensions}
