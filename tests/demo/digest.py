"""One number for all that a database holds, to tell whether two hold the same."""

import hashlib
import json

from sqlalchemy import select
from sqlmodel import SQLModel

from app.db import models
from app.db.engine import Database

# When a series was computed, and the salt of a password's hash, are the only things that may differ.
_DIFFERING = {"computed_at", "password_hash"}


async def digest(database: Database) -> str:
    """The SHA-256 of all rows of all tables but the calendar, in the order of their keys."""
    whole = hashlib.sha256()
    async with database.reader.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            if table.name == models.Calendar.__tablename__:
                continue
            columns = [column for column in table.columns if column.name not in _DIFFERING]
            rows = await connection.execute(select(*columns).order_by(*table.primary_key.columns))
            whole.update(table.name.encode())
            for row in rows:
                whole.update(json.dumps(tuple(row), default=str, sort_keys=True).encode())
    return whole.hexdigest()
