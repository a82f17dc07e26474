"""The demo's credentials, which everybody knows, and whether any of them opens a database."""

from dataclasses import dataclass

from sqlalchemy import exists, or_, select
from sqlmodel import col

from app.auth.secrets import hash_key, verify_password
from app.db.engine import Database
from app.db.models import ApiKey, OAuthClient, User
from app.vocabulary import ClientType, GrantType


@dataclass(frozen=True)
class Credentials:
    """An account's name and secrets."""

    username: str
    password: str
    api_key: str


DEMO = Credentials("demo", "demo-password", "demo-key-0123456789abcdef")
"""Staff and superuser, enrolled in nothing."""

LEARNER = Credentials("learner", "learner-password", "learner-key-0123456789abcdef")
"""An ordinary user, enrolled in a few runs."""

ACCOUNTS = (DEMO, LEARNER)


@dataclass(frozen=True)
class ClientCredentials:
    """An OAuth client's id and secret; a confidential one has a service user of the same name."""

    client_id: str
    secret: str
    type: ClientType
    grants: tuple[GrantType, ...]


CLIENT = ClientCredentials("demo-client", "demo-secret", ClientType.PUBLIC, (GrantType.PASSWORD,))
"""Asks for tokens with a user's password."""

SERVICE = ClientCredentials("demo-service", "demo-service-secret", ClientType.CONFIDENTIAL, tuple(GrantType))
"""Gets tokens by itself; its service user is staff, and has neither password nor API key."""

CLIENTS = (CLIENT, SERVICE)


async def demo_loaded(database: Database) -> bool:
    """Whether a password, an API key or a client's secret of the demo works.

    A server with it is open to everybody.
    """
    secrets = [hash_key(client.secret) for client in CLIENTS]
    client = exists().where(col(OAuthClient.secret_hash).in_(secrets), col(OAuthClient.is_active))
    passwords = {account.username: account.password for account in ACCOUNTS}
    keys = {hash_key(account.api_key) for account in ACCOUNTS}
    statement = (
        select(col(User.username), col(User.password_hash), col(ApiKey.key_hash))
        .outerjoin(ApiKey, col(ApiKey.user_id) == col(User.id))
        .where(
            or_(
                col(User.username).in_(passwords),
                col(User.id).in_(select(col(ApiKey.user_id)).where(col(ApiKey.key_hash).in_(keys))),
            )
        )
        .where(col(User.is_active))
    )
    async with database.reader.connect() as connection:
        if await connection.scalar(select(client)):
            return True
        accounts = (await connection.execute(statement)).all()
    for username, password_hash, key_hash in accounts:
        if key_hash in keys:
            return True
        password = passwords.get(username)
        if password and password_hash and await verify_password(password, password_hash):
            return True
    return False
