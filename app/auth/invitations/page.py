"""The page where a new user sets a password."""

from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.auth.clock import Clock
from app.auth.credentials import Authenticator
from app.auth.invitations.queue import is_valid, set_password
from app.db.engine import Database
from app.web.pages import page

PATH = "/login/recover/reset"
SHORTEST, _LONGEST = 8, 1024

_USED = "This link has been used, or is too old."
_DONE = "Your password is set. You can log in now."
_MANY = 4


def routes(database: Database, authenticator: Authenticator, clock: Clock) -> list[BaseRoute]:
    """The page, with and without a slash at the end."""

    async def answer(request: Request) -> Response:
        if request.method != "POST":
            token = request.query_params.get("token", "")
            works = await is_valid(database, token, clock())
            return _form(token) if works else _page(f"<p>{_USED}</p>", 404)
        async with request.form(max_files=0, max_fields=_MANY) as form:
            token, password, again = (str(form.get(name, "")) for name in ("token", "password", "again"))
        if not SHORTEST <= len(password) <= _LONGEST:
            return _form(token, f"A password has {SHORTEST} to {_LONGEST:,} characters.")
        if password != again:
            return _form(token, "These are two different passwords.")
        if not await set_password(database, token, password, clock()):
            return _page(f"<p>{_USED}</p>", 404)
        authenticator.forget()
        return _page(f"<p>{_DONE}</p>")

    return [Route(path, answer, methods=["GET", "POST"]) for path in (PATH, f"{PATH}/")]


def _form(token: str, problem: str = "") -> Response:
    told = f"<p role=alert>{escape(problem)}</p>" if problem else ""
    fields = "".join(
        f"<p><label>{label}<br><input type=password name={name}"
        " required autocomplete=new-password></label></p>"
        for name, label in (("password", "New password"), ("again", "The same again"))
    )
    hidden = f'<input type=hidden name=token value="{escape(token)}">'
    return _page(
        f"{told}<form method=post action={PATH}>{hidden}{fields}<button>Set password</button></form>",
        400 if problem else 200,
    )


def _page(body: str, status: int = 200) -> Response:
    html = (
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
        '<meta name=viewport content="width=device-width">\n'
        f"<title>Set a password</title>\n<h1>Set a password</h1>\n{body}\n"
    )
    response = page(html, {"form-action": "'self'"})
    response.status_code = status
    return response
