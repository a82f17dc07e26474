"""The demo's enterprise customers: catalogs, learners, consents and roles, as rows."""

import datetime as dt
from collections.abc import Sequence
from random import Random

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import (
    CatalogItem,
    CatalogQuery,
    Consent,
    Enrollment,
    EnterpriseCatalog,
    EnterpriseCustomer,
    EnterpriseEnrollment,
    EnterpriseLearner,
    RoleAssignment,
    SamlIdentity,
)
from app.db.models.tables import table_of
from app.demo.commerce import write_orders
from app.demo.content.offers import CUSTOMERS, Catalog
from app.demo.rows import MADE, Ids, Row, add, add_by, demo_uuid
from app.demo.simulation import DEMO_USER, LEARNER_USER, World
from app.vocabulary import ConsentPolicy, EnterpriseRole


async def write_customers(connection: AsyncConnection) -> Ids:
    """Write the customers; their ids are by slug."""
    rows = [
        {
            "uuid": customer.uuid or demo_uuid("customer", customer.slug),
            "name": customer.name,
            "slug": customer.slug,
            "site_id": customer.site_id,
            "consent_policy": customer.consent_policy,
            "reports_audit_data": customer.reports_audit_data,
            "created": MADE,
            "modified": MADE,
        }
        for customer in CUSTOMERS
    ]
    return await add_by(connection, "slug", EnterpriseCustomer, rows)


async def write_catalogs(
    connection: AsyncConnection, customers: Ids, courses: Ids, runs: Ids, programs: Ids
) -> None:
    """Write the customers' catalogs with their items, and the queries that made some of them."""
    for customer in CUSTOMERS:
        for catalog in customer.catalogs:
            row = _catalog(catalog) | {"customer_id": customers[customer.slug], "query_id": None}
            if catalog.subjects:
                queries = await add_by(connection, "title", CatalogQuery, [_query(catalog)])
                row["query_id"] = queries[catalog.title]
            catalog_id = (await add_by(connection, "title", EnterpriseCatalog, [row]))[catalog.title]
            items = [
                *(("run_id", runs[key], key) for key in catalog.runs),
                *(("course_id", courses[key], key) for key in catalog.courses),
                *(
                    ("program_id", programs[slug], str(demo_uuid("program", slug)))
                    for slug in catalog.programs
                ),
            ]
            none = {"run_id": None, "course_id": None, "program_id": None}
            await add(
                connection,
                CatalogItem,
                [
                    none
                    | {
                        "catalog_id": catalog_id,
                        column: item,
                        "key": key,
                        "added_at": MADE + dt.timedelta(minutes=minutes),
                    }
                    for minutes, (column, item, key) in enumerate(items)
                ],
            )


async def write_learners(
    connection: AsyncConnection, world: World, customers: Ids, users: Sequence[int], runs: Ids
) -> None:
    """Write who learns with which customer, what they take there and paid, who may do what, and who agreed
    to being reported on.

    Of each customer's learners the first is an administrator and the last has
    been unlinked. The user `demo` serves all customers, and `learner` belongs to
    the first.
    """
    rng = Random("Lyceum demo enterprise")  # noqa: S311
    candidates = [user for user in range(len(users)) if user not in (DEMO_USER, LEARNER_USER)]
    pool = rng.sample(candidates, sum(customer.learners for customer in CUSTOMERS))
    pool[1] = LEARNER_USER
    roles = [_role(users[DEMO_USER], EnterpriseRole.OPERATOR, None)]
    for customer in CUSTOMERS:
        customer_id = customers[customer.slug]
        members, pool = pool[: customer.learners], pool[customer.learners :]
        roles.append(_role(users[members[0]], EnterpriseRole.ADMIN, customer_id))
        roles += (_role(users[user], EnterpriseRole.LEARNER, customer_id) for user in members[:-1])
        links = [
            {"customer_id": customer_id, "user_id": users[user], "linked": user != members[-1]}
            | _joined(world, user)
            for user in members
        ]
        await add(connection, EnterpriseLearner, links)
        taken = [participation for participation in world.participations if participation.user in members]
        await _enroll(connection, customer_id)
        await write_orders(connection, customer, taken, users, runs)
        if customer.saml_provider:
            identities = [
                {"user_id": users[user], "uid": f"{customer.saml_provider}:{world.users[user]['username']}"}
                | _joined(world, user)
                for user in members
            ]
            await add(connection, SamlIdentity, identities)
        if customer.consent_policy is ConsentPolicy.AT_ENROLLMENT:
            consents = [
                {
                    "customer_id": customer_id,
                    "user_id": users[participation.user],
                    "run_id": runs[participation.run.key],
                    "granted": rng.choices((True, False, None), (85, 10, 5))[0],
                    "modified": participation.events[0].at,
                }
                for participation in taken
            ]
            await add(connection, Consent, consents)
    await add(connection, RoleAssignment, roles)


async def _enroll(connection: AsyncConnection, customer_id: int) -> None:
    """Make everything that a customer's learners are enrolled in enterprise enrollments."""
    link, enrollment = table_of(EnterpriseLearner), table_of(Enrollment)
    records = (
        select(link.c.id, enrollment.c.id, enrollment.c.created)
        .join(enrollment, enrollment.c.user_id == link.c.user_id)
        .where(link.c.customer_id == customer_id)
        .order_by(enrollment.c.id)
    )
    await connection.execute(
        insert(EnterpriseEnrollment).from_select(["learner_id", "enrollment_id", "created"], records)
    )


def _query(catalog: Catalog) -> Row:
    return {
        "uuid": demo_uuid("query", catalog.title),
        "title": catalog.title,
        "content_filter": {"content_type": "course", "subjects": list(catalog.subjects)},
    }


def _catalog(catalog: Catalog) -> Row:
    return {
        "uuid": catalog.uuid or demo_uuid("catalog", catalog.title),
        "title": catalog.title,
        "publishes_audit_urls": catalog.publishes_audit_urls,
        "created": MADE,
        "modified": MADE + dt.timedelta(days=30),
    }


def _role(user_id: int, role: EnterpriseRole, customer_id: int | None) -> Row:
    return {"user_id": user_id, "role": role, "customer_id": customer_id}


def _joined(world: World, user: int) -> Row:
    return {"created": world.users[user]["date_joined"]}
