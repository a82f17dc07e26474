"""Mutations of enrollments."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID, UNSET

from resolvers import enrolling, enrollment, progressing
from resolvers.context import Context
from resolvers.enrolling import Attribute, Saved, Wish
from schema.enrollment import Enrollment
from schema.errors import EnrollmentClosed, ModeUnavailable, NotFound, NotPermitted, ValidationError
from schema.inputs import values_of
from schema.relay import field, key_of, to_one


@strawberry.input(description="A fact about an enrollment that has no field of its own.")
class EnrollmentAttributeInput:
    namespace: str = field("Who defines the name.")
    name: str = field("What the fact is about.")
    value: str = field("The fact.")


_Attributes = list[EnrollmentAttributeInput] | None
_ATTRIBUTES = "Facts to add, or to replace by namespace and name."


@strawberry.input(description="Whom to enroll in what, and how. What is null counts as absent.")
class EnrollInput:
    run_key: str = field("Native key of the course run.")
    username: str | None = field("Whom to enroll; the viewer unless given. For staff.", default=UNSET)
    mode: str | None = field(
        "Enrollment mode. Unless given it stays when staff change an enrollment, else `audit` or `honor`.",
        default=UNSET,
    )
    is_active: bool | None = field(
        "False leaves the run; true unless given. False is for staff.", default=UNSET
    )
    attributes: _Attributes = field(_ATTRIBUTES, default=UNSET)
    email_opt_in: bool | None = field(
        "Whether the learner wants e-mail from the organization; kept as the attribute `email:opt_in`.",
        default=UNSET,
    )
    force: bool | None = field("Enroll though enrollment is closed; counts for staff only.", default=UNSET)
    enterprise_customer: UUID | None = field(
        "Native id of the enterprise customer through whose link to the learner it is.", default=UNSET
    )
    validate_only: bool | None = field("Check everything and change nothing.", default=UNSET)


@strawberry.input(description="How to change an enrollment. What is absent or null stays.")
class UpdateEnrollmentInput:
    id: ID = field("Global id of the enrollment.")
    mode: str | None = field("Enrollment mode.", default=UNSET)
    is_active: bool | None = field("Whether the learner is enrolled.", default=UNSET)
    attributes: _Attributes = field(_ATTRIBUTES, default=UNSET)


@strawberry.input(description="Which enrollment to leave.")
class UnenrollInput:
    id: ID = field("Global id of the enrollment.")


@strawberry.input(description="How far a learner got. What is absent or null stays.")
class UpdateProgressInput:
    id: ID = field("Global id of the enrollment.")
    absolute_progress: float | None = field("Points reached.", default=UNSET)
    max_possible_progress: float | None = field("Points that can be reached.", default=UNSET)
    completed: bool | None = field("Whether the run is completed.", default=UNSET)
    success: bool | None = field("Whether it is completed successfully.", default=UNSET)


@strawberry.type(description="An enrollment is as the input wants it.")
class EnrollmentSaved:
    enrollment_id: strawberry.Private[int]
    created: bool = field("Whether there was none before.")
    enrollment: Enrollment = to_one(enrollment.ENROLLMENT, "enrollment_id", "The enrollment as it is now.")


@strawberry.type(description="The input would be accepted; nothing was changed.")
class EnrollmentValid:
    message: str = field("The same, for people.")


EnrollResult = Annotated[
    EnrollmentSaved
    | EnrollmentValid
    | ValidationError
    | NotFound
    | NotPermitted
    | ModeUnavailable
    | EnrollmentClosed,
    strawberry.union("EnrollResult", description="What comes of enrolling."),
]
UpdateEnrollmentResult = Annotated[
    EnrollmentSaved | ValidationError | NotFound | NotPermitted | ModeUnavailable,
    strawberry.union("UpdateEnrollmentResult", description="What comes of changing an enrollment."),
]
UnenrollResult = Annotated[
    EnrollmentSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("UnenrollResult", description="What comes of leaving a course run."),
]


UpdateProgressResult = Annotated[
    EnrollmentSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("UpdateProgressResult", description="What comes of recording progress."),
]


async def enroll(context: Context, input: EnrollInput) -> EnrollmentSaved | EnrollmentValid:
    """Enroll a user in a course run."""
    given = values_of(input)
    validate_only = bool(given.get("validate_only"))
    saved = await enrolling.enroll(
        context,
        given["run_key"],
        given.get("username"),
        _wish(given),
        customer=given.get("enterprise_customer"),
        validate_only=validate_only,
    )
    return EnrollmentValid(message="Nothing speaks against it") if saved is None else _saved(saved)


async def update_enrollment(context: Context, input: UpdateEnrollmentInput) -> EnrollmentSaved:
    """Change an enrollment."""
    key = key_of(input.id, enrollment.ENROLLMENT)
    return _saved(await enrolling.update(context, key, _wish(values_of(input))))


async def update_progress(context: Context, input: UpdateProgressInput) -> EnrollmentSaved:
    """Record how far a learner got."""
    given = {name: value for name, value in values_of(input).items() if value is not None}
    key = key_of(given.pop("id"), enrollment.ENROLLMENT)
    return EnrollmentSaved(enrollment_id=await progressing.update(context, key, given), created=False)


async def unenroll(context: Context, input: UnenrollInput) -> EnrollmentSaved:
    """End an enrollment."""
    key = key_of(input.id, enrollment.ENROLLMENT)
    return _saved(await enrolling.update(context, key, Wish(is_active=False)))


def _wish(given: Mapping[str, Any]) -> Wish:
    return Wish(
        mode=given.get("mode"),
        is_active=given.get("is_active"),
        attributes=[Attribute(**attribute) for attribute in given.get("attributes") or ()],
        email_opt_in=given.get("email_opt_in"),
        force=bool(given.get("force")),
    )


def _saved(saved: Saved) -> EnrollmentSaved:
    return EnrollmentSaved(enrollment_id=saved.id, created=saved.created)
