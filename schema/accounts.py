"""Mutations of users."""

from typing import Annotated

import strawberry
from strawberry import ID, UNSET

from resolvers import accounts, people
from resolvers.context import Context
from schema.enums import EducationLevel, Gender
from schema.errors import NotFound, NotPermitted, ValidationError
from schema.inputs import values_of
from schema.people import User
from schema.relay import field, key_of, to_one


@strawberry.input
class _Account:
    email: str | None = field("E-mail address; empty for none.", default=UNSET)
    name: str | None = field("Full name.", default=UNSET)
    password: str | None = field("Password; it is kept as a hash.", default=UNSET)
    is_staff: bool | None = field("Whether the account may see everything. For superusers.", default=UNSET)
    is_superuser: bool | None = field(
        "Whether the account may administer everything. For superusers.", default=UNSET
    )
    is_active: bool | None = field("Whether the account is switched on.", default=UNSET)
    gender: Gender | None = field("Gender.", default=UNSET)
    year_of_birth: int | None = field("Year of birth.", default=UNSET)
    education_level: EducationLevel | None = field("Highest education.", default=UNSET)
    country: str | None = field("ISO 3166 alpha-2 code of the country.", default=UNSET)
    region: str | None = field("Region inside the country.", default=UNSET)
    city: str | None = field("City.", default=UNSET)
    language: str | None = field("Preferred language.", default=UNSET)


@strawberry.input(description="What a new account shall have.")
class CreateUserInput(_Account):
    username: str = field("Native name; it cannot be changed.")
    invitation_page: str | None = field(
        "Send the user a mail with a link that works once to set a password: where it leads, without a query."
        " Of a Lyceum server that is `/login/recover/reset`.",
        default=UNSET,
    )


@strawberry.input(
    description="How to change an account. What is absent stays; null takes away what profiles can lack."
)
class UpdateUserInput(_Account):
    id: ID = field("Global id of the user.")


@strawberry.type(description="An account is as the input wants it.")
class UserSaved:
    user_id: strawberry.Private[int]
    user: User = to_one(people.USER, "user_id", "The user as he is now.")


CreateUserResult = Annotated[
    UserSaved | ValidationError | NotPermitted,
    strawberry.union("CreateUserResult", description="What comes of making an account."),
]
UpdateUserResult = Annotated[
    UserSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("UpdateUserResult", description="What comes of changing an account."),
]


async def create_user(context: Context, input: CreateUserInput) -> UserSaved:
    """Make an account."""
    given = values_of(input)
    username, page = given.pop("username"), given.pop("invitation_page", None)
    return UserSaved(user_id=await accounts.create(context, username, given, page))


async def update_user(context: Context, input: UpdateUserInput) -> UserSaved:
    """Change an account."""
    given = values_of(input)
    key = key_of(given.pop("id"), people.USER)
    return UserSaved(user_id=await accounts.update(context, key, given))
