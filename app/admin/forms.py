"""The forms of the administration pages: fields have the names of the parameters that take their values."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from sqladmin.fields import TimezoneAwareDateTimeField
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    Form,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from app.vocabulary import ClientType, Scope

NEEDED = InputRequired("This field is needed.")
_DEFAULT_DAYS = 90


def _printable(form: Form, field: Field) -> None:
    if field.data and not field.data.isprintable():
        raise ValidationError("There are characters in it that do not print.")


def text_field(
    label: str, help: str = "", *, needed: bool = False, kind: type[StringField] = StringField
) -> Any:
    """A field for one line of text, without blanks around it."""
    validators = [NEEDED, _printable] if needed else [_printable]
    return kind(label, validators, [lambda text: (text or "").strip()], help)


def _password(label: str, help: str = "", *, needed: bool = False) -> Any:
    validators = [NEEDED] if needed else []
    return PasswordField(label, validators, description=help, render_kw={"autocomplete": "new-password"})


class OrderedForm(Form):
    """A form whose fields stand in a chosen order; WTForms puts inherited ones first."""

    order: ClassVar[Sequence[str]] = ()

    def __iter__(self) -> Iterator[Field]:
        return iter([self[name] for name in self.order] or self._fields.values())


class _Passwords(OrderedForm):
    password = _password("Password")
    repeated = _password("Password again")

    def validate_repeated(self, field: Field) -> None:
        """Refuse a password that was not typed the same twice."""
        if field.data != self.password.data:
            raise ValidationError("The two passwords are not the same.")


class PasswordForm(_Passwords):
    """A new password, typed twice."""

    password = _password("Password", needed=True)

    order = ("password", "repeated")


class EditForm(OrderedForm):
    """A form that changes what is there."""

    # Rights that were taken meanwhile shall not come back with a form that is old.
    version = HiddenField()


class UserEditForm(EditForm):
    """What can be changed of a user."""

    email = text_field("E-mail address", kind=EmailField)
    name = text_field("Name", "The full name, for people.")
    staff = BooleanField(
        "Staff",
        description="Sees all users, enrollments and analytics. Who becomes staff or superuser later loses"
        " password, tokens and the clients that act for him.",
    )
    superuser = BooleanField("Superuser", description="Is staff, and may open these pages.")
    active = BooleanField(
        "Active",
        description="Switched off, a user cannot log in, keys open nothing, and all tokens are revoked.",
        default=True,
    )


class UserForm(_Passwords, UserEditForm):
    """A new user."""

    username = text_field(
        "Username", "At most 150 characters without spaces; it stays as it is.", needed=True
    )
    password = _password("Password", "A service user, whom only a program acts for, needs none.")

    version = None
    order = ("username", "email", "name", "password", "repeated", "staff", "superuser", "active")


class ClientEditForm(EditForm):
    """What can be changed of a client."""

    name = text_field("Name", "For people.")
    username = text_field(
        "User", "The username of its owner; of a confidential client the service user that it acts for."
    )
    url = text_field("URL", "Address of the program.")
    redirect_uri = text_field("Redirect URI", "Where it takes answers.")
    logout_uri = text_field("Logout URI", "Where it ends its own sessions.")
    active = BooleanField(
        "Active",
        description="Switched off, it gets no tokens; those it has stay valid until they end or are revoked.",
        default=True,
    )


class ClientForm(ClientEditForm):
    """A new client."""

    type = SelectField(
        "Type",
        choices=[
            (ClientType.CONFIDENTIAL.value, "Confidential: runs on a server and keeps its secret"),
            (ClientType.PUBLIC.value, "Public: runs in a browser or on a phone"),
        ],
    )
    client_id = text_field(
        "Client id", "Is made up when left empty. The secret always is, and is shown once."
    )

    active = version = None
    order = ("name", "type", "username", "url", "redirect_uri", "logout_uri", "client_id")


class TokenForm(Form):
    """A new access token; what it is nobody chooses."""

    username = text_field("User", "The username of whom it stands for.", needed=True)
    client_id = SelectField("Client", [NEEDED])
    expires = TimezoneAwareDateTimeField(
        "Expires",
        [NEEDED],
        ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"],
        description="Date and time in UTC, as 2030-01-31 12:00:00.",
        default=lambda: dt.datetime.now(dt.UTC) + dt.timedelta(days=_DEFAULT_DAYS),
    )
    scope = SelectMultipleField(
        "Scope",
        choices=[(scope.value, scope.value) for scope in Scope],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="With none of them the token has all rights of its user.",
    )


class CourseStaffForm(Form):
    """A user to be staff of a run."""

    username = text_field("User", "A username.", needed=True)
    run_key = text_field("Course run", "Its key, as course-v1:edX+DemoX+Demo_Course.", needed=True)
