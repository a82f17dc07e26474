"""Course runs and their modules, found by the keys that events name them by, or made."""

import re
from collections.abc import Collection, Iterable, Mapping

from cachetools import LRUCache
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.bulk import add_missing, rows_by_key
from app.db.models import Course, CourseOrganization, CourseRun, Module, Organization
from app.db.models.tables import table_of
from app.vocabulary import ModuleCategory, OrganizationRole, RunStatus

ModuleKey = tuple[int, ModuleCategory, str]
"""A run's id, a category, and the usage key; of a video the id that its player reports."""

_NO_WORD = re.compile(r"[^\w-]", re.ASCII)
_REMEMBERED = 100_000


class Places:
    """Finds ids and remembers them, for as long as nobody deletes what they are of.

    A run that no catalog told of is made unpublished, so that only who reads
    analytics sees it.
    """

    def __init__(self) -> None:
        self._runs: LRUCache[str, int] = LRUCache(_REMEMBERED)
        self._modules: LRUCache[ModuleKey, int] = LRUCache(_REMEMBERED)

    async def runs(self, connection: AsyncConnection, keys: Collection[str]) -> dict[str, int]:
        """The ids of course runs by their keys."""
        missing = {key for key in keys if key not in self._runs}
        if missing:
            found = await _runs(connection, missing)
            if new := missing - found.keys():
                await _make_runs(connection, sorted(new))
                found |= await _runs(connection, new)
            self._runs.update(found)
        return {key: self._runs[key] for key in keys}

    async def modules(
        self, connection: AsyncConnection, run_keys: Mapping[int, str], keys: Collection[ModuleKey]
    ) -> dict[ModuleKey, int]:
        """The ids of modules by their keys; `run_keys` are the keys of the runs by id."""
        missing = {key for key in keys if key not in self._modules}
        if missing:
            found = await _modules(connection, missing)
            if new := missing - found.keys():
                await _make_modules(connection, run_keys, sorted(new))
                found |= await _modules(connection, new)
            self._modules.update(found)
        return {key: self._modules[key] for key in keys}


def course_key(run_key: str) -> str:
    """The key of the course that a run is of, such as `edX+DemoX`."""
    return "+".join(re.split("[/+]", run_key.removeprefix("course-v1:"))[:2])


def block_key(run_key: str, category: str, name: str) -> str:
    """The usage key of a module by its name in the course."""
    if run_key.startswith("course-v1:"):
        return f"{run_key.replace('course-v1:', 'block-v1:', 1)}+type@{category}+block@{name}"
    organization, course, _ = run_key.split("/")
    return f"i4x://{organization}/{course}/{category}/{name}"


def encoded_key(usage_key: str) -> str:
    """The HTML id of a module, as its player reports it (contract 8.8)."""
    if usage_key.startswith("block-v1:"):
        return usage_key.rpartition("@")[2]
    return _NO_WORD.sub("_", usage_key.replace("://", "-", 1).replace("/", "-"))


def _video_key(run_key: str, encoded: str) -> str:
    if run_key.startswith("course-v1:"):
        return encoded if ":" in encoded else block_key(run_key, ModuleCategory.VIDEO, encoded)
    stem = block_key(run_key, ModuleCategory.VIDEO, "")
    name = encoded.removeprefix(encoded_key(stem))
    return encoded if name == encoded else stem + name


async def _runs(connection: AsyncConnection, keys: Iterable[str]) -> dict[str, int]:
    rows = await rows_by_key(connection, CourseRun, ("key",), [(key,) for key in keys])
    return {row.key: row.id for row in rows}


async def _make_runs(connection: AsyncConnection, keys: Collection[str]) -> None:
    courses = {key: course_key(key) for key in keys}
    organizations = {key: key.partition("+")[0] for key in courses.values()}
    names = sorted(set(organizations.values()))
    await add_missing(connection, Organization, [{"key": name, "name": name} for name in names])
    known = [(key,) for key in sorted(organizations)]
    before = {row.key for row in await rows_by_key(connection, Course, ("key",), known)}
    await add_missing(connection, Course, [{"key": key} for key in sorted(organizations.keys() - before)])
    course_ids = {row.key: row.id for row in await rows_by_key(connection, Course, ("key",), known)}
    owners = {
        row.key: row.id
        for row in await rows_by_key(connection, Organization, ("key",), [(name,) for name in names])
    }
    await add_missing(
        connection,
        CourseOrganization,
        [
            {
                "course_id": course_ids[key],
                "organization_id": owners[organizations[key]],
                "role": OrganizationRole.OWNER,
            }
            for key in sorted(organizations.keys() - before)
        ],
    )
    await add_missing(
        connection,
        CourseRun,
        [
            {"key": key, "course_id": course_ids[course], "status": RunStatus.UNPUBLISHED}
            for key, course in courses.items()
        ],
    )


async def _modules(connection: AsyncConnection, keys: Collection[ModuleKey]) -> dict[ModuleKey, int]:
    videos = [key for key in keys if key[1] is ModuleCategory.VIDEO]
    others = [key for key in keys if key[1] is not ModuleCategory.VIDEO]
    return {
        **await _ids(connection, "encoded_id", videos),
        **await _ids(connection, "usage_key", others),
    }


async def _ids(connection: AsyncConnection, name: str, keys: Collection[ModuleKey]) -> dict[ModuleKey, int]:
    rows = await rows_by_key(connection, Module, ("run_id", name), [(run, key) for run, _, key in keys])
    ids = {(row.run_id, getattr(row, name)): row.id for row in rows}
    return {key: ids[key[0], key[2]] for key in keys if (key[0], key[2]) in ids}


async def _make_modules(
    connection: AsyncConnection, run_keys: Mapping[int, str], keys: Collection[ModuleKey]
) -> None:
    videos = {
        (run, _video_key(run_keys[run], encoded)): encoded
        for run, category, encoded in keys
        if category is ModuleCategory.VIDEO
    }
    rows = [
        {"run_id": run, "usage_key": key, "category": category, "encoded_id": None}
        for run, category, key in keys
        if category is not ModuleCategory.VIDEO
    ]
    known = await rows_by_key(connection, Module, ("run_id", "usage_key"), videos)
    named = {(row.run_id, row.usage_key): row for row in known}
    for (run, key), encoded in videos.items():
        module = named.get((run, key))
        if module is not None and module.encoded_id is None:
            table = table_of(Module)
            statement = table.update().where(table.c.id == module.id).values(encoded_id=encoded)
            await connection.execute(statement)
            continue
        if module is not None:
            # Another player reports another id for the same video.
            key = f"{ModuleCategory.VIDEO}:{encoded}"
        rows.append(
            {"run_id": run, "usage_key": key, "category": ModuleCategory.VIDEO, "encoded_id": encoded}
        )
    await add_missing(connection, Module, rows)
