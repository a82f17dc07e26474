"""Rows made to say what a file says: new ones inserted, others changed where they differ."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Table, and_, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from app.db.bulk import rows_by_key
from app.db.models import now
from app.db.models.tables import table_of
from app.errors import BadUserInput

Values = dict[str, Any]
"""What is said of a row, by column; of columns that are absent nothing is said."""


class Refresh:
    """Changes rows of a connection and counts in `written` how many it wrote, by table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.written: Counter[str] = Counter()

    async def rows(self, model: type[SQLModel], key: str, rows: Iterable[Values]) -> dict[Any, int]:
        """Make the rows of some keys say this; returns their ids by key.

        A row that has none of the keys, but the UUID of one, is given its key.
        Raises `BadUserInput` for a UUID that another row has.
        """
        wanted: dict[Any, Values] = {}
        for values in rows:
            wanted.setdefault(values[key], {}).update(values)
        stored = await self._stored(model, key, wanted)
        await self._check_uuids(model, key, wanted, stored)
        table = table_of(model)
        missing = [values for name, values in wanted.items() if name not in stored]
        await self._insert(table, missing)
        for name, row in stored.items():
            await self._change(table, row, wanted[name])
        if not missing:
            return {name: row.id for name, row in stored.items()}
        return {name: row.id for name, row in (await self._stored(model, key, wanted)).items()}

    async def ids(self, model: type[SQLModel], key: str, values: Collection[Any]) -> dict[Any, int]:
        """The ids of the rows that have some values in a column, by value."""
        table = table_of(model)
        statement = select(table.c[key], table.c.id).where(table.c[key].in_(values))
        return {row[0]: row[1] for row in await self._connection.execute(statement)}

    async def children(
        self,
        model: type[SQLModel],
        parent: str,
        key: Sequence[str],
        wanted: Mapping[int, Sequence[Values]],
        *,
        scope: Mapping[str, Any] = MappingProxyType({}),
    ) -> set[int]:
        """Make the rows of some parents these and no others; `key` tells them apart within their parent.

        Of rows with the same key the first counts. Only rows with the values of `scope` are looked at.
        Returns the parents that have other rows now.
        """
        table = table_of(model)
        statement = select(table).where(
            table.c[parent].in_(wanted), *(table.c[name] == value for name, value in scope.items())
        )
        stored = defaultdict[int, dict[Any, Any]](dict)
        surplus = []
        for row in await self._connection.execute(statement):
            name = tuple([getattr(row, column) for column in key])
            if stored[getattr(row, parent)].setdefault(name, row) is not row:
                surplus.append(row)
        missing, changed = [], set()
        for parent_id, rows in wanted.items():
            left = stored[parent_id]
            first = dict[Any, Values]()
            for values in rows:
                first.setdefault(tuple([values[column] for column in key]), values)
            for name, values in first.items():
                row = left.pop(name, None)
                if row is None:
                    missing.append({parent: parent_id, **scope, **values})
                elif await self._change(table, row, values):
                    changed.add(parent_id)
            surplus.extend(left.values())
        for row in surplus:
            await self._connection.execute(table.delete().where(_is(table, row)))
        self.written[table.name] += len(surplus)
        await self._insert(table, missing)
        return changed | {getattr(row, parent) for row in surplus} | {row[parent] for row in missing}

    async def append(
        self, model: type[SQLModel], parent: str, child: str, wanted: Mapping[int, Iterable[int]]
    ) -> set[int]:
        """Hang rows on some parents, after those that hang there in the order of `position`.

        Returns the parents that have more rows now.
        """
        table = table_of(model)
        statement = select(table).where(table.c[parent].in_(wanted))
        stored = defaultdict[int, dict[int, int]](dict)
        for row in await self._connection.execute(statement):
            stored[getattr(row, parent)][getattr(row, child)] = row.position
        missing = []
        for parent_id, children in wanted.items():
            there = stored[parent_id]
            for child_id in children:
                if child_id not in there:
                    there[child_id] = max(there.values(), default=-1) + 1
                    missing.append({parent: parent_id, child: child_id, "position": there[child_id]})
        await self._insert(table, missing)
        return {row[parent] for row in missing}

    async def touch(self, model: type[SQLModel], ids: Collection[int]) -> None:
        """Say that rows changed now, because of what hangs on them."""
        table = table_of(model)
        await self._connection.execute(table.update().where(table.c.id.in_(ids)).values(modified=now()))

    async def _stored(self, model: type[SQLModel], key: str, names: Collection[Any]) -> dict[Any, Any]:
        """The rows that have some keys, by key."""
        if key != "uuid":
            rows = await rows_by_key(self._connection, model, (key,), [(name,) for name in names])
        else:
            # The two databases write UUIDs differently.
            table = table_of(model)
            statement = select(table).where(table.c.uuid.in_(names))
            rows = (await self._connection.execute(statement)).all()
        return {getattr(row, key): row for row in rows}

    async def _check_uuids(
        self, model: type[SQLModel], key: str, wanted: Mapping[Any, Values], stored: dict[Any, Any]
    ) -> None:
        names: dict[UUID, Any] = {}
        for name, values in wanted.items():
            if (uuid := values.get("uuid")) and names.setdefault(uuid, name) != name:
                raise BadUserInput(f"uuid: {name} and {names[uuid]} both have {uuid}")
        table = table_of(model)
        if not names:
            return
        for row in await self._connection.execute(select(table).where(table.c.uuid.in_(names))):
            had, name = getattr(row, key), names[row.uuid]
            if had == name:
                continue
            if name in stored or had in wanted:
                raise BadUserInput(f"uuid: {name} and {had} both have {row.uuid}")
            stored[name] = row

    async def _insert(self, table: Table, rows: Iterable[Values]) -> None:
        by_columns = defaultdict[frozenset[str], list[Values]](list)
        for row in rows:
            by_columns[frozenset(row)].append(row)
        for alike in by_columns.values():
            await self._connection.execute(insert(table), alike)
            self.written[table.name] += len(alike)

    async def _change(self, table: Table, row: Any, values: Values) -> bool:
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return False
        if "modified" in table.c:
            changed.setdefault("modified", values.get("modified") or now())
        await self._connection.execute(table.update().where(_is(table, row)).values(changed))
        self.written[table.name] += 1
        return True


def _is(table: Table, row: Any) -> Any:
    return and_(*(column == getattr(row, column.name) for column in table.primary_key))
