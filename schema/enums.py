"""The closed vocabularies as GraphQL enums."""

import strawberry

from app.vocabulary import (
    ConsentPolicy,
    EducationLevel,
    EnrollmentEventType,
    Gender,
    Pacing,
    ProgramStatus,
    RunStatus,
)

__all__ = [
    "ConsentPolicy",
    "EducationLevel",
    "EnrollmentEventType",
    "Gender",
    "Pacing",
    "ProgramStatus",
    "RunStatus",
]

for _enum, _description in {
    ConsentPolicy: "How consent to share data is asked for.",
    EducationLevel: "Highest education; NONE is no formal education.",
    EnrollmentEventType: "What an enrollment event did.",
    Gender: "Gender, as a profile says.",
    Pacing: "Who sets the pace of a course run.",
    ProgramStatus: "Whether a program is published.",
    RunStatus: "Whether a course run is published.",
}.items():
    strawberry.enum(_enum, description=_description)
