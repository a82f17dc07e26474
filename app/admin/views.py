"""The pages of users, OAuth clients, access tokens, course staff and the audit log.

Every act is a function of `app.auth`, so its rules are the same on the command line.
"""

import datetime as dt
from typing import Any, ClassVar

from sqladmin import expose
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from wtforms import Form

from app.admin.forms import (
    ClientEditForm,
    ClientForm,
    CourseStaffForm,
    PasswordForm,
    TokenForm,
    UserEditForm,
    UserForm,
)
from app.admin.view import Act, View, changes_of
from app.auth import accounts, course_staff
from app.auth.oauth import admin as oauth
from app.auth.secrets import hash_password
from app.db.models import AccessToken, AuditEntry, CourseStaff, OAuthClient, User
from app.errors import BadUserInput
from app.vocabulary import ClientType


class UserView(View, model=User):
    """Accounts. None is ever deleted: one that is not needed is switched off."""

    name, name_plural, icon = "user", "Users", "fa-solid fa-user"
    help = "Accounts of people and programs. None is deleted: switch off what is not needed."
    can_create = can_edit = True
    create_form, edit_form = UserForm, UserEditForm
    column_list = ("username", "email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    column_details_list = ("id", *column_list, "date_joined")
    column_searchable_list = ("username", "email", "name")
    column_sortable_list = ("username", "email", "date_joined", "last_login")
    column_default_sort = ("id", True)
    column_labels: ClassVar = {
        "id": "Id",
        "username": "Username",
        "email": "E-mail address",
        "name": "Name",
        "is_active": "Active",
        "is_staff": "Staff",
        "is_superuser": "Superuser",
        "date_joined": "Joined (UTC)",
        "last_login": "Last log-in (UTC)",
    }
    links: ClassVar = {"password": "Set a password"}

    def values(self, row: User) -> dict[str, Any]:
        return {
            "email": row.email,
            "name": row.name,
            "staff": row.is_staff,
            "superuser": row.is_superuser,
            "active": row.is_active,
        }

    async def data_of(self, form: Form) -> dict[str, Any]:
        data = await super().data_of(form)
        if data.pop("repeated", None):
            data["password_hash"] = await hash_password(data["password"])
        data.pop("password", None)
        return data

    async def insert(self, session: AsyncSession, data: dict[str, Any]) -> Act:
        user, username = None, data["username"]
        if await accounts.find_user(session, username) is None:
            user = await accounts.create_user(session, **data)
        if user is None:
            raise BadUserInput(f"there is a user {username} already", field="username")
        return Act("user.create", username, accounts.described(user))

    async def update(self, session: AsyncSession, row: User, data: dict[str, Any]) -> Act | None:
        changed = await accounts.update_user(session, row.username, **data)
        return Act("user.update", row.username, changed) if changed else None

    @expose("/password/{pk}", methods=["GET", "POST"])
    async def password(self, request: Request) -> Response:
        """The page that sets a password."""
        user = await self.row_of(request)

        async def work(session: AsyncSession, data: dict[str, Any]) -> Act:
            await accounts.set_password_hash(session, user.username, data["password_hash"])
            return Act("user.set_password", user.username)

        return await self.answer_form(request, PasswordForm, f"Set a password for {user.username}", work)


class ClientView(View, model=OAuthClient):
    """OAuth clients."""

    name, name_plural, icon = "OAuth client", "OAuth clients", "fa-solid fa-plug"
    help = "Programs that ask for access tokens."
    can_create = can_edit = True
    create_form, edit_form = ClientForm, ClientEditForm
    loads = ("user",)
    column_list = ("name", "client_id", "type", "user.username", "is_active", "created")
    column_details_list = ("id", *column_list, "url", "redirect_uri", "logout_uri", "grants", "scopes")
    column_searchable_list = ("name", "client_id", "url")
    column_sortable_list = ("name", "client_id", "created")
    column_default_sort = ("id", True)
    column_labels: ClassVar = {
        "id": "Id",
        "name": "Name",
        "client_id": "Client id",
        "type": "Type",
        "user.username": "User",
        "is_active": "Active",
        "created": "Created (UTC)",
        "url": "URL",
        "redirect_uri": "Redirect URI",
        "logout_uri": "Logout URI",
        "grants": "Grants",
        "scopes": "Scopes",
    }
    column_formatters: ClassVar = {"type": lambda client, _: ClientType(client.type).value}
    column_formatters_detail: ClassVar = {
        **column_formatters,
        "grants": lambda client, _: ", ".join(client.grants),
        "scopes": lambda client, _: ", ".join(client.scopes) or "any",
    }
    acts: ClassVar = {
        "rotate": ("Make a new secret", "The old secret stops working at once; tokens stay valid.")
    }

    def values(self, row: OAuthClient) -> dict[str, Any]:
        return {
            "username": row.user.username if row.user else "",
            "name": row.name,
            "url": row.url,
            "redirect_uri": row.redirect_uri,
            "logout_uri": row.logout_uri,
            "active": row.is_active,
        }

    async def insert(self, session: AsyncSession, data: dict[str, Any]) -> Act:
        # What is left empty is not given.
        data["username"], data["client_id"] = data["username"] or None, data["client_id"] or None
        client, secret = await oauth.create_client(session, ClientType(data.pop("type")), **data)
        detail = {"type": client.type, "user": data["username"], "name": client.name}
        return Act(
            "client.create", client.client_id, detail, secret, f"The secret of client {client.client_id}"
        )

    async def update(self, session: AsyncSession, row: OAuthClient, data: dict[str, Any]) -> Act | None:
        changes = changes_of(self.values(row), data)
        if not changes:
            return None
        await oauth.update_client(session, row.client_id, **changes)
        return Act("client.update", row.client_id, changes)

    @expose("/rotate/{pk}", methods=["POST"])
    async def rotate(self, request: Request) -> Response:
        """The button that makes a new secret."""
        client = await self.row_of(request)

        async def work(session: AsyncSession) -> Act:
            secret = await oauth.rotate_secret(session, client.client_id)
            title = f"The new secret of client {client.client_id}"
            return Act("client.rotate", client.client_id, secret=secret, secret_title=title)

        return await self.answer_act(request, work)


ClientView.identity = "client"


def _state(token: AccessToken, _: str) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "valid" if token.expires > dt.datetime.now(dt.UTC) else "expired"


class TokenView(View, model=AccessToken):
    """Access tokens, of which only the hash is known."""

    name, name_plural, icon = "access token", "Access tokens", "fa-solid fa-key"
    help = "What programs open the API with. Only hashes are stored, so none can be shown again."
    can_create = True
    create_form = TokenForm
    loads = ("user", "client")
    column_list = ("id", "user.username", "client.client_id", "scope", "created", "expires", "state")
    column_details_list = (*column_list, "revoked_at")
    column_searchable_list = ("user.username", "client.client_id", "client.name")
    column_sortable_list = ("created", "expires")
    column_default_sort = ("id", True)
    column_labels: ClassVar = {
        "id": "Id",
        "user.username": "User",
        "client.client_id": "Client id",
        "client.name": "client",
        "scope": "Scope",
        "created": "Created (UTC)",
        "expires": "Expires (UTC)",
        "state": "State",
        "revoked_at": "Revoked (UTC)",
    }
    column_formatters: ClassVar = {"state": _state, "scope": lambda token, _: token.scope or "all rights"}
    column_formatters_detail: ClassVar = column_formatters
    acts: ClassVar = {"revoke": ("Revoke", "The token and its refresh token stop working at once.")}

    async def prepare(self, form: Form) -> None:
        async with AsyncSession(self._admin_ref.database.reader) as session:
            clients = [client for client, _ in await oauth.list_clients(session) if client.is_active]
        form["client_id"].choices = [
            (client.client_id, f"{client.name} ({client.client_id})" if client.name else client.client_id)
            for client in clients
        ]

    async def insert(self, session: AsyncSession, data: dict[str, Any]) -> Act:
        data["scope"] = " ".join(data["scope"])
        token, text = await oauth.create_token(session, **data)
        detail = {
            "user": data["username"],
            "client_id": data["client_id"],
            "scope": token.scope,
            "expires": f"{token.expires:%Y-%m-%dT%H:%M:%SZ}",
        }
        title = f"The access token of {data['username']}"
        return Act("token.create", str(token.id), detail, text, title)

    @expose("/revoke/{pk}", methods=["POST"])
    async def revoke(self, request: Request) -> Response:
        """The button that revokes a token."""
        token = await self.row_of(request)

        async def work(session: AsyncSession) -> Act:
            username = await oauth.revoke_token(session, token.id)
            return Act("token.revoke", str(token.id), {"user": username})

        return await self.answer_act(request, work)


class CourseStaffView(View, model=CourseStaff):
    """Who is staff of which course run."""

    name, name_plural, icon = "course staff", "Course staff", "fa-solid fa-chalkboard-user"
    help = "Who sees all enrollments of a course run without being staff of the platform."
    can_create = True
    create_form = CourseStaffForm
    loads = ("user", "run")
    column_list = ("user.username", "run.key")
    column_details_list = column_list
    column_searchable_list = column_list
    column_sortable_list = column_list
    column_default_sort = "user.username"
    column_labels: ClassVar = {"user.username": "User", "run.key": "Course run"}
    acts: ClassVar = {"remove": ("Remove", "The user sees the enrollments of this run no longer.")}

    async def insert(self, session: AsyncSession, data: dict[str, Any]) -> Act:
        username, run_key = data["username"], data["run_key"]
        if not await course_staff.add_course_staff(session, username, run_key):
            raise BadUserInput(f"{username} is staff of this run already", field="username")
        return Act("course_staff.add", username, {"run": run_key})

    @expose("/remove/{pk}", methods=["POST"])
    async def remove(self, request: Request) -> Response:
        """The button that makes a user no staff of a run."""
        row = await self.row_of(request)

        async def work(session: AsyncSession) -> Act | None:
            removed = await course_staff.remove_course_staff(session, row.user.username, row.run.key)
            return Act("course_staff.remove", row.user.username, {"run": row.run.key}) if removed else None

        return await self.answer_act(request, work)


class AuditView(View, model=AuditEntry):
    """The audit log, which nobody changes."""

    name, name_plural, icon = "audit entry", "Audit log", "fa-solid fa-clipboard-list"
    help = "Who administered what, here and on the command line."
    column_list = ("occurred_at", "actor", "action", "subject", "detail")
    column_details_list = ("id", *column_list)
    column_searchable_list = ("actor", "action", "subject")
    column_sortable_list = ("occurred_at", "actor", "action")
    column_default_sort = ("id", True)
    column_labels: ClassVar = {
        "id": "Id",
        "occurred_at": "When (UTC)",
        "actor": "Who",
        "action": "Did",
        "subject": "To",
        "detail": "With",
    }
