"""Where learners are, by the addresses of their newest events (Data Analytics contract 8.4)."""

from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path

import maxminddb
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.enrollment import changing_enrollments
from app.analytics.tracking import TrackingEvent
from app.db.bulk import replace, rows_by_key
from app.db.models import LearnerAddress, User
from app.db.models.tables import table_of
from app.errors import BadUserInput


class Countries:
    """A database of the countries of IP addresses, in MaxMind's format."""

    def __init__(self, path: Path) -> None:
        """Open the database. Raises `BadUserInput` when it cannot be read."""
        try:
            self._reader = maxminddb.open_database(path, maxminddb.MODE_AUTO)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise BadUserInput(f"LYCEUM_COUNTRY_DATABASE: {error}") from error

    def country(self, address: str) -> str | None:
        """The ISO 3166 alpha-2 code of the country of an address; None where it cannot be placed."""
        found = self._reader.get(address)
        country = found.get("country") if isinstance(found, dict) else None
        code = country.get("iso_code") if isinstance(country, dict) else None
        return code if isinstance(code, str) and len(code) == 2 else None


async def record_addresses(
    connection: AsyncConnection, countries: Countries, events: Iterable[TrackingEvent]
) -> None:
    """Keep the addresses of learners' newest events, and change the series by country."""
    newest: dict[str, TrackingEvent] = {}
    for event in events:
        if event.learner and event.address and _is_address(event.address):
            known = newest.get(event.learner)
            if known is None or event.order > known.order:
                newest[event.learner] = event
    rows = await rows_by_key(connection, LearnerAddress, ("learner",), [(learner,) for learner in newest])
    before = {row.learner: row for row in rows}
    changed = [
        {
            "learner": learner,
            "address": event.address,
            "seen_at": event.occurred_at,
            "digest": event.digest,
            "country": countries.country(str(event.address)),
        }
        for learner, event in newest.items()
        if learner not in before or event.order > (before[learner].seen_at, before[learner].digest)
    ]
    moved = [
        str(row["learner"])
        for row in changed
        if row["learner"] not in before or before[row["learner"]].country != row["country"]
    ]
    async with changing_enrollments(connection, await _users(connection, moved)):
        await replace(connection, LearnerAddress, changed)


async def place_again(connection: AsyncConnection, countries: Countries) -> None:
    """Look all addresses up again; the enrollment series have to be computed after it."""
    last = ""
    while rows := (await connection.execute(_PAGE, {"last": last})).all():
        last = rows[-1].learner
        moved = [
            {**row._mapping, "country": country}
            for row in rows
            if (country := countries.country(row.address)) != row.country
        ]
        await replace(connection, LearnerAddress, moved)


_ADDRESS = table_of(LearnerAddress)
_PAGE = (
    select(_ADDRESS).where(_ADDRESS.c.learner > bindparam("last")).order_by(_ADDRESS.c.learner).limit(1000)
)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


async def _users(connection: AsyncConnection, learners: Iterable[str]) -> list[int]:
    """The ids of the users that events name as one of the learners."""
    names = [(learner[1:],) for learner in learners if learner.startswith("@")]
    ids = [(int(learner),) for learner in learners if not learner.startswith("@")]
    rows = [
        *await rows_by_key(connection, User, ("username",), names),
        *await rows_by_key(connection, User, ("lms_user_id",), ids),
    ]
    return [row.id for row in rows]
