"""How many learners gave an answer to a part of a problem (Data Analytics contract 8.6, A11)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.answers import Answer
from app.db.bulk import Key, add_missing, delete_by_key, keys_table, known_keys
from app.db.models import AnswerCount, LearnerAnswer, now
from app.db.models.tables import table_of
from app.db.types import UtcDateTime

_COUNTED = (
    "choiceresponse",
    "optionresponse",
    "multiplechoiceresponse",
    "numericalresponse",
    "stringresponse",
    "formularesponse",
)
"""Types of response whose answers are counted."""

_PART = ("module_id", "part_id")
_GROUP = (*_PART, "value", "variant")
_OF_PART = ("problem_display_name", "response_type")
_SAID = tuple(name for name in Answer._fields if name not in ("part_id", *_OF_PART))
_COUNTS = ("first_response_count", "last_response_count")

Row = Mapping[Any, Any]
Part = tuple[int, str]

Group = tuple[int, str, str, int]
"""Answers that count as one: module, part, value, variant."""


async def change_answers(connection: AsyncConnection, gone: Iterable[Row], come: Iterable[Row]) -> None:
    """Change the counts by answers of learners that were deleted, and others that were added.

    Only groups that lose or get one are read, but for parts of which nothing is
    counted yet.
    """
    changes: dict[Group, list[int]] = {}
    for rows, sign in ((gone, -1), (come, 1)):
        for row in rows:
            changes.setdefault(_group(row), [0, 0])[row["is_last"]] += sign
    if not changes:
        return
    touched = {group[:2] for group in changes}
    newest = await _newest(connection, _PART, touched)
    names = {
        part: row["problem_display_name"] for part, row in newest.items() if row["response_type"] in _COUNTED
    }
    await delete_by_key(connection, AnswerCount, _PART, touched - names.keys())
    counted = await known_keys(connection, AnswerCount, _PART, names)
    if anew := sorted(names.keys() - counted):
        await count_answers(connection, keys_table(connection.dialect.name, _PART, anew))
    await _rename(connection, {part: name for part, name in names.items() if part in counted})
    await _add(
        connection, {group: change for group, change in changes.items() if group[:2] in counted}, names
    )


async def count_answers(connection: AsyncConnection, parts: FromClause) -> None:
    """Count the answers of parts anew: what a group says is what its newest answer says.

    The name of the problem, and whether answers are counted at all, are those of
    the newest answer to the part.
    """
    counts, answer = table_of(AnswerCount), table_of(LearnerAnswer)
    chosen = select(parts.c.module_id, parts.c.part_id)
    await connection.execute(counts.delete().where(tuple_(counts.c.module_id, counts.c.part_id).in_(chosen)))
    columns = _columns(answer)
    part, group = [columns[name] for name in _PART], list(columns.values())
    newest = (answer.c.answered_at.desc(), answer.c.digest.desc(), answer.c.is_last.desc())

    def responses(is_last: bool) -> Any:
        return func.sum(case((answer.c.is_last == is_last, 1), else_=0)).over(partition_by=group)

    ranked = (
        select(
            *part,
            *(answer.c[name] for name in _SAID),
            *(responses(is_last).label(name) for is_last, name in zip((False, True), _COUNTS, strict=True)),
            *(
                func.first_value(answer.c[name])
                .over(partition_by=part, order_by=(*newest, answer.c.learner))
                .label(name)
                for name in _OF_PART
            ),
            func.row_number().over(partition_by=group, order_by=(*newest, answer.c.learner)).label("rank"),
        )
        .join(parts, (answer.c.module_id == parts.c.module_id) & (answer.c.part_id == parts.c.part_id))
        .subquery()
    )
    names = [*_PART, *_SAID, "problem_display_name", *_COUNTS]
    counted = select(*(ranked.c[name] for name in names), literal(now(), UtcDateTime)).where(
        ranked.c.rank == 1, ranked.c.response_type.in_(_COUNTED)
    )
    await connection.execute(insert(counts).from_select([*names, "computed_at"], counted))


async def _add(
    connection: AsyncConnection, changes: Mapping[Group, Sequence[int]], names: Mapping[Part, str | None]
) -> None:
    """Add to the counts of groups of parts with names of problems; they say what their newest answers say."""
    if not changes:
        return
    count = table_of(AnswerCount)
    given = keys_table(connection.dialect.name, _GROUP, list(changes))
    known = select(count).join_from(given, count, _same(count, given, _GROUP))
    before = (await connection.execute(known)).all()
    numbers = {group: list(change) for group, change in changes.items()}
    for row in before:
        for at, name in enumerate(_COUNTS):
            numbers[_group(row._mapping)][at] += getattr(row, name)
    await delete_by_key(connection, AnswerCount, ("id",), [(row.id,) for row in before])
    newest = await _newest(connection, _GROUP, changes)
    computed_at = now()
    rows = [
        {
            **{name: row[name] for name in (*_PART, *_SAID)},
            "problem_display_name": names[row["module_id"], row["part_id"]],
            **dict(zip(_COUNTS, numbers[_group(row)], strict=True)),
            "computed_at": computed_at,
        }
        for row in newest.values()
    ]
    await add_missing(connection, AnswerCount, rows)


async def _rename(connection: AsyncConnection, names: Mapping[Part, str | None]) -> None:
    """Give the answers to parts the names of their problems, where they are others."""
    rows = [{"key_module": module, "key_part": part, "name": name} for (module, part), name in names.items()]
    if rows:
        count, name = table_of(AnswerCount), bindparam("name", type_=String())
        statement = (
            count.update()
            .where(
                count.c.module_id == bindparam("key_module"),
                count.c.part_id == bindparam("key_part"),
                count.c.problem_display_name.is_distinct_from(name),
            )
            .values(problem_display_name=name)
        )
        await connection.execute(statement, rows)


async def _newest(connection: AsyncConnection, names: Sequence[str], keys: Collection[Key]) -> dict[Key, Row]:
    """The newest answers of parts or groups, whose columns are `names`."""
    if not keys:
        return {}
    given = keys_table(connection.dialect.name, names, list(keys))
    answer = table_of(LearnerAnswer)
    other = answer.alias()

    def newest(column: ColumnElement[Any]) -> ColumnElement[Any]:
        order = (other.c.answered_at.desc(), other.c.digest.desc(), other.c.is_last.desc(), other.c.learner)
        found = select(column).where(_same(other, given, names)).order_by(*order).limit(1)
        return found.correlate(given).scalar_subquery()

    its = and_(
        *(answer.c[name] == given.c[name] for name in _PART),
        answer.c.learner == newest(other.c.learner),
        answer.c.is_last == newest(other.c.is_last),
    )
    rows = await connection.execute(select(answer).join_from(given, answer, its))
    return {_group(row)[: len(names)]: row for row in rows.mappings()}


def _group(row: Row) -> Group:
    value = next((row[name] for name in ("value_id", "answer_value") if row[name] is not None), "")
    return row["module_id"], row["part_id"], value, 1 if row["variant"] is None else row["variant"]


def _columns(table: FromClause) -> dict[str, ColumnElement[Any]]:
    """What `_group` says of a row, by name."""
    columns = table.c
    return {
        **{name: columns[name] for name in _PART},
        "value": func.coalesce(columns.value_id, columns.answer_value, ""),
        "variant": func.coalesce(columns.variant, 1),
    }


def _same(table: FromClause, given: FromClause, names: Iterable[str]) -> ColumnElement[bool]:
    columns = _columns(table)
    return and_(*(columns[name] == given.c[name] for name in names))
