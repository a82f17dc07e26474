"""A small copy of the Open University data set, to break in tests, and pictures of databases."""

import csv
import gzip
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from app.db.engine import Database
from app.db.models import Calendar

NAMES = ("courses", "assessments", "vle", "studentRegistration", "studentAssessment", "studentInfo")


def copy_of_one_module(source: Path, target: Path, module: str = "AAA") -> None:
    """Write the rows of a module, as they stand, to plain CSV files."""
    assessments = {
        row["id_assessment"]
        for row in csv.DictReader(_lines(source, "assessments"))
        if row["code_module"] == module
    }
    for name in NAMES:
        header, *lines = _lines(source, name)
        kept = [
            line
            for line in lines
            if f'"{module}"' in line or (name == "studentAssessment" and line.split(",", 1)[0] in assessments)
        ]
        (target / f"{name}.csv").write_text("".join([header, *kept]), newline="")


def _lines(source: Path, name: str) -> list[str]:
    with gzip.open(source / f"{name}.csv.gz", "rt", newline="") as file:
        return file.readlines()


def set_cell(path: Path, line: int, column: str, value: str) -> None:
    """Change one cell of a CSV file; line 2 is the first below the header."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    rows[line - 1][rows[0].index(column)] = value
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


async def picture(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, with the transaction that wrote it where the database tells.

    The calendar is long and has nothing that an import could change but its rows' being there.
    """
    is_postgresql = database.dialect == "postgresql"
    async with database.reader.connect() as connection:
        rows = {}
        for table in SQLModel.metadata.sorted_tables:
            name = f'"{table.name}"'
            # As one text, a row is read much faster.
            columns = f"CAST({name} AS text), CAST(xmin AS text)" if is_postgresql else "*"
            query = f"SELECT {columns} FROM {name} ORDER BY " + ", ".join(
                f'"{column.name}"' for column in table.primary_key
            )
            if table.name == Calendar.__tablename__:
                columns = "min(CAST(xmin AS text)), max(CAST(xmin AS text)), " if is_postgresql else ""
                query = f"SELECT {columns} count(*), min(date), max(date) FROM {name}"
            rows[table.name] = list((await connection.execute(text(query))).all())
        return rows


async def version(connection: AsyncConnection) -> Any:
    """What is another as soon as another connection has written a row or taken one away."""
    if connection.dialect.name == "sqlite":
        return await connection.scalar(text("PRAGMA data_version"))
    written_by = "sum(CAST(CAST(xmin AS text) AS bigint))"
    return [
        tuple((await connection.execute(text(f'SELECT count(*), {written_by} FROM "{name}"'))).one())
        for name in SQLModel.metadata.tables
    ]
