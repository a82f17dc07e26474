"""`lyceum webhooks`: an operator sees what is held, starts it again or removes it."""

import json

from sqlalchemy import text

from app.cli.common import with_database
from app.db.engine import Database
from app.webhooks.postgres import put
from tests.cli.conftest import Lyceum


def hold(*subscription_ids: int) -> None:
    """Jobs of subscriptions, held since they failed."""

    async def work(database: Database) -> None:
        async with database.begin() as connection:
            await put(connection, subscription_ids)
            await connection.execute(
                text("UPDATE webhook_queue.pgqueuer SET status = 'failed', attempts = 20")
            )
            await connection.execute(
                text(
                    "INSERT INTO webhook_queue.pgqueuer_log (job_id, status, entrypoint, priority, traceback)"
                    " SELECT id, 'failed', entrypoint, priority,"
                    """ '{"exception_type": "OSError", "exception_message": "no"}' FROM webhook_queue.pgqueuer"""
                )
            )

    with_database(work)


def queued() -> list[tuple[str, int]]:
    """The subscriptions of jobs that are to be done, with how often each was tried."""

    async def work(database: Database) -> list[tuple[str, int]]:
        statement = "SELECT payload, attempts FROM webhook_queue.pgqueuer WHERE status = 'queued' ORDER BY id"
        async with database.reader.connect() as connection:
            return [(row[0].decode(), row[1]) for row in await connection.execute(text(statement))]

    return with_database(work)


def test_what_is_held(lyceum: Lyceum, url: str) -> None:
    assert lyceum("webhooks", "held").out == "[]\n"
    assert lyceum("webhooks", "requeue", "--all").out == "Requeued 0 jobs.\n"
    assert lyceum("webhooks", "drop", "7").refusal == "no job 7 is held"
    assert lyceum("webhooks", "drop").refusal == "give either ids or --all"
    assert lyceum("webhooks", "drop", "7", "--all").refusal == "give either ids or --all"
    if url.startswith("sqlite"):
        return
    hold(1, 2, 3)
    held = json.loads(lyceum("webhooks", "held").out)
    assert [(it["subscription"], it["attempts"], it["reason"]) for it in held] == [
        (str(id_), 20, "OSError: no") for id_ in (1, 2, 3)
    ]
    first = str(held[0]["id"])
    assert lyceum("webhooks", "requeue", first, "999").refusal == "no job 999 is held"
    assert queued() == []
    assert lyceum("webhooks", "requeue", first).out == "Requeued 1 job.\n"
    assert queued() == [("1", 0)]
    assert lyceum("webhooks", "drop", "--all").out == "Dropped 2 jobs.\n"
    assert lyceum("webhooks", "held").out == "[]\n"
    assert queued() == [("1", 0)]
