"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user a request acts for; a stranger has no user id.

    Staff means `is_staff` or `is_superuser` of an active account (Enrollment
    contract 3.4).
    """

    user_id: int | None
    username: str | None
    is_staff: bool


STRANGER = Viewer(user_id=None, username=None, is_staff=False)
