"""Issuing and revoking tokens, in the caller's transaction.

Whoever does either locks the user first, so tokens of one user are issued and
revoked one after another: what is revoked cannot have a successor unseen.
"""

import datetime as dt
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.auth.secrets import hash_key, new_secret
from app.db.models import AccessToken, RefreshToken, User


def lock_user(session: Session, user_id: int) -> User | None:
    """The user as he is now, locked until the transaction ends; None when he is not active."""
    user = session.get(User, user_id, with_for_update={"key_share": True}, populate_existing=True)
    return user if user and user.is_active else None


def issue_access_token(
    session: Session,
    *,
    client_id: int,
    user_id: int,
    scope: str,
    created: dt.datetime,
    expires: dt.datetime,
    family: UUID | None = None,
) -> tuple[str, AccessToken]:
    """A new access token, and its row; of a family of its own unless given."""
    token = new_secret()
    row = AccessToken(
        token_hash=hash_key(token),
        family=family or uuid4(),
        user_id=user_id,
        client_id=client_id,
        scope=scope,
        created=created,
        expires=expires,
    )
    session.add(row)
    session.flush()
    return token, row


def issue_refresh_token(session: Session, access: AccessToken, *, scope: str, expires: dt.datetime) -> str:
    """A new refresh token, the pair of an access token."""
    token = new_secret()
    session.add(
        RefreshToken(
            token_hash=hash_key(token),
            family=access.family,
            user_id=access.user_id,
            client_id=access.client_id,
            access_token_id=access.id,
            scope=scope,
            created=access.created,
            expires=expires,
        )
    )
    return token


def revoke_pair(session: Session, access_token_id: int, moment: dt.datetime) -> None:
    """Revoke an access token and its refresh token."""
    for token, key in ((AccessToken, AccessToken.id), (RefreshToken, RefreshToken.access_token_id)):
        _revoke(session, token, col(key) == access_token_id, moment)


def revoke_family(session: Session, family: UUID, moment: dt.datetime) -> None:
    """Revoke every token that descends from the same login."""
    for token in (AccessToken, RefreshToken):
        _revoke(session, token, col(token.family) == family, moment)


def revoke_all(session: Session, user_id: int, moment: dt.datetime) -> None:
    """Revoke every token of a user."""
    for token in (AccessToken, RefreshToken):
        _revoke(session, token, col(token.user_id) == user_id, moment)


def _revoke(
    session: Session,
    token: type[AccessToken | RefreshToken],
    condition: ColumnElement[bool],
    moment: dt.datetime,
) -> None:
    session.execute(update(token).where(condition, col(token.revoked_at).is_(None)).values(revoked_at=moment))
