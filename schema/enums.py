"""The closed vocabularies as GraphQL enums."""

import strawberry

from app.vocabulary import (
    Activity,
    Availability,
    Bucket,
    ClientType,
    ClosedReason,
    ConsentPolicy,
    ContentKind,
    Dimension,
    EducationLevel,
    EnrollmentEventType,
    EnterpriseRole,
    Gender,
    GrantType,
    OfferKind,
    Pacing,
    ProgramStatus,
    ProgressStatus,
    RunStatus,
)

__all__ = [
    "Activity",
    "Availability",
    "Bucket",
    "ClientType",
    "ClosedReason",
    "ConsentPolicy",
    "ContentKind",
    "Dimension",
    "EducationLevel",
    "EnrollmentEventType",
    "EnterpriseRole",
    "Gender",
    "GrantType",
    "OfferKind",
    "Pacing",
    "ProgramStatus",
    "ProgressStatus",
    "RunStatus",
]

for _enum, _description in {
    Activity: "What learners are counted for week by week.",
    Availability: "Whether a course run goes on, is to come, or is over; without a start it is to come.",
    Bucket: "How often a series has a row; a week is from Monday to Sunday.",
    ClientType: "Whether an OAuth client can keep a secret.",
    ClosedReason: "Why nobody can enroll in a course run.",
    ConsentPolicy: "How consent to share data is asked for.",
    ContentKind: "What something in an enterprise catalog is.",
    Dimension: "What learners are grouped by; TOTAL is one group of all.",
    EducationLevel: "Highest education; NONE is no formal education.",
    EnrollmentEventType: "What an enrollment event did.",
    EnterpriseRole: "What a user is to an enterprise customer: all roles open its catalogs, OPERATOR and"
    " ADMIN what its learners do too.",
    Gender: "Gender, as a profile says.",
    GrantType: "How an access token is asked for.",
    OfferKind: "What the value of a discount is.",
    Pacing: "Who sets the pace of a course run.",
    ProgramStatus: "Whether a program is published.",
    ProgressStatus: "How a learner stands; who has not passed a run that ended before today is FAILED.",
    RunStatus: "Whether a course run is published.",
}.items():
    strawberry.enum(_enum, description=_description)
