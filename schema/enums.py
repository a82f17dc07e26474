"""The closed vocabularies as GraphQL enums."""

import strawberry

from app.vocabulary import (
    Activity,
    AttemptStatus,
    Bucket,
    ClientType,
    ClosedReason,
    ConsentPolicy,
    Dimension,
    EducationLevel,
    EnrollmentEventType,
    Gender,
    GrantType,
    Pacing,
    ProgramStatus,
    RunStatus,
    SignatureKind,
    WebhookEvent,
)

__all__ = [
    "Activity",
    "AttemptStatus",
    "Bucket",
    "ClientType",
    "ClosedReason",
    "ConsentPolicy",
    "Dimension",
    "EducationLevel",
    "EnrollmentEventType",
    "Gender",
    "GrantType",
    "Pacing",
    "ProgramStatus",
    "RunStatus",
    "SignatureKind",
    "WebhookEvent",
]

for _enum, _description in {
    AttemptStatus: "What became of an attempt to deliver; it changes once.",
    Activity: "What learners are counted for week by week.",
    Bucket: "How often a series has a row; a week is from Monday to Sunday.",
    SignatureKind: "How deliveries are signed, by Standard Webhooks.",
    WebhookEvent: "The events that webhooks tell of.",
    ClientType: "Whether an OAuth client can keep a secret.",
    ClosedReason: "Why nobody can enroll in a course run.",
    ConsentPolicy: "How consent to share data is asked for.",
    Dimension: "What learners are grouped by; TOTAL is one group of all.",
    EducationLevel: "Highest education; NONE is no formal education.",
    EnrollmentEventType: "What an enrollment event did.",
    Gender: "Gender, as a profile says.",
    GrantType: "How an access token is asked for.",
    Pacing: "Who sets the pace of a course run.",
    ProgramStatus: "Whether a program is published.",
    RunStatus: "Whether a course run is published.",
}.items():
    strawberry.enum(_enum, description=_description)
