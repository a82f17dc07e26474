"""The pages themselves: who may open them, logging in and out, forms."""

from collections.abc import Sequence
from pathlib import Path
from types import new_class
from typing import Any, cast
from urllib.parse import urlencode

from sqladmin import Admin
from sqladmin.authentication import AuthenticationBackend, login_required
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.admin.enterprise_views import ENTERPRISE_VIEWS
from app.admin.guard import CSRF_FIELD, Guard
from app.admin.view import Act, View
from app.admin.views import AuditView, ClientView, CourseStaffView, TokenView, UserView
from app.auth.credentials import Authenticator
from app.auth.sessions import SESSION_COOKIE, Sessions, csrf_token, delete_cookies
from app.db.engine import Database
from app.errors import RateLimited, Unavailable

_PATH = "/admin"
_KEPT = {"statics", "index", "list", "details", "create", "edit", "login"}
"""The routes of sqladmin that are wanted. Its downloads read files that a column names."""

_VIEWS: Sequence[type[View]] = (
    UserView,
    ClientView,
    TokenView,
    CourseStaffView,
    *ENTERPRISE_VIEWS,
    AuditView,
)

# Enrollment contract 3.5.
_SEED_PATHS: dict[str, type[View]] = {
    "/auth/user": UserView,
    "/oauth2/client": ClientView,
    "/oauth2/accesstoken": TokenView,
}


def admin_routes(database: Database, authenticator: Authenticator, sessions: Sessions) -> Sequence[BaseRoute]:
    """The routes of the administration pages."""
    holder = Starlette()
    AdminSite(holder, database, authenticator, sessions)
    return [Route(_PATH, _redirect(f"{_PATH}/")), *holder.routes]


class AdminSite(Admin):
    """sqladmin, with Lyceum's sessions and forms instead of its own."""

    def __init__(
        self, app: Starlette, database: Database, authenticator: Authenticator, sessions: Sessions
    ) -> None:
        self.database = database
        self.authenticator = authenticator
        self.sessions = sessions
        super().__init__(
            app,
            # It only reads, which these connections see to.
            engine=database.reader,
            base_url=_PATH,
            title="Lyceum",
            favicon_url="data:,",
            templates_dir=str(Path(__file__).parent / "templates"),
            middlewares=[Middleware(Guard, self.error_page)],
            authentication_backend=_Superusers(authenticator),
        )
        self.templates.env.globals["csrf_field"] = CSRF_FIELD
        self.templates.env.globals["csrf_token"] = _csrf_token
        # sqladmin itself reads without `Database.connect`, which would say `Unavailable`.
        busy = dict.fromkeys((Unavailable, PoolTimeout), self.busy_page)
        self.admin.exception_handlers = {HTTPException: self.error_page, **busy}
        routes = self.admin.router.routes
        routes[:] = [route for route in routes if getattr(route, "name", None) in _KEPT]
        routes.append(Route("/logout", self.logout, methods=["POST"], name="logout"))
        for view in _VIEWS:
            # sqladmin keeps the database in the class, so each site has classes of its own.
            self.add_view(new_class(view.__name__, (view,)))
        for path, view in _SEED_PATHS.items():
            for tail, name in (("", "list"), ("/add", "create")):
                for slash in ("", "/"):
                    routes.append(Route(path + tail + slash, _redirect(f"{_PATH}/{view.identity}/{name}")))

    @login_required
    async def create(self, request: Request) -> Response:
        """The page of a new row."""
        await self._create(request)
        view = self._view(request)
        return await view.answer_form(request, view.create_form, f"New {view.name}", view.insert)

    @login_required
    async def edit(self, request: Request) -> Response:
        """The page that changes a row."""
        await self._edit(request)
        view = self._view(request)
        row = await view.row_of(request)

        async def work(session: AsyncSession, data: dict[str, Any]) -> Act | None:
            unchanged = await view.unchanged_row(session, request, data.pop("version"))
            return await view.update(session, unchanged, data)

        values = view.values(row) | {"version": view.version(row)}
        return await view.answer_form(request, view.edit_form, f"Edit {view.name}", work, values)

    async def login(self, request: Request) -> Response:
        """The page to log in at, which then leads where one wanted to go."""
        wanted = request.query_params.get("next", "")
        status, problem, headers = 200, None, {}
        if request.method == "POST":
            form = await request.form()
            username, password = (str(form.get(name, "")) for name in ("username", "password"))
            address = request.client.host if request.client else ""
            try:
                old = request.cookies.get(SESSION_COOKIE, "")
                cookie = await self.sessions.log_in(username, password, address, old)
            except RateLimited as error:
                status, problem = 429, error.message
                headers["Retry-After"] = str(error.extensions["retryAfter"])
            else:
                if cookie is not None:
                    # Nothing that starts with a path of ours leads to another site.
                    inside = wanted.startswith(f"{_PATH}/")
                    response = RedirectResponse(wanted if inside else f"{_PATH}/", 303)
                    self.sessions.set_cookies(request, response, cookie)
                    return response
                status, problem = 400, "Username and password do not fit."
        page = await self.templates.TemplateResponse(
            request, "sqladmin/login.html", {"problem": problem}, status
        )
        page.headers.update(headers)
        return page

    async def logout(self, request: Request) -> Response:
        """The button that logs out."""
        await self.sessions.log_out(request.cookies.get(SESSION_COOKIE, ""))
        response = RedirectResponse(f"{_PATH}/login", 303)
        delete_cookies(response)
        return response

    async def error_page(self, request: Request, error: Exception) -> Response:
        """The page of an error."""
        error = cast(HTTPException, error)
        context = {"status_code": error.status_code, "message": error.detail}
        response = await self.templates.TemplateResponse(
            request, "sqladmin/error.html", context, error.status_code
        )
        response.headers.update(error.headers or {})
        return response

    async def busy_page(self, request: Request, error: Exception) -> Response:
        """The page of a database that others keep busy."""
        return await self.error_page(
            request, HTTPException(503, "The server is busy: nothing was done. Try again in a moment.")
        )

    def _view(self, request: Request) -> View:
        return cast(View, self._find_model_view(request.path_params["identity"]))


class _Superusers(AuthenticationBackend):
    """Lets superusers in who are logged in."""

    def __init__(self, authenticator: Authenticator) -> None:
        # Without the sessions that sqladmin would keep in cookies.
        self.middlewares = []
        self._authenticator = authenticator

    async def authenticate(self, request: Request) -> Response | bool:
        """Let a superuser in, send a stranger to log in. Raises `HTTPException` 403 for others."""
        user = await self._authenticator.user_of_session(request)
        if user is None:
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            query = "?" + urlencode({"next": wanted}) if request.method == "GET" else ""
            return RedirectResponse(f"{_PATH}/login{query}", 303)
        request.state.user = user
        if not user.is_superuser:
            raise HTTPException(
                403, f"{user.username} is no superuser. Only superusers may open these pages."
            )
        return True


def _csrf_token(request: Request) -> str:
    cookie = request.cookies.get(SESSION_COOKIE)
    return csrf_token(cookie) if cookie else ""


def _redirect(path: str) -> Any:
    async def redirect(request: Request) -> Response:
        return RedirectResponse(path, 302)

    return redirect
