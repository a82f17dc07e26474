"""Expected failures of mutations: they are data, and each kind of exception is a member of unions."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import strawberry

from app import errors
from resolvers import catalog
from resolvers.context import Context
from resolvers.text import camel_case
from schema import relay
from schema.catalog import CourseRun
from schema.enums import ClosedReason
from schema.relay import ContextInfo

_FIELD = "The place in the input that is to blame, such as `runKey`; null when it is none or all of it."


@strawberry.interface(description="Why a mutation changed nothing.")
class Error:
    message: str = relay.field("What went wrong, for people.")


@strawberry.type(description="A value in the input cannot be used.")
class ValidationError(Error):
    field: str | None = relay.field(_FIELD)


@strawberry.type(description="What the input names is not there, or not for the viewer to see.")
class NotFound(Error):
    field: str | None = relay.field(_FIELD)


@strawberry.type(description="The viewer may not do this.")
class NotPermitted(Error):
    field: str | None = relay.field(_FIELD)


@strawberry.type(description="The course run is not offered in this enrollment mode, or no longer.")
class ModeUnavailable(Error):
    run_id: strawberry.Private[int]
    field: str | None = relay.field(_FIELD)
    run: CourseRun = relay.to_one(catalog.COURSE_RUN, "run_id", "The course run, with what it offers.")


@strawberry.type(description="Nobody can enroll in the course run now.")
class EnrollmentClosed(Error):
    reason: ClosedReason = relay.field("Why.")


def mutation(input_: type, work: Callable[[Context, Any], Awaitable[Any]], description: str) -> Any:
    """A field that does work with its input; an expected failure is a member of its union."""

    async def resolve(
        info: ContextInfo,
        input: Annotated[input_, strawberry.argument(description="What to do.")],  # type: ignore[valid-type]
    ) -> Any:
        info.context.viewer.require_user()
        try:
            return await work(info.context, input)
        except errors.InsufficientScope:
            raise
        except errors.LyceumError as error:
            return _member(error)

    return strawberry.mutation(resolver=resolve, description=description)


def _member(error: errors.LyceumError) -> Error:
    """The member that an error is. Raises the error itself when it is none of those that are expected."""
    field = error.extensions.get("field")
    field = field and camel_case(field)
    match error:
        case errors.ModeUnavailable():
            return ModeUnavailable(message=error.message, field=field, run_id=error.run_id)
        case errors.EnrollmentClosed():
            return EnrollmentClosed(message=error.message, reason=error.reason)
        case errors.NotFound():
            return NotFound(message=error.message, field=field)
        case errors.Forbidden():
            return NotPermitted(message=error.message, field=field)
        case errors.BadUserInput():
            return ValidationError(message=error.message, field=field)
    raise error
