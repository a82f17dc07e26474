"""The structure of a course: the modules of a run (EdX Research Guide, "Course Content Data")."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.places import Places, encoded_key
from app.db.models import Module
from app.db.models.tables import table_of
from app.errors import BadUserInput
from app.imports.json_files import JsonObject, read_objects
from app.vocabulary import RUN_KEY, ModuleCategory

_ROOTS = (
    (re.compile(r"i4x://([^/]+)/([^/]+)/course/([^/]+)"), "{}/{}/{}"),
    (re.compile(r"block-v1:([^+]+)\+([^+]+)\+([^+]+)\+type@course\+block@.+"), "course-v1:{}+{}+{}"),
)
_COURSE = "course"


@dataclass
class Structure:
    """A run and its modules, as their columns."""

    run_key: str
    modules: list[dict[str, Any]]


def read_structure(path: Path) -> Structure:
    """The modules in a file. Raises `BadUserInput`, naming the file and the block, for one that is none."""
    blocks = next(read_objects(path), None)
    if blocks is None:
        raise BadUserInput(f"{path.name} is empty")
    modules, root = [], None
    for key in blocks:
        block = blocks.member(key)
        if block is None or not 0 < len(key) <= 255 or not key.isprintable():
            raise blocks.refused(key, "is not a block")
        category = block.key("category", r"\S{1,50}")
        if category == _COURSE:
            root = key
            continue
        modules.append(
            {
                "usage_key": key,
                "category": category,
                "display_name": _display_name(block),
                "encoded_id": encoded_key(key) if category == ModuleCategory.VIDEO else None,
            }
        )
    run_key = _run_key(root)
    if run_key is None:
        raise BadUserInput(f"{path.name}: no block of the category course has the key of a course run")
    return Structure(run_key, modules)


async def import_structure(connection: AsyncConnection, places: Places, structure: Structure) -> Counter[str]:
    """Make the modules of a run say this; other modules stay. Returns the rows written."""
    table = table_of(Module)
    run_id = (await places.runs(connection, [structure.run_key]))[structure.run_key]
    rows = (await connection.execute(select(table).where(table.c.run_id == run_id))).all()
    by_key = {row.usage_key: row for row in rows}
    by_player = {row.encoded_id: row for row in rows if row.encoded_id}
    missing, written = [], 0
    for module in structure.modules:
        row = by_key.get(module["usage_key"]) or by_player.get(module["encoded_id"])
        if row is None:
            missing.append({"run_id": run_id, **module})
            continue
        changed = {
            name: value for name, value in module.items() if value is not None and getattr(row, name) != value
        }
        if changed:
            await connection.execute(table.update().where(table.c.id == row.id).values(changed))
            written += 1
    if missing:
        await connection.execute(insert(table), missing)
    return Counter({"module": written + len(missing)})


def _display_name(block: JsonObject) -> str | None:
    metadata = block.member("metadata")
    name = metadata.text("display_name") if metadata else None
    return name and name[:255]


def _run_key(root: str | None) -> str | None:
    for pattern, form in _ROOTS:
        if root and (match := pattern.fullmatch(root)):
            key = form.format(*match.groups())
            return key if RUN_KEY.fullmatch(key) else None
    return None
