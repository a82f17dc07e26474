"""Users with their profile, their API keys and the browsers they are logged in with."""

import datetime as dt

from sqlmodel import SQLModel

from app.db.models.base import instant, link, now, optional, primary_key, string
from app.vocabulary import EducationLevel, Gender


class User(SQLModel, table=True):
    """An account with its profile: a learner, a member of staff, or both."""

    __tablename__ = "user"

    id: int = primary_key()
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
