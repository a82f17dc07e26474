"""OAuth clients and the tokens issued to them: of secrets and tokens only the SHA-256 is kept."""

import datetime as dt
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from app.db.models.base import instant, json_list, link, now, primary_key, related, string
from app.db.models.people import User
from app.vocabulary import ClientType, GrantType


class OAuthClient(SQLModel, table=True):
    """A program that asks for tokens (Enrollment contract 2.3).

    The user is the service user that a confidential client acts for by itself,
    and the owner of a public one. Without scopes it may ask for any. The token
    life is in seconds; without one, tokens live as long as the settings say.
    """

    __tablename__ = "oauth_client"

    id: int = primary_key()
    client_id: str = string(100, unique=True)
    secret_hash: str = string(64)
    type: ClientType = string(12)
    name: str = string(255, default="")
    url: str = string(2000, default="")
    redirect_uri: str = string(2000, default="")
    logout_uri: str = string(2000, default="")
    user_id: int | None = link("user.id", nullable=True, index=True)
    grants: list[GrantType] = json_list()
    scopes: list[str] = json_list()
    token_life: int | None = None
    is_active: bool = True
    created: dt.datetime = instant(default_factory=now)

    user: User | None = related()


class Token(SQLModel):
    """What both kinds of tokens have (Enrollment contract 2.8).

    All tokens that descend from one login are one family. The empty scope
    stands for all rights of the user.
    """

    id: int = primary_key()
    token_hash: str = string(64, unique=True)
    family: UUID = Field(default_factory=uuid4, index=True)
    user_id: int = link("user.id", index=True)
    client_id: int = link("oauth_client.id", index=True)
    scope: str = string(255, default="")
    created: dt.datetime = instant(default_factory=now)
    expires: dt.datetime = instant()
    revoked_at: dt.datetime | None = instant(default=None)


class AccessToken(Token, table=True):
    """A token that opens the API until it expires or is revoked."""

    __tablename__ = "oauth_access_token"

    user: User = related()
    client: OAuthClient = related()


class RefreshToken(Token, table=True):
    """A token that is exchanged, once, for an access token and its own successor."""

    __tablename__ = "oauth_refresh_token"

    access_token_id: int = link("oauth_access_token.id", index=True)
    used_at: dt.datetime | None = instant(default=None)
