"""Makes the loaders of one request: one for each look-up, however often it is asked for."""

from asyncio import CancelledError, Future, Lock, shield
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from aiodataloader import DataLoader
from sqlalchemy import Select

from app.db.reader import Reader, Record
from app.db.statements import KEYS

Value = TypeVar("Value")

Key = Any
"""What rows are looked up by: a primary key, or a native key."""

Batch = Callable[[Sequence[Key]], Select[Any]]
"""Builds the statement for many keys. Its first column is the key of each row."""

Work = Callable[[list[Key]], Coroutine[Any, Any, list[Any]]]
"""Gives the value of each of many keys, in their order."""


class Keys(tuple[Key, ...]):
    """Many keys that are asked for as one, whose value is the list of theirs."""

    __slots__ = ()


class Loader(DataLoader[Any, Value]):
    """A loader that can be asked for many keys at the price of one future."""

    def __init__(self, work: Work) -> None:
        self._futures: dict[Any, Future[Any]] = {}
        super().__init__(self._load, cache_map=self._futures)
        self._work = work
        self._known: dict[Key, Any] = {None: None}
        self._turns = Lock()

    def load(self, key: Any) -> Future[Value]:
        """The value of a key. Who is cancelled while waiting for it takes it from nobody else."""
        return shield(super().load(key))

    def all(self, keys: Iterable[Key]) -> Future[list[Value]]:
        """The values of keys, in their order; None has the value None."""
        return self.load(Keys(keys))  # type: ignore[return-value]

    async def _load(self, asked: list[Any]) -> list[Any]:
        known = self._known
        each = (key for one in asked for key in (one if type(one) is Keys else (one,)))
        try:
            # What is being read already is not read again.
            async with self._turns:
                wanted = [key for key in dict.fromkeys(each) if key not in known]
                if wanted:
                    known.update(zip(wanted, await self._work(wanted), strict=True))
        except CancelledError:
            # The operation is over. Who still waits would wait for ever.
            for one in asked:
                self._futures[one].cancel()
            raise
        return [[known[key] for key in one] if type(one) is Keys else known[one] for one in asked]


class Loaders:
    """The loaders of one request. Each is named by whatever makes its statement differ.

    What makes it differ between requests is given as `lasting`, `()` if nothing does, and the
    name has no part that ends with the request then. The statement is built once for all keys
    and requests, with parameters without values for what is given as `values`.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._loaders: dict[Hashable, Loader[Any]] = {}

    def row(
        self, name: Hashable, batch: Batch, lasting: Hashable = None, **values: Any
    ) -> Loader[Record | None]:
        """A loader of the one row of each key, None where there is none."""

        async def load(keys: list[Key]) -> list[Record | None]:
            found = {row[0]: row for row in await self._read(("row", name), batch, lasting, keys, values)}
            return [found.get(key) for key in keys]

        return self._loader(("row", name, *values.items()), load)

    def rows(
        self, name: Hashable, batch: Batch, lasting: Hashable = None, **values: Any
    ) -> Loader[list[Record]]:
        """A loader of all rows of each key, in the order of the statement."""

        async def load(keys: list[Key]) -> list[list[Record]]:
            found: dict[Key, list[Record]] = {key: [] for key in keys}
            for row in await self._read(("rows", name), batch, lasting, keys, values):
                found[row[0]].append(row)
            return [found[key] for key in keys]

        return self._loader(("rows", name, *values.items()), load)

    def value(
        self, name: Hashable, batch: Batch, absent: Any, lasting: Hashable = None, **values: Any
    ) -> Loader[Any]:
        """A loader of the second column for each key; of what is absent where there is no row."""

        async def load(keys: list[Key]) -> list[Any]:
            found = {
                row[0]: row[1] for row in await self._read(("value", name), batch, lasting, keys, values)
            }
            return [found.get(key, absent) for key in keys]

        return self._loader(("value", name, *values.items()), load)

    def worked_out(self, name: Hashable, load: Work) -> Loader[Any]:
        """A loader of what is worked out from what other loaders give."""
        return self._loader(("worked out", name), load)

    async def _read(
        self, name: Hashable, batch: Batch, lasting: Hashable, keys: list[Key], values: Mapping[str, Any]
    ) -> Sequence[Record]:
        if lasting is None:
            return await self._reader.rows(batch(keys), **values)
        return await self._reader.named((name, lasting), lambda: batch(KEYS), keys=keys, **values)

    def _loader(self, name: Hashable, load: Work) -> Loader[Any]:
        loader = self._loaders.get(name)
        if loader is None:
            loader = self._loaders[name] = Loader(load)
        return loader
