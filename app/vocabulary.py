"""The closed vocabularies of the domain, as stored and as GraphQL enums.

Values are what the database holds. Open vocabularies (enrollment modes,
level types, languages) are plain strings, because platforms invent new ones.
"""

import re
from enum import StrEnum

_KEY_PART = r"[\w.~-]+"
RUN_KEY = re.compile(rf"course-v1:{_KEY_PART}\+{_KEY_PART}\+{_KEY_PART}|{_KEY_PART}/{_KEY_PART}/{_KEY_PART}")
"""A course run key, in the new style or the old one (Enrollment contract 4.1)."""


class Gender(StrEnum):
    """What a learner's profile says; a learner who gave nothing has none."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


class EducationLevel(StrEnum):
    """Highest education of a learner (Data Analytics contract 4.7)."""

    NONE = "none"
    PRIMARY = "primary"
    JUNIOR_SECONDARY = "junior_secondary"
    SECONDARY = "secondary"
    ASSOCIATES = "associates"
    BACHELORS = "bachelors"
    MASTERS = "masters"
    DOCTORATE = "doctorate"
    OTHER = "other"


class Pacing(StrEnum):
    """Who sets the pace of a course run (Enterprise contract C-02)."""

    SELF_PACED = "self_paced"
    INSTRUCTOR_PACED = "instructor_paced"


_LEVELS = {name.lower(): name for name in ("Introductory", "Intermediate", "Advanced", "High School")}


def level_name(text: str) -> str:
    """A level as it is stored: the name of one of four, by name or slug in any case, else the text itself.

    Platforms have other levels too (Enterprise contract C-03).
    """
    return _LEVELS.get(" ".join(re.split(r"[\s_-]+", text.lower())), text)


class RunStatus(StrEnum):
    """Publication state of a course run."""

    PUBLISHED = "published"
    REVIEWED = "reviewed"
    UNPUBLISHED = "unpublished"


class Availability(StrEnum):
    """Where a course run stands in time (Enterprise contract 8.2)."""

    CURRENT = "current"
    UPCOMING = "upcoming"
    ARCHIVED = "archived"


class ProgramStatus(StrEnum):
    """Publication state of a program."""

    ACTIVE = "active"
    RETIRED = "retired"
    UNPUBLISHED = "unpublished"
    DELETED = "deleted"


class OrganizationRole(StrEnum):
    """What an organization is to a course."""

    OWNER = "owner"
    SPONSOR = "sponsor"


class ModuleCategory(StrEnum):
    """Categories of course modules that carry analytics; others are kept as given."""

    PROBLEM = "problem"
    SUBSECTION = "sequential"
    VIDEO = "video"


class EnrollmentEventType(StrEnum):
    """The three enrollment events (Data Analytics contract 8.1)."""

    ACTIVATED = "activated"
    DEACTIVATED = "deactivated"
    MODE_CHANGED = "mode_changed"


class ClosedReason(StrEnum):
    """Why nobody can enroll in a course run."""

    CLOSED = "closed"
    FULL = "full"
    INVITE_ONLY = "invite_only"


class ConsentPolicy(StrEnum):
    """How an enterprise customer handles data sharing consent (Enterprise contract 12.2)."""

    AT_ENROLLMENT = "at_enrollment"
    EXTERNALLY_MANAGED = "externally_managed"


class EnterpriseRole(StrEnum):
    """What a role assignment lets a user do for an enterprise customer."""

    OPERATOR = "enterprise_openedx_operator"
    ADMIN = "enterprise_admin"
    CATALOG_ADMIN = "enterprise_catalog_admin"
    LEARNER = "enterprise_learner"


class ContentKind(StrEnum):
    """What an item of an enterprise catalog is."""

    COURSE = "course"
    COURSE_RUN = "course_run"
    PROGRAM = "program"


class OfferKind(StrEnum):
    """What the value of a discount is (Enterprise contract 12.3, `offer`)."""

    PERCENTAGE = "percentage"
    ABSOLUTE = "absolute"


class ProgressStatus(StrEnum):
    """How a learner stands in a run (Enterprise contract 12.4)."""

    PASSED = "passed"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"


class Dimension(StrEnum):
    """What an enrollment series is broken down by (Data Analytics contract A3-A8)."""

    TOTAL = "total"
    MODE = "mode"
    GENDER = "gender"
    BIRTH_YEAR = "birth_year"
    EDUCATION = "education"
    COUNTRY = "country"


class Bucket(StrEnum):
    """How many days a row of a series stands for, by its last one."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Series(StrEnum):
    """The series that are computed from events (Data Analytics contract 8)."""

    ENROLLMENT = "enrollment"
    ACTIVITY = "activity"
    GRADES = "grades"
    ANSWERS = "answers"
    OPENS = "opens"
    VIDEOS = "videos"


class Activity(StrEnum):
    """What learners are counted for week by week (Data Analytics contract 8.5)."""

    ANY = "any"
    ATTEMPTED_PROBLEM = "attempted_problem"
    PLAYED_VIDEO = "played_video"
    POSTED_FORUM = "posted_forum"


class VideoAction(StrEnum):
    """What a learner did with a video player (Data Analytics contract 8.8)."""

    PLAY = "play"
    PAUSE = "pause"
    STOP = "stop"
    SEEK = "seek"


class ClientType(StrEnum):
    """Whether an OAuth client can keep a secret (RFC 6749 section 2.1)."""

    PUBLIC = "public"
    CONFIDENTIAL = "confidential"


class GrantType(StrEnum):
    """How an access token is asked for (Enrollment contract 2.4)."""

    PASSWORD = "password"  # noqa: S105
    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105


class Scope(StrEnum):
    """What an access token with scopes may be used for (Enrollment contract 2.8)."""

    READ = "read"
    WRITE = "write"
    PROFILE = "profile"
    EMAIL = "email"


SCOPE_ATTRIBUTE = ("zapier", "scope")
"""The attribute that keeps the scope an enrollment was made with (Zapier contract 2.3)."""


class WebhookEvent(StrEnum):
    """The events that webhooks tell of (Zapier contract 9)."""

    USER_CREATED = "user.created"
    COURSE_CREATED = "course.created"
    USER_ENROLLED = "user.enrolled"
    PROGRESS_UPDATED = "course.progress_updated"


class AttemptStatus(StrEnum):
    """What became of an attempt to deliver; it changes once (Zapier contract 10.4)."""

    PENDING = "pending"
    SUCCESSFUL = "successful"
    FAILED = "failed"


class SignatureKind(StrEnum):
    """How deliveries are signed (Standard Webhooks, "Signature scheme")."""

    HMAC = "hmac"
    ED25519 = "ed25519"
