"""Enterprise customers, their catalogs and their learners."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select

from app.db import models
from app.db.models.tables import table_of
from app.errors import BadUserInput
from app.vocabulary import EnterpriseRole
from resolvers.catalog import COURSE, COURSE_RUN, PROGRAM
from resolvers.context import Context
from resolvers.entity import Entity, Relation

CUSTOMER = Entity("EnterpriseCustomer", models.EnterpriseCustomer)
CATALOG = Entity(
    "EnterpriseCatalog", models.EnterpriseCatalog, parents={"customer": ("customer_id", CUSTOMER)}
)
QUERY = Entity("CatalogQuery", models.CatalogQuery)
ROLE = Entity("EnterpriseRoleAssignment", models.RoleAssignment)

_catalog, _role = table_of(models.EnterpriseCatalog), table_of(models.RoleAssignment)
_BY_ROLE = (
    select(_role.c.user_id, _catalog.c.id.label("catalog_id"))
    .join(_catalog, or_(_role.c.customer_id.is_(None), _role.c.customer_id == _catalog.c.customer_id))
    .distinct()
    .subquery("catalog_by_role")
)

CATALOGS_OF_CUSTOMER = Relation(CATALOG, "customer_id")
CATALOGS_BY_ROLE = Relation(CATALOG, "user_id", _BY_ROLE, "catalog_id", order=("created", "uuid"))
ROLES_OF_USER = Relation(ROLE, "user_id")
CUSTOMERS_OF_USER = Relation(CUSTOMER, "user_id", models.EnterpriseLearner, "customer_id", {"linked": True})
_ADDED = ("added_at",)
COURSES_OF_CATALOG = Relation(COURSE, "catalog_id", models.CatalogItem, "course_id", order=_ADDED)
RUNS_OF_CATALOG = Relation(COURSE_RUN, "catalog_id", models.CatalogItem, "run_id", order=_ADDED)
PROGRAMS_OF_CATALOG = Relation(PROGRAM, "catalog_id", models.CatalogItem, "program_id", order=_ADDED)
CATALOGS_OF_COURSE = Relation(CATALOG, "course_id", models.CatalogItem, "catalog_id")
CATALOGS_OF_RUN = Relation(CATALOG, "run_id", models.CatalogItem, "catalog_id")
CATALOGS_OF_PROGRAM = Relation(CATALOG, "program_id", models.CatalogItem, "catalog_id")

_READ_LEARNERS = {EnterpriseRole.OPERATOR, EnterpriseRole.ADMIN}


@dataclass(frozen=True)
class Access:
    """What the viewer's roles open, of a customer or a catalog (Enterprise contract 2)."""

    exists: bool
    reads_catalogs: bool
    reads_learners: bool


async def access(context: Context, catalog: UUID | None, customer: UUID | None) -> Access | None:
    """What the viewer's roles open; what is not there is opened by roles for all customers.

    None for a stranger. Raises `BadUserInput` unless one of both is given.
    """
    if context.viewer.user_id is None:
        return None
    if (catalog is None) == (customer is None):
        raise BadUserInput("Either catalog or customer has to be given", field="catalog")
    rows = table_of(models.EnterpriseCustomer)
    named = select(rows.c.id).where(rows.c.uuid == customer)
    if catalog is not None:
        named = select(_catalog.c.customer_id).where(_catalog.c.uuid == catalog)
    id_ = await context.reader.scalar(named)
    assigned = select(_role.c.role).where(
        _role.c.user_id == context.viewer.user_id,
        or_(_role.c.customer_id.is_(None), _role.c.customer_id == id_),
    )
    roles = {row.role for row in await context.reader.rows(assigned)}
    return Access(id_ is not None, bool(roles), not roles.isdisjoint(_READ_LEARNERS))
