"""What the pages of every table have: lists, forms, buttons, and acts that are written down."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from markupsafe import Markup
from sqladmin import ModelView, Secret
from sqladmin.formatters import BASE_FORMATTERS
from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from wtforms import Form

from app.auth.audit import record
from app.errors import BadUserInput

if TYPE_CHECKING:
    from app.admin.site import AdminSite


@dataclass
class Act:
    """What was done, as the audit log has it, and what its doer is shown of it once."""

    action: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)
    secret: str | None = None
    secret_title: str = ""


Work = Callable[[AsyncSession], Awaitable[Act | None]]
"""Does something in a transaction; None when there was nothing to do."""


class View(ModelView):
    """The pages of a table. sqladmin only reads, on connections that cannot write."""

    can_delete = can_export = can_create = can_edit = False
    page_size = 50
    column_type_formatters: ClassVar[dict[type, Callable[[Any], Any]]] = {
        **BASE_FORMATTERS,
        dt.datetime: lambda value: Markup('<span class="text-nowrap">{}</span>').format(
            f"{value:%Y-%m-%d %H:%M:%S}"
        ),
        dict: lambda value: json.dumps(value, ensure_ascii=False) if value else "",
    }

    loads: ClassVar[Sequence[str]] = ()
    """The relations that columns are of."""
    links: ClassVar[Mapping[str, str]] = {}
    """Where the page of a row leads: the name of the method, and what the link says."""
    acts: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """What it has buttons for: the name of the method, what the button says, and what comes of it."""
    help: ClassVar[str] = ""
    """What the table is for."""

    _admin_ref: ClassVar["AdminSite"]

    # What a subclass has that can create or edit.
    create_form: ClassVar[type[Form]]
    edit_form: ClassVar[type[Form]]

    def acts_of(self, row: Any) -> Mapping[str, tuple[str, str]]:
        """Those of the acts that can be done to a row."""
        return self.acts

    async def prepare(self, form: Form) -> None:
        """Give a form the choices that come from the database."""

    async def insert(self, session: AsyncSession, data: dict[str, Any]) -> Act | None:
        """Make what a valid form says. Raises `BadUserInput` when that cannot be."""
        raise NotImplementedError

    async def update(self, session: AsyncSession, row: Any, data: dict[str, Any]) -> Act | None:
        """Change a row into what a valid form says. Raises `BadUserInput` when that cannot be."""
        raise NotImplementedError

    def values(self, row: Any) -> dict[str, Any]:
        """The values that the form of a row starts with."""
        raise NotImplementedError

    def version(self, row: Any) -> str:
        """What differs when the values of a row do."""
        return hashlib.sha256(json.dumps(self.values(row)).encode()).hexdigest()

    async def unchanged_row(self, session: AsyncSession, request: Request, version: str) -> Any:
        """The row that a path names, locked. Raises `BadUserInput` when it has another version."""
        statement = self.details_query(request).with_for_update(key_share=True)
        row = (await session.scalars(statement)).one()
        if self.version(row) != version:
            raise BadUserInput("Somebody changed this meanwhile: open the page again.")
        return row

    async def data_of(self, form: Form) -> dict[str, Any]:
        """What a valid form says; done here is what no transaction should wait for."""
        return dict(form.data)

    async def do(self, request: Request, work: Work) -> Act | None:
        """Do something in a transaction and write it down there."""
        async with self._admin_ref.database.session() as session:
            act = await work(session)
            if act is not None:
                record(session, request.state.user.username, act.action, act.subject, **act.detail)
        self._admin_ref.authenticator.forget()
        return act

    async def row_of(self, request: Request) -> Any:
        """The row that a path names. Raises `HTTPException` 404 when there is none."""
        row = await self.get_object_for_details(request)
        if row is None:
            raise HTTPException(404, "There is no such page.")
        return row

    async def answer_form(
        self,
        request: Request,
        kind: type[Form],
        title: str,
        work: Callable[[AsyncSession, dict[str, Any]], Awaitable[Act | None]],
        values: dict[str, Any] | None = None,
        *,
        template: str = "sqladmin/form.html",
        shown: Mapping[str, Any] | None = None,
        done_url: URL | None = None,
    ) -> Response:
        """Show a form, or do what it says once it is sent; `shown` is what the template shows besides."""
        # The menu shows by it where one is.
        request.path_params.setdefault("identity", self.identity)
        form = kind(await request.form() if request.method == "POST" else None, data=values)
        await self.prepare(form)
        status, problem = 200, None
        if request.method == "POST":
            status = 400
            if form.validate():
                try:
                    data = await self.data_of(form)
                    act = await self.do(request, lambda session: work(session, data))
                    return await self.answer_done(request, act, done_url)
                except BadUserInput as error:
                    problem = self._say(form, error)
                except IntegrityError:
                    problem = "Somebody else did the same just now. Look at the list."
        context = {"model_view": self, "form": form, "title": title, "problem": problem, **(shown or {})}
        return await self.templates.TemplateResponse(request, template, context, status)

    async def answer_act(self, request: Request, work: Work, done_url: URL | None = None) -> Response:
        """Do what a button says; what cannot be is an error page."""
        try:
            return await self.answer_done(request, await self.do(request, work), done_url)
        except BadUserInput as error:
            raise HTTPException(400, error.message) from error

    async def answer_done(self, request: Request, act: Act | None, url: URL | None = None) -> Response:
        """Show the secret that was made, once, or go to a page, which is the list unless given."""
        url = url or request.url_for("admin:list", identity=self.identity)
        if act is None or act.secret is None:
            return RedirectResponse(url, 303)
        Secret.reveal_once(
            request, act.secret, act.secret_title, "Copy it now: it is not stored and cannot be shown again."
        )
        context = {"title": act.secret_title, "secret_next_url": str(url)}
        return await self.templates.TemplateResponse(request, "sqladmin/shown_once.html", context)

    def _say(self, form: Form, error: BadUserInput) -> str | None:
        """Put what is wrong at its field; the message when it is of no field."""
        name = error.extensions.get("field")
        if name not in form:
            return error.message
        form[name].errors = [*form[name].errors, error.message]
        return None

    def list_query(self, request: Request) -> Select[Any]:
        """All rows, with the relations that columns are of."""
        return self._loading(select(self.model))

    def details_query(self, request: Request) -> Select[Any]:
        """The row that a path names."""
        return self._loading(self._stmt_by_identifier(request.path_params["pk"]))

    def search_query(self, stmt: Select[Any], term: str) -> Select[Any]:
        """Rows in which a searchable column contains the term."""
        conditions = []
        for path in self._search_fields:
            relation, _, column = path.rpartition(".")
            model = getattr(self.model, relation).property.mapper.class_ if relation else self.model
            found = getattr(model, column).icontains(term.replace("\x00", ""), autoescape=True)
            conditions.append(getattr(self.model, relation).has(found) if relation else found)
        return stmt.where(or_(*conditions))

    def _stmt_by_identifier(self, identifier: str) -> Select[Any]:
        # sqladmin raises ValueError for what is no id, and asks the database for one that is too great.
        ids = r"[0-9]{1,18}" + r";[0-9]{1,18}" * (len(self.pk_columns) - 1)
        if not re.fullmatch(ids, identifier):
            raise HTTPException(404, "There is no such page.")
        return super()._stmt_by_identifier(identifier)

    def _loading(self, statement: Select[Any]) -> Select[Any]:
        return statement.options(*(selectinload(getattr(self.model, name)) for name in self.loads))


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What a form says that is another than before."""
    return {name: value for name, value in after.items() if value != before[name]}
