"""The demo's users, their credentials, enrollments and progress, as rows."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.secrets import hash_key, hash_password
from app.db.models import ApiKey, Enrollment, EnrollmentEvent, OAuthClient, Progress, User
from app.demo.credentials import ACCOUNTS, CLIENTS
from app.demo.enrolling import Participation
from app.demo.learners import END, FIRST_DAY
from app.demo.rows import Ids, Row, add, add_by
from app.demo.simulation import World
from app.vocabulary import ClientType


async def write_users(connection: AsyncConnection, world: World) -> Sequence[int]:
    """Write the users, and passwords and API keys of those who have them; gives ids in the users' order."""
    hashes = {account.username: await hash_password(account.password) for account in ACCOUNTS}
    rows = [row | {"password_hash": hashes.get(row["username"])} for row in world.users]
    ids = await add_by(connection, "username", User, rows)
    await add(
        connection,
        ApiKey,
        [
            {"user_id": ids[account.username], "key_hash": hash_key(account.api_key), "created": FIRST_DAY}
            for account in ACCOUNTS
        ],
    )
    return list(ids.values())


async def write_clients(connection: AsyncConnection) -> None:
    """Write the OAuth clients, and the service users of those that act by themselves."""
    services = [
        {"username": client.client_id, "is_staff": True, "date_joined": FIRST_DAY}
        for client in CLIENTS
        if client.type is ClientType.CONFIDENTIAL
    ]
    users = await add_by(connection, "username", User, services)
    await add(
        connection,
        OAuthClient,
        [
            {
                "client_id": client.client_id,
                "secret_hash": hash_key(client.secret),
                "type": client.type,
                "grants": client.grants,
                "user_id": users.get(client.client_id),
                "created": FIRST_DAY,
            }
            for client in CLIENTS
        ],
    )


async def write_enrollments(
    connection: AsyncConnection, world: World, users: Sequence[int], runs: Ids
) -> None:
    """Write enrollments, the events that made them, and the learners' progress."""
    keyed = [
        ({"user_id": users[participation.user], "run_id": runs[participation.run.key]}, participation)
        for participation in world.participations
    ]
    await add(connection, Enrollment, [key | _enrollment(participation) for key, participation in keyed])
    await add(
        connection,
        EnrollmentEvent,
        [
            key | {"occurred_at": event.at, "type": event.type, "mode": event.mode}
            for key, participation in keyed
            for event in participation.events
        ],
    )
    await add(
        connection,
        Progress,
        [key | participation.progress for key, participation in keyed if participation.progress],
    )


def _enrollment(participation: Participation) -> Row:
    active = participation.enrolled_at(END)
    return {
        "mode": participation.mode,
        "is_active": active,
        "created": participation.events[0].at,
        "unenrolled_at": None if active else participation.events[-1].at,
    }
