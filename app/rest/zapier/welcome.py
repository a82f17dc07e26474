"""The mail that welcomes who was enrolled in a course (Zapier contract 8)."""

import logging
from urllib.parse import quote

from app.auth.invitations.mail import Mailer
from app.rest.zapier.objects import Object

_logger = logging.getLogger("lyceum.mail")


async def welcome(mailer: Mailer, enrollment: Object, page: str) -> None:
    """Send the mail, whose link leads to a page; that it could not be sent is told in the log."""
    user, course = enrollment["User"], enrollment["Course"]
    if user["Email"] is None:
        return
    # A title may hold what ends the line of a subject.
    title = " ".join(course["Title"].split())
    begins = f"It begins on {course['StartDate'].partition('T')[0]}.\n\n" if course["StartDate"] else ""
    text = f"You are enrolled in {title}, as {user['Username']}.\n\n{begins}{page}\n"
    try:
        await mailer.send(user["Email"], f"Welcome to {title}", text)
    except (OSError, ValueError) as error:
        # Words of the server may hold the address.
        _logger.warning("A mail could not be sent: %s", type(error).__name__)


def page_of(lms_url: str, run_key: str) -> str:
    """Where a course run is on the learning platform, as in Open edX."""
    return f"{lms_url}/courses/{quote(run_key, safe=':+')}/course/"
