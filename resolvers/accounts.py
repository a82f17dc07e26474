"""Making and changing accounts: what whom is allowed."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.analytics.enrollment import changing_enrollments
from app.auth import accounts
from app.auth.audit import record
from app.auth.invitations.queue import invite
from app.auth.secrets import hash_password
from app.auth.viewer import Viewer
from app.db.models import User, now
from app.db.models.tables import table_of
from app.errors import BadUserInput, Forbidden, NotFound
from app.vocabulary import Scope
from resolvers.access import visible
from resolvers.context import Context
from resolvers.text import camel_case

Values = Mapping[str, Any]
"""By column, and `password`: what an account shall have."""

_PROFILE = ("gender", "year_of_birth", "education_level", "country", "region", "city", "language")
"""What may be taken away again: null means that it is not known, and elsewhere that it stays."""

_RIGHTS = ("is_staff", "is_superuser")
_ACCESS = ("password", "is_active", *_RIGHTS)
_SWITCHES = {name: name.removeprefix("is_") for name in ("is_active", *_RIGHTS)}
_LONGEST = {"password": 1024, "region": 255, "city": 255, "language": 255}
_FIRST_YEAR = 1880
_LONGEST_PAGE = 1000


def may_act_as(viewer: Viewer, user: User) -> bool:
    """Whether a viewer who is staff may have credentials of a user: not if those gave other rights."""
    return viewer.is_superuser or user.id == viewer.user_id or not (user.is_staff or user.is_superuser)


async def create(context: Context, username: str, values: Values, invitation_page: str | None = None) -> int:
    """Make an account; its id. With a page a mail is sent whose link leads there to set a password.

    Raises `BadUserInput` and `Forbidden`.
    """
    viewer, given = context.viewer, _checked(context.viewer, values)
    if not viewer.is_staff:
        raise Forbidden("Only staff may create users")
    for name in _RIGHTS:
        if given.get(name) and not viewer.is_superuser:
            raise Forbidden("Only superusers may give rights", field=camel_case(name))
    if invitation_page is not None:
        viewer.require_all_scopes()
        _check_page(invitation_page, given)
    if "password" in given:
        given["password_hash"] = await hash_password(given.pop("password"))
    columns = {"email": ""} | _named(given)
    async with context.write() as session:
        user = None
        if await accounts.find_user(session, username) is None:
            user = await accounts.create_user(session, username, **columns)
        if user is None:
            raise BadUserInput(f"There is a user {username} already", field="username")
        record(session, str(viewer.username), "user.create", username, **accounts.described(user))
        if invitation_page is not None:
            invite(session, user, invitation_page)
        return user.id


async def update(context: Context, id: int, values: Values) -> int:
    """Change what is given of an account; its id. Raises `BadUserInput`, `NotFound` and `Forbidden`."""
    viewer, given = context.viewer, _checked(context.viewer, values)
    password = given.pop("password", None)
    # Nobody shall make the server hash who may set no password at all.
    password_hash = await hash_password(password) if password and viewer.is_staff else None
    async with context.write() as session:
        user: User | None = await session.scalar(
            select(User)
            .where(col(User.id) == id, visible(viewer, User, table_of(User)))
            .with_for_update(key_share=True)
        )
        if user is None:
            raise NotFound("There is no such user", field="id")
        _check_rights(viewer, user, given if password is None else given | {"password": password})
        async with changing_enrollments(await session.connection(), [user.id]):
            changed = await accounts.update_user(session, user.username, **_named(given))
            await session.flush()
        if viewer.is_staff and changed:
            record(session, str(viewer.username), "user.update", user.username, **changed)
        # Last, as who becomes staff loses the password that he had.
        if password_hash is not None:
            await accounts.set_password_hash(session, user.username, password_hash)
            record(session, str(viewer.username), "user.set_password", user.username)
    if not given.keys().isdisjoint(_ACCESS) or password_hash is not None:
        context.forget_credentials()
    return id


def _check_page(page: str, given: Values) -> None:
    if len(page) > _LONGEST_PAGE or not re.fullmatch(r"https?://[^/?#\s@\\]+/[^?#\s\\]*", page):
        raise BadUserInput("Not an address of a page, without a query", field="invitationPage")
    if not given.get("email"):
        raise BadUserInput("An invitation needs an e-mail address", field="email")


def _named(given: Values) -> dict[str, Any]:
    """What is given, under the names that `app.auth.accounts` has for it."""
    return {_SWITCHES.get(name, name): value for name, value in given.items()}


def _check_rights(viewer: Viewer, user: User, given: Values) -> None:
    """Raise `Forbidden` unless the viewer may change this of the user: nobody gives what he does not have."""
    if viewer.is_superuser:
        return
    own = user.id == viewer.user_id
    if not own and not (viewer.is_staff and may_act_as(viewer, user)):
        raise Forbidden("You may not change this user", field="id")
    reserved: tuple[str, ...] = _ACCESS if own else _RIGHTS
    if not viewer.is_staff:
        reserved = ("email", *reserved)
    for name in reserved:
        if name in given and given[name] != getattr(user, name, None):
            raise Forbidden("You may not change this", field=camel_case(name))


def _checked(viewer: Viewer, values: Values) -> dict[str, Any]:
    """What is given. Raises `BadUserInput`, and `InsufficientScope` where the token is not for it."""
    given = {name: value for name, value in values.items() if value is not None or name in _PROFILE}
    if "email" in given:
        viewer.require(Scope.EMAIL)
    if not given.keys().isdisjoint(_ACCESS):
        viewer.require_all_scopes()
    for name, longest in _LONGEST.items():
        if len(given.get(name) or "") > longest:
            raise BadUserInput(f"At most {longest} characters", field=camel_case(name))
    if given.get("password") == "":
        raise BadUserInput("The password is empty", field="password")
    year, country = given.get("year_of_birth"), given.get("country")
    if year is not None and not _FIRST_YEAR <= year <= now().year:
        raise BadUserInput(f"Not a year from {_FIRST_YEAR} until now", field="yearOfBirth")
    if country is not None and not re.fullmatch("[A-Z]{2}", country):
        raise BadUserInput("Not a code of two capital letters, such as IN", field="country")
    return given
