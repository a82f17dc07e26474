"""What the demo's enterprise customers are told of their learners."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import Order, OrderLine
from app.demo.content.offers import CUSTOMERS
from app.demo.credentials import DEMO
from tests.demo.conftest import Query
from tests.graphql.clients import client_of
from tests.graphql.test_learner_summary import ALL_FIELDS

ALWAYS = {
    "courseKey",
    "courseMaxEffort",
    "courseMinEffort",
    "coursePacingType",
    "courseStart",
    "courseTitle",
    "enterpriseSiteId",
}
"""What may be null by the contract, and in the demo never is."""

NEVER_NULL = {
    "courseId",
    "databaseId",
    "enrollmentCreatedTimestamp",
    "enterpriseId",
    "enterpriseName",
    "enterpriseUser",
    "letterGrade",
    "lmsUserId",
    "progressStatus",
    "userAccountCreationTimestamp",
    "userCurrentEnrollmentMode",
    "userEmail",
    "userUsername",
}


@pytest.fixture(scope="module")
async def told(demo: Database) -> dict[str, Any]:
    """All that the customers are told, by their slugs."""
    customers = {}
    async with client_of(demo, cost_per_minute=0) as client:
        query = """{ enterpriseCustomers { nodes { uuid slug learners { totalCount }
          withheldEnrollments { consent audit unlinked } enrollments { totalCount } } } }"""
        data = await client.ask(query, key=DEMO.api_key)
        for customer in data["enterpriseCustomers"]["nodes"]:
            rows: list[Any] = []
            while len(rows) < customer["enrollments"]["totalCount"]:
                query = f"""{{ enterpriseCustomer(uuid: "{customer["uuid"]}") {{
                  enrollments(first: 100, offset: {len(rows)}) {{ nodes {{ {ALL_FIELDS} }} }} }} }}"""
                page = (await client.ask(query, key=DEMO.api_key))["enterpriseCustomer"]["enrollments"]
                rows += page["nodes"]
            customers[customer["slug"]] = customer | {"rows": rows}
    return customers


def test_every_field_of_12_3_has_values_and_nulls(told: dict[str, Any]) -> None:
    rows = [row for customer in told.values() for row in customer["rows"]]
    assert len({row["databaseId"] for row in rows}) == len(rows) > 300
    values = {name: {str(row[name]) for row in rows} for name in rows[0]}
    assert {name for name in values if "None" not in values[name]} == NEVER_NULL | ALWAYS
    assert [name for name in values if values[name] == {"None"}] == []
    assert values["progressStatus"] == {"PASSED", "FAILED", "IN_PROGRESS"}
    assert values["unenrollmentEndWithinDate"] == {"True", "False", "None"}
    assert values["consentGranted"] == {"True", "None"}
    assert {row["offer"]["kind"] for row in rows if row["offer"]} == {"PERCENTAGE", "ABSOLUTE"}
    assert any(row["coursePrice"] and row["discountPrice"] is None for row in rows)


def test_some_is_withheld(told: dict[str, Any]) -> None:
    asking, external = (told[customer.slug]["withheldEnrollments"] for customer in CUSTOMERS)
    assert min(asking.values()) > 0
    assert (external["consent"], external["audit"]) == (0, 0)
    assert external["unlinked"] > 0


async def test_some_orders_are_refunded_repeated_and_have_several_lines(query: Query) -> None:
    statement = select(col(Order.id), col(Order.user_id), col(OrderLine.run_id), col(OrderLine.refunded_at))
    lines = await query(statement.join(OrderLine, col(OrderLine.order_id) == col(Order.id)))
    orders = Counter(line.id for line in lines)
    seats = Counter((line.user_id, line.run_id) for line in lines)
    assert len(orders) > 50
    assert max(orders.values()) > 1
    assert max(seats.values()) == 2
    assert 0 < sum(line.refunded_at is not None for line in lines) < len(lines) / 4
