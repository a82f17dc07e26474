"""The log of deliveries: its first page, of a subscription and of all, among so many attempts."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import insert, text

from app.db.engine import Database
from app.db.models import WebhookSubscription, now
from app.progress import Progress
from app.vocabulary import AttemptStatus, WebhookEvent
from app.webhooks.outcomes import MOST_KEPT
from benchmarks.data import Scale

_FIELDS = "id status message webhookId created resolvedAt"
_NEWEST = f"orderBy: [{{field: CREATED, direction: DESC}}]) {{ nodes {{ {_FIELDS} }} }}"
_PAGE = f"query ($uuid: UUID!) {{ webhookSubscription(uuid: $uuid) {{ attempts(first: 20, {_NEWEST} }} }}"
_PENDING = _PAGE.replace("first: 20,", "first: 20, where: {status: [PENDING]},")
_ALL = f"{{ webhookSubscriptions(first: 20) {{ nodes {{ target attempts(first: 5, {_NEWEST} }} }} }}"

_ATTEMPTS = text("""
WITH RECURSIVE number (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number WHERE i + 1 < :number)
INSERT INTO delivery_attempt (subscription_id, event_id, webhook_id, subject, try_number, status, message,
    body, created, due_at, resolved_at)
SELECT 1 + (i % :subscriptions), i, 'msg_' || i, 'user:' || i, 1, :status, :message,
    '{"Class":"UserCreatedEvent","EventType":"user.created","Data":{"Username":"learner-' || i || '"}}',
    :created, :due_at, :resolved_at
FROM number
""")


@dataclass(frozen=True)
class Page:
    """A page of the log, as it is asked for."""

    name: str
    text: str
    number: int | None

    @property
    def variables(self) -> dict[str, str]:
        """Those of the operation."""
        return {} if self.number is None else {"uuid": str(_uuid(self.number))}


@dataclass(frozen=True)
class Log:
    """So many subscriptions have as many attempts as are kept, and the first has others that are pending."""

    name: str
    content: str
    subscriptions: int
    pending: int
    data: Scale

    @property
    def attempts(self) -> int:
        """All there are."""
        return self.subscriptions * MOST_KEPT + self.pending

    @property
    def pages(self) -> Sequence[Page]:
        """The pages that are asked for."""
        return (
            Page("of one", _PAGE, self.subscriptions),
            Page("of the first", _PAGE, 1),
            Page("pending of the first", _PENDING, 1),
            Page("of all", _ALL, None),
        )


def _log(subscriptions: int, pending: int) -> Log:
    attempts = subscriptions * MOST_KEPT + pending
    content = (
        f"the newest of {attempts:,} attempts: 20 of one of {subscriptions:,} subscriptions, 20 of the first,"
        f" of which {pending:,} are pending, 20 of those, and 5 of each of 20 subscriptions"
    )
    data = Scale("log", accounts=1, learners=0, courses=1, runs=1, enrollments_per_run=0, days=0)
    return Log("LOG", content, subscriptions, pending, data)


LOG = _log(10_000, pending=500_000)
SMALL_LOG = _log(30, pending=100)


async def fill_log(log: Log, database_url: str, progress: Progress) -> None:
    """Write the subscriptions and the attempts, of the one user there is."""
    database = Database(database_url)
    advance = progress("DeliveryAttempt rows", log.attempts)
    try:
        async with database.begin() as connection:
            await connection.execute(insert(WebhookSubscription), list(_subscriptions(log)))
            kept = log.subscriptions * MOST_KEPT
            common = {"created": now(), "due_at": now(), "message": None, "resolved_at": None}
            ended = {"status": AttemptStatus.SUCCESSFUL, "message": "200 OK", "resolved_at": now()}
            for number, subscriptions, values in (
                (kept, log.subscriptions, ended),
                (log.pending, 1, {"status": AttemptStatus.PENDING, "due_at": now() + dt.timedelta(365)}),
            ):
                given = common | values | {"number": number, "subscriptions": subscriptions}
                await connection.execute(_ATTEMPTS.bindparams(**given))
                advance(number)
            # What autovacuum would do, some time in the middle of a measurement.
            await connection.execute(text("ANALYZE"))
    finally:
        await database.dispose()


def _subscriptions(log: Log) -> Iterator[dict[str, object]]:
    for number in range(1, log.subscriptions + 1):
        yield {
            "id": number,
            "uuid": _uuid(number),
            "owner_id": 1,
            "event_type": WebhookEvent.USER_CREATED,
            "target": f"https://hooks.example.org/{number}",
            "is_active": True,
            "status": "Active",
            "sealed_key": "",
        }


def _uuid(number: int) -> UUID:
    return uuid5(NAMESPACE_URL, f"https://hooks.example.org/{number}")
