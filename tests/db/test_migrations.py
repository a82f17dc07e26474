"""Migrations run up, down and from empty, and leave what the models say."""

import datetime as dt

import pytest
from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel

from app.analytics.videos import compute_videos
from app.db import migrate
from app.db.engine import Database
from app.db.models import Calendar, Course, CourseRun, Module, VideoEvent, Viewing
from app.db.models.search import FULL_TEXT_TABLES
from app.db.models.tables import table_of
from app.vocabulary import VideoAction
from tests.databases import DIALECTS, Databases


def table_names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


UUID = "7b24a21c-98c8-47c0-b9c8-054714d40d94"


def rows_of_0004(database: Database) -> tuple[str, ...]:
    """Statements that add a course, its run and a program, all in one catalog, at revision 0004."""
    stored = UUID.replace("-", "") if database.dialect == "sqlite" else UUID
    now = "2020-01-01 00:00:00" + ("" if database.dialect == "sqlite" else "+00")
    return (
        "INSERT INTO course (id, uuid, key, prerequisites, expected_learning_items, created, modified)"
        f" VALUES (1, '{stored}', 'O+C', '[]', '[]', '{now}', '{now}')",
        "INSERT INTO course_run (id, uuid, key, course_id, status, transcript_languages, mobile_available,"
        " invite_only, hidden, eligible_for_financial_aid, created, modified) VALUES"
        f" (1, '{stored}', 'O/C/R', 1, 'published', '[]', false, false, false, true, '{now}', '{now}')",
        "INSERT INTO program (id, uuid, title, status, hidden, one_click_purchase, created, modified)"
        f" VALUES (1, '{stored}', 'P', 'active', false, false, '{now}', '{now}')",
        "INSERT INTO enterprise_customer (id, uuid, name, slug, consent_policy, reports_audit_data, created,"
        f" modified) VALUES (1, '{stored}', 'E', 'e', 'at_enrollment', false, '{now}', '{now}')",
        "INSERT INTO enterprise_catalog (id, uuid, title, customer_id, publishes_audit_urls, created, modified)"
        f" VALUES (1, '{stored}', 'All', 1, false, '{now}', '{now}')",
        *(
            f"INSERT INTO catalog_item (id, catalog_id, {column}, added_at) VALUES ({id_}, 1, 1, '{now}')"
            for id_, column in enumerate(("course_id", "run_id", "program_id"), 1)
        ),
    )


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_up_from_empty_makes_what_the_models_say_and_down_leaves_nothing(
    dialect: str, databases: Databases
) -> None:
    database = Database(await databases.bare_url(dialect))
    try:
        for _ in range(2):
            await migrate.upgrade(database)
            await migrate.check(database)
            async with database.reader.connect() as connection:
                found = await connection.run_sync(table_names)
            assert found - set(SQLModel.metadata.tables) == (
                FULL_TEXT_TABLES if dialect == "sqlite" else {"search_index"}
            )
            assert found > set(SQLModel.metadata.tables)
            await migrate.downgrade(database, "base")
            async with database.reader.connect() as connection:
                assert await connection.run_sync(table_names) == set()
    finally:
        await database.dispose()


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    await migrate.upgrade(database)
    async with database.reader.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(Calendar)) == 36_525


def test_no_relationship_loads_by_accident() -> None:
    configure_mappers()
    relationships = [
        relationship for mapper in SQLModel._sa_registry.mappers for relationship in mapper.relationships
    ]
    assert relationships
    assert {relationship.lazy for relationship in relationships} == {"raise"}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_0005_gives_items_of_catalogs_the_keys_of_their_content(
    dialect: str, databases: Databases
) -> None:
    database = Database(await databases.bare_url(dialect))
    try:
        await migrate.upgrade(database, "0004")
        async with database.begin() as connection:
            for row in rows_of_0004(database):
                await connection.execute(text(row))
        await migrate.upgrade(database, "0005")
        async with database.reader.connect() as connection:
            keys = await connection.scalars(text("SELECT key FROM catalog_item ORDER BY id"))
        assert keys.all() == ["O+C", "O/C/R", UUID]
    finally:
        await database.dispose()


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_0006_indexes_what_is_there_already_and_goes_without_a_trace(
    dialect: str, databases: Databases
) -> None:
    database = Database(await databases.bare_url(dialect))
    traces, matches = {
        "sqlite": ("SELECT name FROM sqlite_master WHERE name LIKE '%search%'", "search_index MATCH 'deja'"),
        "postgresql": (
            "SELECT proname FROM pg_proc WHERE proname LIKE 'search%' UNION ALL"
            " SELECT relname FROM pg_class WHERE relname LIKE '%search%' UNION ALL"
            " SELECT tgname FROM pg_trigger WHERE tgname LIKE 'search%'",
            "vector @@ 'deja'",
        ),
    }[dialect]
    try:
        await migrate.upgrade(database, "0004")
        async with database.begin() as connection:
            for row in rows_of_0004(database):
                await connection.execute(text(row))
            await connection.execute(
                text("UPDATE course SET short_description = '<p>D\u00c9J\u00c0&nbsp;vu</p>'")
            )
        for _ in range(2):
            await migrate.upgrade(database, "0006")
            async with database.reader.connect() as connection:
                documents = await connection.execute(
                    text("SELECT id, kind, course_id, run_id, program_id, title FROM search_document")
                )
                found = await connection.scalars(text(f"SELECT rowid FROM search_index WHERE {matches}"))
                assert [tuple(row) for row in documents] == [
                    (1, "course", 1, None, None, "O+C"),
                    (2, "course_run", None, 1, None, "O/C/R"),
                    (3, "program", None, None, 1, "P"),
                ]
                assert sorted(found) == [1, 2]
            await migrate.downgrade(database, "0005")
            async with database.reader.connect() as connection:
                assert (await connection.execute(text(traces))).all() == []
    finally:
        await database.dispose()


async def test_0007_finds_the_events_that_ended_viewings(database: Database) -> None:
    viewing = select(table_of(Viewing)).order_by("learner", "occurred_at")
    course, run = Course(key="O+C"), CourseRun(key="O/C/R", course_id=0)
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    done = [(VideoAction.PLAY, 0, None), (VideoAction.SEEK, 7, 30), (VideoAction.PLAY, 7, None)]
    done += [(VideoAction.PAUSE, 41, None), (VideoAction.STOP, 50, None)]
    async with database.session() as session:
        session.add(course)
        await session.flush()
        run.course_id = course.id
        session.add(run)
        await session.flush()
        module = Module(run_id=run.id, usage_key="v", category="video")
        session.add(module)
        await session.flush()
        session.add_all(
            VideoEvent(
                module_id=module.id,
                learner=learner,
                occurred_at=start + dt.timedelta(minutes=minute),
                digest=minute,
                action=action,
                position=position,
                new_position=new_position,
            )
            for learner in ("ann", "bob")
            for minute, (action, position, new_position) in enumerate(done)
        )
        await session.flush()
        await compute_videos(await session.connection(), module.id)
    async with database.reader.connect() as connection:
        computed = (await connection.execute(viewing)).all()
    assert [row.digest for row in computed] == [1, 3, 1, 3]
    await migrate.downgrade(database, "0006")
    async with database.reader.connect() as connection:
        numbers = await connection.scalars(text("SELECT number FROM viewing ORDER BY learner, number"))
        assert numbers.all() == [0, 1, 0, 1]
    await migrate.upgrade(database)
    async with database.reader.connect() as connection:
        assert (await connection.execute(viewing)).all() == computed
