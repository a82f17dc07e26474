"""Enterprise customers, their catalogs and their learners."""

from app.db import models
from resolvers.catalog import COURSE, COURSE_RUN, PROGRAM
from resolvers.entity import Entity, Relation

CUSTOMER = Entity("EnterpriseCustomer", models.EnterpriseCustomer)
CATALOG = Entity("EnterpriseCatalog", models.EnterpriseCatalog)
QUERY = Entity("CatalogQuery", models.CatalogQuery)

CATALOGS_OF_CUSTOMER = Relation(CATALOG, "customer_id")
CUSTOMERS_OF_USER = Relation(CUSTOMER, "user_id", models.EnterpriseLearner, "customer_id", {"linked": True})
_ADDED = ("added_at",)
COURSES_OF_CATALOG = Relation(COURSE, "catalog_id", models.CatalogItem, "course_id", order=_ADDED)
RUNS_OF_CATALOG = Relation(COURSE_RUN, "catalog_id", models.CatalogItem, "run_id", order=_ADDED)
PROGRAMS_OF_CATALOG = Relation(PROGRAM, "catalog_id", models.CatalogItem, "program_id", order=_ADDED)
CATALOGS_OF_COURSE = Relation(CATALOG, "course_id", models.CatalogItem, "catalog_id")
CATALOGS_OF_RUN = Relation(CATALOG, "run_id", models.CatalogItem, "catalog_id")
CATALOGS_OF_PROGRAM = Relation(CATALOG, "program_id", models.CatalogItem, "catalog_id")
