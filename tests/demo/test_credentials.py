"""The demo's credentials work, are kept as hashes, and are noticed for as long as one of them works."""

from sqlalchemy import delete, select, update
from sqlmodel import col

from app.auth.secrets import hash_key, hash_password, verify_password
from app.db.engine import Database
from app.db.models import ApiKey, OAuthClient, User
from app.db.models.tables import table_of
from app.demo import demo_loaded
from tests.databases import Databases
from tests.demo.conftest import Query


async def test_each_account_has_its_password_and_key_as_hashes(query: Query) -> None:
    accounts = await query(
        select(table_of(User), col(ApiKey.key_hash))
        .join(ApiKey, col(ApiKey.user_id) == col(User.id))
        .order_by(col(User.username))
    )
    assert [
        (row.username, row.is_active, row.is_staff, row.is_superuser, row.key_hash) for row in accounts
    ] == [
        ("demo", True, True, True, hash_key("demo-key-0123456789abcdef")),
        ("learner", True, False, False, hash_key("learner-key-0123456789abcdef")),
    ]
    assert await verify_password("demo-password", accounts[0].password_hash)
    assert await verify_password("learner-password", accounts[1].password_hash)


async def test_nobody_else_has_credentials_or_rights(query: Query) -> None:
    privileged = select(col(User.username)).where(
        col(User.password_hash).is_not(None) | col(User.is_staff) | col(User.is_superuser)
    )
    assert {row[0] for row in await query(privileged)} == {"demo", "learner", "demo-service"}
    opened = select(col(User.username)).where(col(User.password_hash).is_not(None))
    assert {row[0] for row in await query(opened)} == {"demo", "learner"}


async def test_the_clients_have_their_secrets_as_hashes(query: Query) -> None:
    clients = await query(
        select(table_of(OAuthClient), col(User.username), col(User.is_staff), col(User.is_superuser))
        .outerjoin(User, col(OAuthClient.user_id) == col(User.id))
        .order_by(col(OAuthClient.client_id))
    )
    assert [
        (row.client_id, row.type, row.secret_hash, row.username, row.is_staff, row.is_superuser)
        for row in clients
    ] == [
        ("demo-client", "public", hash_key("demo-secret"), None, None, None),
        ("demo-service", "confidential", hash_key("demo-service-secret"), "demo-service", True, False),
    ]


async def test_a_database_without_the_demo_has_no_demo_credentials(database: Database) -> None:
    assert not await demo_loaded(database)
    async with database.session() as session:
        session.add(User(username="demo", password_hash=await hash_password("another"), is_staff=True))
        session.add(User(username="someone", password_hash=await hash_password("demo-password")))
    assert not await demo_loaded(database)


async def test_credentials_are_noticed_until_the_last_is_gone(demo: Database, databases: Databases) -> None:
    database = await databases.copy(demo)
    assert await demo_loaded(database)
    other = await hash_password("another")
    async with database.begin() as connection:
        await connection.execute(delete(ApiKey))
    assert await demo_loaded(database)
    async with database.begin() as connection:
        await connection.execute(update(User).where(col(User.username) == "demo").values(password_hash=other))
    assert await demo_loaded(database)
    async with database.begin() as connection:
        await connection.execute(
            update(User).where(col(User.username) == "learner").values(password_hash=other)
        )
    assert await demo_loaded(database)
    for client_id in ("demo-client", "demo-service"):
        async with database.begin() as connection:
            await connection.execute(
                update(OAuthClient)
                .where(col(OAuthClient.client_id) == client_id)
                .values(**({"is_active": False} if client_id == "demo-client" else {"secret_hash": "new"}))
            )
        assert await demo_loaded(database) is (client_id == "demo-client")
    assert not await demo_loaded(database)


async def test_a_demo_key_in_other_hands_is_noticed_unless_they_are_tied(database: Database) -> None:
    async with database.session() as session:
        user = User(username="someone")
        session.add(user)
        await session.flush()
        session.add(ApiKey(user_id=user.id, key_hash=hash_key("learner-key-0123456789abcdef")))
    assert await demo_loaded(database)
    async with database.begin() as connection:
        await connection.execute(update(User).values(is_active=False))
    assert not await demo_loaded(database)
