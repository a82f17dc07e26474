"""OAuth clients and access tokens, and their administration."""

import datetime as dt
from typing import Annotated

import strawberry
from strawberry import ID, UNSET

from resolvers import oauth, people
from resolvers.context import Context
from schema.enums import ClientType, GrantType
from schema.errors import NotFound, NotPermitted, ValidationError
from schema.inputs import values_of
from schema.people import User
from schema.relay import Node, field, key_of, to_one

_ONCE = " Shown now and never again."


@strawberry.type(name="OAuthClient", description="A program that may ask for access tokens.")
class OAuthClient(Node):
    client_id: str = field("Native id.")
    type: ClientType = field("Whether it can keep a secret.")
    name: str = field("Name for people.")
    url: str = field("Address of the program; empty when not given.")
    redirect_uri: str = field("Where it takes answers; empty when not given.")
    logout_uri: str = field("Where it is told that a user logs out; empty when not given.")
    user: User | None = to_one(
        people.USER, "user_id", "Whom a confidential client acts for by itself; the owner of a public one."
    )
    grants: list[GrantType] = field("The ways in which it may ask.")
    scopes: list[str] = field("The scopes that it may ask for; empty for any.")
    token_life: int | None = field("Seconds that its tokens are valid; null for what the server says.")
    is_active: bool = field("Whether it may ask for tokens.")
    created: dt.datetime = field("When it was made.")


@strawberry.type(description="A token that opens the API; what it is, is never shown.")
class AccessToken(Node):
    user: User = to_one(people.USER, "user_id", "Whom it stands for.")
    client: OAuthClient | None = to_one(
        oauth.OAUTH_CLIENT, "client_id", "The client that it was given to; null for who may not see clients."
    )
    scope: str = field("What it may be used for, as names with spaces; empty for all rights of the user.")
    created: dt.datetime = field("When it was issued.")
    expires: dt.datetime = field("When it ends.")
    revoked_at: dt.datetime | None = field("When it was revoked; null when it was not.")


@strawberry.input(description="What a new OAuth client shall be.")
class CreateOauthClientInput:
    type: ClientType = field("Whether it can keep a secret.")
    username: str | None = field(
        "Whom a confidential client acts for by itself; the owner of a public one.", default=UNSET
    )
    name: str | None = field("Name for people.", default=UNSET)
    url: str | None = field("Address of the program.", default=UNSET)
    redirect_uri: str | None = field("Where it takes answers.", default=UNSET)
    logout_uri: str | None = field("Where it is told that a user logs out.", default=UNSET)
    client_id: str | None = field("Its native id; made up unless given.", default=UNSET)


@strawberry.input(description="Which OAuth client to give another secret.")
class RotateOauthClientSecretInput:
    id: ID = field("Global id of the client.")


@strawberry.input(description="What a new access token shall be.")
class CreateAccessTokenInput:
    username: str | None = field("Whom it stands for; the viewer unless given.", default=UNSET)
    client_id: str = field("Native id of the client that it belongs to.")
    expires: dt.datetime = field("When it ends.")
    scope: str | None = field(
        "What it may be used for, as names with spaces; all rights of the user unless given.", default=UNSET
    )


@strawberry.input(description="Which access token to revoke.")
class RevokeAccessTokenInput:
    id: ID = field("Global id of the token.")


@strawberry.type(name="OAuthClientIssued", description="An OAuth client has a new secret.")
class OAuthClientIssued:
    client_key: strawberry.Private[int]
    client: OAuthClient = to_one(oauth.OAUTH_CLIENT, "client_key", "The client.")
    client_secret: str = field("Its secret." + _ONCE)


@strawberry.type(description="An access token was made.")
class AccessTokenIssued:
    token_key: strawberry.Private[int]
    token: AccessToken = to_one(oauth.ACCESS_TOKEN, "token_key", "What there is to know of it.")
    access_token: str = field("The token." + _ONCE)


@strawberry.type(description="An access token opens nothing any more.")
class AccessTokenRevoked:
    token_key: strawberry.Private[int]
    token: AccessToken = to_one(oauth.ACCESS_TOKEN, "token_key", "The token.")


CreateOauthClientResult = Annotated[
    OAuthClientIssued | ValidationError | NotFound | NotPermitted,
    strawberry.union("CreateOauthClientResult", description="What comes of making an OAuth client."),
]
RotateOauthClientSecretResult = Annotated[
    OAuthClientIssued | ValidationError | NotFound | NotPermitted,
    strawberry.union("RotateOauthClientSecretResult", description="What comes of giving another secret."),
]
CreateAccessTokenResult = Annotated[
    AccessTokenIssued | ValidationError | NotFound | NotPermitted,
    strawberry.union("CreateAccessTokenResult", description="What comes of making an access token."),
]
RevokeAccessTokenResult = Annotated[
    AccessTokenRevoked | ValidationError | NotFound,
    strawberry.union("RevokeAccessTokenResult", description="What comes of revoking an access token."),
]


async def create_client(context: Context, input: CreateOauthClientInput) -> OAuthClientIssued:
    """Make a client."""
    given = values_of(input)
    key, secret = await oauth.create_client(
        context,
        given["type"],
        username=given.get("username"),
        name=given.get("name") or "",
        url=given.get("url") or "",
        redirect_uri=given.get("redirect_uri") or "",
        logout_uri=given.get("logout_uri") or "",
        client_id=given.get("client_id"),
    )
    return OAuthClientIssued(client_key=key, client_secret=secret)


async def rotate_secret(context: Context, input: RotateOauthClientSecretInput) -> OAuthClientIssued:
    """Give a client another secret."""
    key, secret = await oauth.rotate_secret(context, key_of(input.id, oauth.OAUTH_CLIENT))
    return OAuthClientIssued(client_key=key, client_secret=secret)


async def create_token(context: Context, input: CreateAccessTokenInput) -> AccessTokenIssued:
    """Make an access token."""
    given = values_of(input)
    key, token = await oauth.create_token(
        context, given.get("username"), given["client_id"], given["expires"], given.get("scope") or ""
    )
    return AccessTokenIssued(token_key=key, access_token=token)


async def revoke_token(context: Context, input: RevokeAccessTokenInput) -> AccessTokenRevoked:
    """Revoke an access token."""
    key = await oauth.revoke_token(context, key_of(input.id, oauth.ACCESS_TOKEN))
    return AccessTokenRevoked(token_key=key)
