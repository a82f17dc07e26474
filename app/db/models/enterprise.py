"""Enterprise customers, their catalogs, their learners and who administers them."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.db.models.base import (
    instant,
    link,
    now,
    primary_key,
    related,
    string,
    unique_uuid,
)
from app.db.models.people import User
from app.db.types import Json
from app.vocabulary import ConsentPolicy, ContentKind, EnterpriseRole


class EnterpriseCustomer(SQLModel, table=True):
    """An organization that offers courses to its own people."""

    __tablename__ = "enterprise_customer"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    name: str = string(255)
    slug: str = string(255, unique=True)
    site_id: int | None = None
    consent_policy: ConsentPolicy = string(30, default=ConsentPolicy.AT_ENROLLMENT)
    reports_audit_data: bool = False
    created: dt.datetime = instant(default_factory=now)
    modified: dt.datetime = instant(default_factory=now)


class CatalogQuery(SQLModel, table=True):
    """A stored filter over all content that a catalog can be made from."""

    __tablename__ = "catalog_query"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    title: str = string(255)
    content_filter: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class EnterpriseCatalog(SQLModel, table=True):
    """What an enterprise customer offers; without a query, a fixed list."""

    __tablename__ = "enterprise_catalog"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    title: str = string(255, default="All Content")
    customer_id: int = link("enterprise_customer.id", index=True)
    query_id: int | None = link("catalog_query.id", nullable=True, index=True)
    publishes_audit_urls: bool = False
    created: dt.datetime = instant(default_factory=now)
    modified: dt.datetime = instant(default_factory=now)

    customer: EnterpriseCustomer = related()
    query: CatalogQuery | None = related()


def _where_there_is(column: str) -> list[Index]:
    """Indexes of a catalog's items of one kind. With the nulls of others, databases think little of them."""
    there = text(f"{column} IS NOT NULL")
    return [
        Index(None, *columns, unique=len(columns) > 1, sqlite_where=there, postgresql_where=there)
        for columns in ((column,), ("catalog_id", column))
    ]


class CatalogItem(SQLModel, table=True):
    """A course, a course run or a program in a catalog: exactly one of the three.

    `key` is the content's native key, which never changes: the UUID of a program.
    Items stand in the order of their addition, then of their keys (Enterprise
    contract 5).
    """

    __tablename__ = "catalog_item"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN course_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN run_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN program_id IS NULL THEN 0 ELSE 1 END = 1",
            name="one_kind",
        ),
        *_where_there_is("course_id"),
        *_where_there_is("run_id"),
        *_where_there_is("program_id"),
        Index(None, "catalog_id", "added_at", "key"),
    )

    id: int = primary_key()
    catalog_id: int = link("enterprise_catalog.id")
    course_id: int | None = link("course.id", nullable=True)
    run_id: int | None = link("course_run.id", nullable=True)
    program_id: int | None = link("program.id", nullable=True)
    key: str = string(255)
    added_at: dt.datetime = instant(default_factory=now)


class CatalogRemoval(SQLModel, table=True):
    """What was in a catalog and is no longer; it goes when the content is added again."""

    __tablename__ = "catalog_removal"
    __table_args__ = (UniqueConstraint("catalog_id", "key"), Index(None, "catalog_id", "removed_at"))

    id: int = primary_key()
    catalog_id: int = link("enterprise_catalog.id")
    kind: ContentKind = string(20)
    key: str = string(255)
    removed_at: dt.datetime = instant(default_factory=now)


class EnterpriseLearner(SQLModel, table=True):
    """The link between a user and an enterprise customer; unlinked ones are kept."""

    __tablename__ = "enterprise_learner"
    __table_args__ = (UniqueConstraint("customer_id", "user_id"),)

    id: int = primary_key()
    customer_id: int = link("enterprise_customer.id")
    user_id: int = link("user.id", index=True)
    linked: bool = True
    created: dt.datetime = instant(default_factory=now)

    customer: EnterpriseCustomer = related()
    user: User = related()


class EnterpriseEnrollment(SQLModel, table=True):
    """An enrollment that a learner has through the link to an enterprise customer."""

    __tablename__ = "enterprise_enrollment"
    __table_args__ = (UniqueConstraint("learner_id", "enrollment_id"),)

    id: int = primary_key()
    learner_id: int = link("enterprise_learner.id")
    enrollment_id: int = link("enrollment.id", index=True)
    created: dt.datetime = instant(default_factory=now)


class Consent(SQLModel, table=True):
    """Whether a learner lets an enterprise customer see their data of a run; null is not asked."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("customer_id", "user_id", "run_id"),)

    id: int = primary_key()
    customer_id: int = link("enterprise_customer.id")
    user_id: int = link("user.id", index=True)
    run_id: int = link("course_run.id", index=True)
    granted: bool | None = None
    modified: dt.datetime = instant(default_factory=now)


class RoleAssignment(SQLModel, table=True):
    """A role of a user for one enterprise customer, or for all when no customer is named."""

    __tablename__ = "role_assignment"
    __table_args__ = (
        Index(None, "user_id", "role", "customer_id", unique=True),
        Index(
            "uq_role_assignment_everywhere",
            "user_id",
            "role",
            unique=True,
            sqlite_where=text("customer_id IS NULL"),
            postgresql_where=text("customer_id IS NULL"),
        ),
    )

    id: int = primary_key()
    user_id: int = link("user.id")
    role: EnterpriseRole = string(40)
    customer_id: int | None = link("enterprise_customer.id", nullable=True, index=True)

    customer: EnterpriseCustomer | None = related()
    user: User = related()
