"""The pages of enterprise customers, their catalogs, learners and roles.

Every act is a function of `app.enterprise`, so its rules are those of the mutations.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqladmin import expose
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response
from wtforms import Form

from app.admin.enterprise_forms import (
    CatalogForm,
    CustomerForm,
    KeysForm,
    LearnerForm,
    NewCatalogForm,
    NewCustomerForm,
    RoleForm,
    customer_choices,
    lines,
)
from app.admin.view import Act, View
from app.auth.accounts import get_user
from app.db.models import (
    CatalogItem,
    Course,
    CourseRun,
    EnterpriseCatalog,
    EnterpriseCustomer,
    EnterpriseLearner,
    Program,
    RoleAssignment,
)
from app.enterprise import catalogs, customers, people
from app.enterprise.change import Change
from app.errors import BadUserInput
from app.vocabulary import ConsentPolicy, EnterpriseRole

_KINDS = {"course_id": "course", "run_id": "course run", "program_id": "program"}


def _act(change: Change) -> Act | None:
    return Act(change.action, change.subject, change.detail) if change.made else None


class _CustomerChooser(View):
    """Pages with a form on which one chooses a customer."""

    everywhere: ClassVar[bool] = False

    async def prepare(self, form: Form) -> None:
        if "customer" not in form:
            return
        async with AsyncSession(self._admin_ref.database.reader) as session:
            found = await session.scalars(select(EnterpriseCustomer).order_by(col(EnterpriseCustomer.name)))
            form["customer"].choices = customer_choices(list(found), everywhere=self.everywhere)


async def _customer(session: AsyncSession, chosen: str) -> EnterpriseCustomer:
    customer = await customers.find_customer(session, int(chosen))
    if customer is None:
        raise BadUserInput("this customer is gone", field="customer")
    return customer


class CustomerView(View, model=EnterpriseCustomer):
    """Customers. None is ever deleted."""

    name, name_plural, icon = "enterprise customer", "Enterprise customers", "fa-solid fa-building"
    help = "Organizations that offer courses to their own people."
    can_create = can_edit = True
    create_form, edit_form = NewCustomerForm, CustomerForm
    column_list = ("name", "slug", "uuid", "site_id", "consent_policy", "reports_audit_data", "modified")
    column_details_list = ("id", *column_list, "created")
    column_searchable_list = ("name", "slug")
    column_sortable_list = ("name", "slug", "site_id", "modified")
    column_default_sort = ("id", True)
    column_labels: ClassVar = {
        "id": "Id",
        "name": "Name",
        "slug": "Slug",
        "uuid": "UUID",
        "site_id": "Site",
        "consent_policy": "Consent",
        "reports_audit_data": "Reports audit",
        "created": "Created (UTC)",
        "modified": "Modified (UTC)",
    }
    column_formatters: ClassVar = {
        "consent_policy": lambda row, _: ConsentPolicy(row.consent_policy).value.replace("_", " ")
    }
    column_formatters_detail: ClassVar = column_formatters

    def values(self, row: EnterpriseCustomer) -> dict[str, Any]:
        return {
            "name": row.name,
            "slug": row.slug,
            "site_id": row.site_id,
            "consent_policy": row.consent_policy,
            "reports_audit_data": row.reports_audit_data,
        }

    async def insert(self, session: AsyncSession, data: dict[str, Any]) -> Act | None:
        data["consent_policy"] = ConsentPolicy(data["consent_policy"])
        return _act(await customers.create_customer(session, **data))

    async def update(
        self, session: AsyncSession, row: EnterpriseCustomer, data: dict[str, Any]
    ) -> Act | None:
        data["consent_policy"] = ConsentPolicy(data["consent_policy"])
        return _act(await customers.update_customer(session, row, **data))


class CatalogView(_CustomerChooser, model=EnterpriseCatalog):
    """Catalogs, and what is in them."""

    name, name_plural, icon = "enterprise catalog", "Enterprise catalogs", "fa-solid fa-book-open"
    help = "What enterprise customers offer: lists that are filled by hand or import, and what queries find."
    can_create = can_edit = True
    create_form, edit_form = NewCatalogForm, CatalogForm
    loads = ("customer", "query")
    column_list = ("title", "customer.name", "uuid", "query.title", "publishes_audit_urls", "modified")
    column_details_list = ("id", *column_list[:4], "query.content_filter", *column_list[4:], "created")
    column_searchable_list = ("title", "customer.name", "customer.slug")
    column_sortable_list = ("title", "modified")
    column_default_sort = ("id", True)
    column_labels: ClassVar = {
        "id": "Id",
        "title": "Title",
        "customer.name": "Customer",
        "customer.slug": "customer's slug",
        "uuid": "UUID",
        "query.title": "Query",
        "query.content_filter": "Content filter",
        "publishes_audit_urls": "Audit addresses",
        "created": "Created (UTC)",
        "modified": "Modified (UTC)",
    }
    links: ClassVar = {"items": "Content"}
    acts: ClassVar = {
        "refresh": ("Refresh", "It will hold what its query finds now, and nothing else."),
        "delete": ("Delete", "Those who read this catalog find it no longer; the courses stay."),
    }

    def acts_of(self, row: EnterpriseCatalog) -> Mapping[str, tuple[str, str]]:
        return {name: act for name, act in self.acts.items() if name != "refresh" or row.query is not None}

    def values(self, row: EnterpriseCatalog) -> dict[str, Any]:
        query = row.query
        return {
            "title": row.title,
            "publishes_audit_urls": row.publishes_audit_urls,
            "query_title": query.title if query else "",
            "content_filter": json.dumps(query.content_filter, ensure_ascii=False) if query else "",
        }

    async def data_of(self, form: Form) -> dict[str, Any]:
        data = await super().data_of(form)
        if "content_filter" in data:
            data["content_filter"] = json.loads(data["content_filter"]) if data["content_filter"] else None
            data["query_title"] = data["query_title"] or None
        return data

    async def insert(self, session: AsyncSession, data: dict[str, Any]) -> Act | None:
        customer = await _customer(session, data.pop("customer"))
        return _act(await catalogs.create_catalog(session, customer, **data))

    async def update(self, session: AsyncSession, row: EnterpriseCatalog, data: dict[str, Any]) -> Act | None:
        if row.query is not None and data["content_filter"] is None:
            # The title of a query that is taken away still stands in the form.
            data["query_title"] = None
        return _act(await catalogs.update_catalog(session, row, **data))

    @expose("/items/{pk}", methods=["GET", "POST"])
    async def items(self, request: Request) -> Response:
        """The page of what is in a catalog, on which one adds to it."""
        catalog = await self.row_of(request)

        async def work(session: AsyncSession, data: dict[str, Any]) -> Act | None:
            change, _ = await catalogs.add_items(
                session, await self._locked(session, catalog), lines(data["keys"])
            )
            return _act(change)

        return await self.answer_form(
            request,
            KeysForm,
            f"Content of {catalog.title}",
            work,
            template="sqladmin/items.html",
            shown={"model": catalog, **await self._page(request, catalog.id)},
            done_url=self._items_url(request),
        )

    @expose("/remove/{pk}", methods=["POST"])
    async def remove(self, request: Request) -> Response:
        """The button that takes what is chosen out of a catalog."""
        catalog = await self.row_of(request)
        keys = [key for key in (await request.form()).getlist("keys") if isinstance(key, str)]

        async def work(session: AsyncSession) -> Act | None:
            change, _ = await catalogs.remove_items(session, await self._locked(session, catalog), keys)
            return _act(change)

        return await self.answer_act(request, work, self._items_url(request))

    @expose("/refresh/{pk}", methods=["POST"])
    async def refresh(self, request: Request) -> Response:
        """The button that fills a catalog anew from its query."""
        catalog = await self.row_of(request)

        async def work(session: AsyncSession) -> Act | None:
            change, _ = await catalogs.refresh_catalog(session, await self._locked(session, catalog))
            return _act(change)

        return await self.answer_act(request, work, self._items_url(request))

    @expose("/delete/{pk}", methods=["POST"])
    async def delete(self, request: Request) -> Response:
        """The button that deletes a catalog."""
        catalog = await self.row_of(request)

        async def work(session: AsyncSession) -> Act | None:
            return _act(await catalogs.delete_catalog(session, await self._locked(session, catalog)))

        return await self.answer_act(request, work)

    async def _locked(self, session: AsyncSession, catalog: EnterpriseCatalog) -> EnterpriseCatalog:
        found = await catalogs.find_catalog(session, catalog.id)
        if found is None:
            raise BadUserInput("this catalog is gone")
        return found

    def _items_url(self, request: Request) -> URL:
        return request.url_for(f"admin:view-{self.identity}-items", pk=request.path_params["pk"])

    async def _page(self, request: Request, catalog_id: int) -> dict[str, Any]:
        """The items of a page, how many there are in all, and which pages there are."""
        text = request.query_params.get("page", "")
        number = int(text) if text.isdecimal() and len(text) < 7 else 1
        title = func.coalesce(col(CourseRun.title), col(Course.title), col(Program.title))
        course_id = func.coalesce(col(CatalogItem.course_id), col(CourseRun.course_id))
        statement = (
            select(CatalogItem, title)
            .outerjoin(CourseRun, col(CatalogItem.run_id) == col(CourseRun.id))
            .outerjoin(Course, course_id == col(Course.id))
            .outerjoin(Program, col(CatalogItem.program_id) == col(Program.id))
            .where(col(CatalogItem.catalog_id) == catalog_id)
        )
        async with AsyncSession(self._admin_ref.database.reader) as session:
            count = await session.scalar(statement.with_only_columns(func.count())) or 0
            last = max(1, -(-count // self.page_size))
            number = min(max(number, 1), last)
            rows = await session.execute(
                statement.order_by(col(CatalogItem.added_at), col(CatalogItem.key))
                .limit(self.page_size)
                .offset((number - 1) * self.page_size)
            )
            items = [
                {
                    "key": item.key,
                    "title": title,
                    "added": f"{item.added_at:%Y-%m-%d %H:%M:%S}",
                    "kind": next(kind for name, kind in _KINDS.items() if getattr(item, name) is not None),
                }
                for item, title in rows
            ]
        return {"items": items, "count": count, "page": number, "last_page": last}


class LearnerView(_CustomerChooser, model=EnterpriseLearner):
    """Who belongs to which customer."""

    name, name_plural, icon = "enterprise learner", "Enterprise learners", "fa-solid fa-user-graduate"
    help = "Who belongs to which enterprise customer. Links that ended stay on record."
    can_create = True
    create_form = LearnerForm
    loads = ("user", "customer")
    column_list = ("user.username", "user.email", "customer.name", "linked", "created")
    column_details_list = ("id", *column_list)
    column_searchable_list = ("user.username", "user.email", "customer.name", "customer.slug")
    column_sortable_list = ("user.username", "customer.name", "created")
    column_default_sort = ("id", True)
    column_labels: ClassVar = {
        "id": "Id",
        "user.username": "User",
        "user.email": "E-mail address",
        "customer.name": "Customer",
        "customer.slug": "customer's slug",
        "linked": "Linked",
        "created": "Since (UTC)",
    }
    acts: ClassVar = {
        "unlink": ("Unlink", "The user's enrollments stay, and the customer is told of them no longer."),
        "link": ("Link", "The customer is told again of the enrollments that the user had through it."),
    }

    def acts_of(self, row: EnterpriseLearner) -> Mapping[str, tuple[str, str]]:
        name = "unlink" if row.linked else "link"
        return {name: self.acts[name]}

    async def insert(self, session: AsyncSession, data: dict[str, Any]) -> Act:
        user = await get_user(session, data["username"])
        change = await people.link_learner(session, await _customer(session, data["customer"]), user)
        if not change.made:
            raise BadUserInput(f"{user.username} is a learner of this customer already", field="username")
        return Act(change.action, change.subject, change.detail)

    @expose("/unlink/{pk}", methods=["POST"])
    async def unlink(self, request: Request) -> Response:
        """The button that ends a link."""
        row = await self.row_of(request)

        async def work(session: AsyncSession) -> Act | None:
            return _act(await people.unlink_learner(session, row.customer, row.user))

        return await self.answer_act(request, work)

    @expose("/link/{pk}", methods=["POST"])
    async def link(self, request: Request) -> Response:
        """The button that makes a link hold again."""
        row = await self.row_of(request)

        async def work(session: AsyncSession) -> Act | None:
            return _act(await people.link_learner(session, row.customer, row.user))

        return await self.answer_act(request, work)


class RoleView(_CustomerChooser, model=RoleAssignment):
    """Who may do what for which customer."""

    name, name_plural, icon = "enterprise role", "Enterprise roles", "fa-solid fa-user-shield"
    help = "Who reads the catalogs of an enterprise customer, and what its learners do."
    can_create = True
    everywhere = True
    create_form = RoleForm
    loads = ("user", "customer")
    column_list = ("user.username", "role", "customer.name")
    column_details_list = ("id", *column_list)
    column_searchable_list = ("user.username", "role", "customer.name", "customer.slug")
    column_sortable_list = ("user.username", "role")
    column_default_sort = ("id", True)
    column_labels: ClassVar = {
        "id": "Id",
        "user.username": "User",
        "role": "Role",
        "customer.name": "Customer",
        "customer.slug": "customer's slug",
    }
    column_formatters: ClassVar = {
        "role": lambda row, _: EnterpriseRole(row.role).value,
        "customer.name": lambda row, _: row.customer.name if row.customer else "all customers",
    }
    column_formatters_detail: ClassVar = column_formatters
    acts: ClassVar = {"revoke": ("Take away", "The user reads there no longer what the role opened.")}

    async def insert(self, session: AsyncSession, data: dict[str, Any]) -> Act:
        user, chosen = await get_user(session, data["username"], lock=True), data["customer"]
        customer = None if chosen == people.EVERYWHERE else await _customer(session, chosen)
        change = await people.assign_role(session, user, EnterpriseRole(data["role"]), customer)
        if not change.made:
            raise BadUserInput(f"{user.username} has this role there already", field="username")
        return Act(change.action, change.subject, change.detail)

    @expose("/revoke/{pk}", methods=["POST"])
    async def revoke(self, request: Request) -> Response:
        """The button that takes a role away."""
        row = await self.row_of(request)

        async def work(session: AsyncSession) -> Act | None:
            return _act(await people.revoke_role(session, row.user, EnterpriseRole(row.role), row.customer))

        return await self.answer_act(request, work)


ENTERPRISE_VIEWS: Sequence[type[View]] = (CustomerView, CatalogView, LearnerView, RoleView)
