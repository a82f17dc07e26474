"""`lyceum revision`: writing a migration, for developers."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from app.db.engine import Database
from app.db.migrate import new_revision, upgrade


def revision(
    message: Annotated[str, typer.Argument(help="What it does, such as: Add the price of an order.")],
) -> None:
    """Write a migration from the difference between the models and the migrations there are."""

    async def work(path: Path) -> None:
        database = Database(f"sqlite:///{path}")
        try:
            await upgrade(database)
            await new_revision(database, message)
        finally:
            await database.dispose()

    with TemporaryDirectory() as directory:
        asyncio.run(work(Path(directory) / "empty.db"))
