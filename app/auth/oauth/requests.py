"""OAuth requests as Authlib wants them, read and checked before it sees them."""

from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from sqlalchemy.orm import Session
from starlette.requests import Request

from app.auth.oauth.errors import MethodNotAllowed
from app.db.models import OAuthClient, User

_MAX_BODY = 65_536
_MAX_PARAMETERS = 100
_FORM = "application/x-www-form-urlencoded"


class OAuthRequest(OAuth2Request):
    """A request with the parameters of its form, those without a value left out.

    `session` reads; nothing may be written through it.
    """

    client: OAuthClient

    def __init__(self, form: dict[str, str], authorization: str, address: str, session: Session) -> None:
        # Authlib wants an https address; whether the request needs one was a setting's to say.
        super().__init__("POST", "https://localhost")
        self.payload = BasicOAuth2Payload(form)
        self.authorization = authorization
        self.address = address
        self.session = session
        self.user: User | None = None

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        form: dict[str, str] = self.payload.data
        return form

    def required(self, name: str) -> str:
        """A parameter. Raises `InvalidRequestError` when it is absent."""
        if name not in self.form:
            raise InvalidRequestError(f"{name} is missing")
        return self.form[name]


async def read_form(request: Request, *, https: bool) -> dict[str, str]:
    """The parameters of a form in UTF-8 (Enrollment contract 2.2).

    Raises the first error that applies: plain HTTP while `https` is wanted,
    method, content type, size, bytes that are no form, repeated parameters.
    """
    if request.method != "POST":
        raise MethodNotAllowed
    if https and request.url.scheme != "https":
        raise InvalidRequestError("HTTPS is needed")
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    if kind.strip() != _FORM or parameters.strip().replace('"', "") not in ("", "charset=utf-8"):
        raise InvalidRequestError(f"The content type must be {_FORM} in UTF-8")
    try:
        text = (await _body(request)).decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError as error:
        raise InvalidRequestError("The body is no form in UTF-8") from error
    if len(dict(pairs)) < len(pairs):
        raise InvalidRequestError("A parameter is repeated")
    return {name: value for name, value in pairs if value}


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise InvalidRequestError(f"The body is larger than {_MAX_BODY} bytes", status_code=413)
    return bytes(body)
