"""Who asks."""

from dataclasses import dataclass

from app.errors import InsufficientScope, Unauthenticated
from app.vocabulary import Scope


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user a request acts for; a stranger has no user id.

    Staff means `is_staff` or `is_superuser` of an active account, course staff is
    staff of some runs only (Enrollment contract 3.4). Scopes are those of an
    access token; without any, it has all of its user's rights, as every other
    credential has. An analyst reads the numbers of every run for this request,
    whoever the user is (Data Analytics contract 2.2). A restricted viewer reads the
    numbers of the courses only that the user's API key is restricted to, staff or not.
    Who has a role for an enterprise customer, or is linked to one, reads its catalogs.
    """

    user_id: int | None
    username: str | None
    is_staff: bool
    is_course_staff: bool = False
    scopes: frozenset[str] = frozenset()
    is_superuser: bool = False
    is_analyst: bool = False
    is_restricted: bool = False
    reads_catalogs: bool = False

    def require_user(self) -> None:
        """Raise `Unauthenticated` for a stranger."""
        if self.user_id is None:
            raise Unauthenticated("Authentication credentials were not provided.")

    def require_all_scopes(self) -> None:
        """Raise `InsufficientScope` unless the credentials are for all, as those that make others must be."""
        for scope in Scope:
            self.require(scope)

    def require(self, scope: Scope) -> None:
        """Raise `InsufficientScope` when the credentials are not for this (Enrollment contract 2.8)."""
        if self.scopes and scope not in self.scopes:
            raise InsufficientScope(f"The token needs the scope {scope}", scope=scope)


STRANGER = Viewer(user_id=None, username=None, is_staff=False)
