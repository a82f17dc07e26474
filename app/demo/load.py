"""Loading the demo data, in one transaction."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.analytics.compute import compute
from app.db.engine import Database
from app.db.models import Course, User
from app.demo.catalog import write_courses, write_organizations, write_people
from app.demo.content.examples import DEMOX
from app.demo.credentials import ACCOUNTS, SERVICE
from app.demo.enterprise import write_catalogs, write_customers, write_learners
from app.demo.offerings import write_modules, write_programs, write_runs
from app.demo.people import write_clients, write_enrollments, write_users
from app.demo.rows import demo_uuid
from app.demo.series import write_series
from app.demo.simulation import simulate
from app.errors import BadUserInput
from app.progress import Progress, silent
from app.vocabulary import Series


async def load_demo(database: Database, *, progress: Progress = silent) -> bool:
    """Load the demo data; gives whether it did, which is false when the data is there already.

    Raises `BadUserInput` when an account has one of the demo's names, or when other
    rows have keys that the demo's have.
    """
    async with database.begin() as connection:
        if await _is_loaded(connection):
            return False
        await _refuse_taken_names(connection)
        try:
            await _load(connection, progress)
        except IntegrityError as error:
            raise BadUserInput(
                "the database holds something with a key of the demo data: load it into another one"
            ) from error
    return True


async def _is_loaded(connection: AsyncConnection) -> bool:
    loaded = select(col(Course.id)).where(col(Course.uuid) == demo_uuid("course", DEMOX.key))
    return await connection.scalar(loaded) is not None


async def _refuse_taken_names(connection: AsyncConnection) -> None:
    names = [*(account.username for account in ACCOUNTS), SERVICE.client_id]
    taken = await connection.scalar(select(col(User.username)).where(col(User.username).in_(names)))
    if taken is not None:
        raise BadUserInput(f"a user named {taken} exists; the demo data brings its own")


async def _load(connection: AsyncConnection, progress: Progress) -> None:
    world = simulate(progress)
    advance = progress("Writing rows", 5)
    organizations = await write_organizations(connection)
    people = await write_people(connection, organizations)
    courses = await write_courses(connection, organizations)
    runs = await write_runs(connection, courses, people)
    modules = await write_modules(connection, world, runs)
    programs = await write_programs(connection, organizations, courses, runs)
    advance(1)
    users = await write_users(connection, world)
    await write_clients(connection)
    advance(1)
    await write_enrollments(connection, world, users, runs)
    advance(1)
    customers = await write_customers(connection)
    await write_catalogs(connection, customers, courses, runs, programs)
    await write_learners(connection, world, customers, users, runs)
    advance(1)
    await write_series(connection, world, runs, modules)
    advance(1)
    await compute(connection, runs.values(), series=[Series.ENROLLMENT], progress=progress)
