"""Users with their profile, their API keys and the browsers they are logged in with."""

import datetime as dt

from sqlmodel import Field, SQLModel

from app.db.models.base import instant, link, now, optional, primary_key, string
from app.db.types import BigInt, text
from app.vocabulary import EducationLevel, Gender


class User(SQLModel, table=True):
    """An account with its profile: a learner, a member of staff, or both.

    `lms_user_id` is the id that the learning platform knows the user by.
    """

    __tablename__ = "user"

    id: int = primary_key()
    lms_user_id: int | None = Field(default=None, unique=True, index=True, sa_type=BigInt)
    username: str = string(150, unique=True)
    email: str = string(254, default="", index=True)
    name: str = string(255, default="")
    password_hash: str | None = optional(255)
    is_active: bool = True
    is_staff: bool = False
    is_superuser: bool = False
    date_joined: dt.datetime = instant(default_factory=now)
    last_login: dt.datetime | None = instant(default=None)
    last_seen: dt.datetime | None = instant(default=None)
    gender: Gender | None = optional(10)
    year_of_birth: int | None = None
    education_level: EducationLevel | None = optional(20)
    country: str | None = optional(2)
    region: str | None = optional(255)
    city: str | None = optional(255)
    language: str | None = optional(255)


class ApiKey(SQLModel, table=True):
    """A user's static API key: only its SHA-256 is kept."""

    __tablename__ = "api_key"

    user_id: int = link("user.id", primary_key=True)
    key_hash: str = string(64, unique=True)
    created: dt.datetime = instant(default_factory=now)


class ApiKeyCourse(SQLModel, table=True):
    """A course that an API key is restricted to (Data Analytics contract 2.2)."""

    __tablename__ = "api_key_course"

    user_id: int = link("api_key.user_id", primary_key=True)
    course_id: int = link("course.id", primary_key=True, index=True)


class ApiKeyOrganization(SQLModel, table=True):
    """An organization to whose courses an API key is restricted (Data Analytics contract 2.2)."""

    __tablename__ = "api_key_organization"

    user_id: int = link("api_key.user_id", primary_key=True)
    organization_id: int = link("organization.id", primary_key=True, index=True)


class BrowserSession(SQLModel, table=True):
    """A browser that a user is logged in with: of its cookie only the SHA-256 is kept."""

    __tablename__ = "browser_session"

    id: int = primary_key()
    token_hash: str = string(64, unique=True)
    user_id: int = link("user.id", index=True)
    created: dt.datetime = instant(default_factory=now)
    expires: dt.datetime = instant()


class SamlIdentity(SQLModel, table=True):
    """A user's identity at a SAML provider (Enterprise contract 12.3, `enterprise_sso_uid`)."""

    __tablename__ = "saml_identity"

    id: int = primary_key()
    user_id: int = link("user.id", index=True)
    uid: str = string(255)
    created: dt.datetime = instant(default_factory=now)


class Invitation(SQLModel, table=True):
    """A mail that lets a new user set a password: it is sent once, and its link works once.

    Of the link's token, which is made when the mail is sent, only the SHA-256 is
    kept. Until `leased_until` somebody sends it.
    """

    __tablename__ = "invitation"

    id: int = primary_key()
    user_id: int = link("user.id", index=True)
    page: str = string(2000)
    created: dt.datetime = instant(default_factory=now)
    leased_until: dt.datetime | None = instant(default=None)
    token_hash: str | None = Field(default=None, unique=True, sa_type=text(64))
    expires: dt.datetime | None = instant(default=None)
    sent_at: dt.datetime | None = instant(default=None, index=True)
