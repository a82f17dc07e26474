"""The demo's credentials, which everybody knows, and whether any of them opens a database."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlmodel import col

from app.auth.secrets import hash_key, verify_password
from app.db.engine import Database
from app.db.models import ApiKey, User


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


async def demo_loaded(database: Database) -> bool:
    """Whether a password or an API key of the demo works; so a server with it is open to everybody."""
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
        accounts = (await connection.execute(statement)).all()
    for username, password_hash, key_hash in accounts:
        if key_hash in keys:
            return True
        password = passwords.get(username)
        if password and password_hash and await verify_password(password, password_hash):
            return True
    return False
