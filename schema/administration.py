"""Mutations of enterprise customers, their catalogs, learners and roles."""

from collections.abc import Collection
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID, UNSET

from app.errors import BadUserInput
from resolvers import administration, enterprise, people
from resolvers.administration import MOST_KEYS
from resolvers.context import Context
from schema.enterprise import EnterpriseCatalog, EnterpriseCustomer
from schema.enums import ConsentPolicy, ContentKind, EnterpriseRole
from schema.errors import NotFound, NotPermitted, ValidationError
from schema.inputs import values_of
from schema.people import User
from schema.relay import encode_id, field, key_of, to_one

_CUSTOMER = "Global id of the customer."
_CATALOG = "Global id of the catalog."
_PLACE = "Global id of the customer, or null, which is all of them and for superusers. It must be given."
_UUID = "Native id; made up unless given."
_OWN = "Name in addresses: small letters and digits, with single hyphens between them."


@strawberry.input(description="What a new enterprise customer shall be.")
class CreateEnterpriseCustomerInput:
    name: str = field("Name.")
    slug: str = field(_OWN)
    uuid: UUID | None = field(_UUID, default=UNSET)
    site_id: int | None = field("Number of its site on the platform, from 1.", default=UNSET)
    consent_policy: ConsentPolicy | None = field(
        "How consent to share data is asked for; at enrollment unless given.", default=UNSET
    )
    reports_audit_data: bool | None = field(
        "Whether audit enrollments are reported to the customer; false unless given.", default=UNSET
    )


@strawberry.input(
    description="How to change an enterprise customer. What is absent stays; null takes away the site."
)
class UpdateEnterpriseCustomerInput:
    id: ID = field(_CUSTOMER)
    name: str | None = field("Name.", default=UNSET)
    slug: str | None = field(_OWN, default=UNSET)
    site_id: int | None = field("Number of its site on the platform, from 1.", default=UNSET)
    consent_policy: ConsentPolicy | None = field("How consent to share data is asked for.", default=UNSET)
    reports_audit_data: bool | None = field(
        "Whether audit enrollments are reported to the customer.", default=UNSET
    )


@strawberry.input(
    description=(
        "What a stored query finds among published courses and course runs and active programs. All that is"
        " given must hold, and of a list one value; what is absent or null demands nothing."
    )
)
class ContentFilterInput:
    content_types: list[ContentKind] | None = field("Kinds of content.", default=UNSET)
    subjects: list[str] | None = field(
        "Slugs of subjects: of the course, of the run's course, of a course of the program.", default=UNSET
    )
    organizations: list[str] | None = field(
        "Keys of organizations that own the course or author the program.", default=UNSET
    )
    levels: list[str] | None = field(
        "Levels, such as `Introductory`, in any case, of the course, of the run's course, of a course of the"
        " program; `Beginner` is the same as `Introductory`.",
        default=UNSET,
    )
    languages: list[str] | None = field(
        "Codes of languages of the run, or of a run of the course or program; `en` is `en-us` as well.",
        default=UNSET,
    )
    keys: list[str] | None = field("Keys of courses and course runs, UUIDs of programs.", default=UNSET)


_QUERY_TITLE = "Title of the stored query; the catalog's unless given."


@strawberry.input(description="What a new enterprise catalog shall be.")
class CreateEnterpriseCatalogInput:
    customer_id: ID = field("Global id of the customer whose catalog it is.")
    title: str | None = field("Title; `All Content` unless given.", default=UNSET)
    uuid: UUID | None = field(_UUID, default=UNSET)
    publishes_audit_urls: bool | None = field(
        "Whether its enrollment addresses ask for audit mode; false unless given.", default=UNSET
    )
    query_title: str | None = field(_QUERY_TITLE, default=UNSET)
    content_filter: ContentFilterInput | None = field(
        "The stored query that fills it, at once and whenever it is refreshed. Without one it is a fixed"
        " list, empty at first.",
        default=UNSET,
    )


@strawberry.input(
    description=(
        "How to change an enterprise catalog. What is absent stays; null takes away the filter, and leaves a"
        " fixed list of what the catalog holds."
    )
)
class UpdateEnterpriseCatalogInput:
    id: ID = field(_CATALOG)
    title: str | None = field("Title.", default=UNSET)
    publishes_audit_urls: bool | None = field(
        "Whether its enrollment addresses ask for audit mode.", default=UNSET
    )
    query_title: str | None = field(_QUERY_TITLE, default=UNSET)
    content_filter: ContentFilterInput | None = field(
        "The stored query: the catalog holds at once what it finds, and nothing else.", default=UNSET
    )


@strawberry.input(description="Which enterprise catalog to delete.")
class DeleteEnterpriseCatalogInput:
    id: ID = field(_CATALOG)


@strawberry.input(description="What to add to a catalog that is a fixed list.")
class AddCatalogItemsInput:
    id: ID = field(_CATALOG)
    keys: list[str] = field(
        f"Keys of courses and course runs and UUIDs of programs, in order, {MOST_KEYS} at most."
    )


@strawberry.input(description="What to remove from a catalog that is a fixed list.")
class RemoveCatalogItemsInput:
    id: ID = field(_CATALOG)
    keys: list[str] = field(f"Keys of courses and course runs and UUIDs of programs, {MOST_KEYS} at most.")


@strawberry.input(description="Which enterprise catalog to refresh.")
class RefreshEnterpriseCatalogInput:
    id: ID = field(_CATALOG)


@strawberry.input(description="Whom to make a learner of which enterprise customer.")
class LinkEnterpriseLearnerInput:
    customer_id: ID = field(_CUSTOMER)
    username: str = field("Native name of the user.")


@strawberry.input(description="Whose link to which enterprise customer to end.")
class UnlinkEnterpriseLearnerInput:
    customer_id: ID = field(_CUSTOMER)
    username: str = field("Native name of the user.")


@strawberry.input(description="Which role to give to whom.")
class AssignEnterpriseRoleInput:
    username: str = field("Native name of the user.")
    role: EnterpriseRole = field("The role.")
    customer_id: ID | None = field(_PLACE, default=UNSET)


@strawberry.input(description="Which role to take away from whom.")
class RevokeEnterpriseRoleInput:
    username: str = field("Native name of the user.")
    role: EnterpriseRole = field("The role.")
    customer_id: ID | None = field(_PLACE, default=UNSET)


@strawberry.type(description="An enterprise customer is as the input wants it.")
class EnterpriseCustomerSaved:
    customer_key: strawberry.Private[int]
    customer: EnterpriseCustomer = to_one(enterprise.CUSTOMER, "customer_key", "The customer as it is now.")


@strawberry.type(description="An enterprise catalog is as the input wants it.")
class EnterpriseCatalogSaved:
    catalog_key: strawberry.Private[int]
    catalog: EnterpriseCatalog = to_one(enterprise.CATALOG, "catalog_key", "The catalog as it is now.")


@strawberry.type(description="An enterprise catalog is no longer there.")
class EnterpriseCatalogDeleted:
    customer_key: strawberry.Private[int]
    deleted_id: ID = field("Global id that the catalog had.")
    uuid: UUID = field("Native id that it had.")
    customer: EnterpriseCustomer = to_one(enterprise.CUSTOMER, "customer_key", "Whose catalog it was.")


@strawberry.type(description="An enterprise catalog holds what it shall.")
class CatalogItemsSaved:
    catalog_key: strawberry.Private[int]
    catalog: EnterpriseCatalog = to_one(enterprise.CATALOG, "catalog_key", "The catalog as it is now.")
    added: list[str] = field("Native keys of what was added, in order.")
    removed: list[str] = field("Native keys of what was removed.")
    unchanged: list[str] = field("Native keys of what was so already.")


@strawberry.type(description="The link between a user and an enterprise customer is as it shall be.")
class EnterpriseLearnerSaved:
    user_key: strawberry.Private[int]
    customer_key: strawberry.Private[int]
    user: User = to_one(people.USER, "user_key", "The user.")
    customer: EnterpriseCustomer = to_one(enterprise.CUSTOMER, "customer_key", "The customer.")
    changed: bool = field("Whether it was another before.")


@strawberry.type(description="A user has an enterprise role, or has it no longer.")
class EnterpriseRoleSaved:
    user_key: strawberry.Private[int]
    customer_key: strawberry.Private[int | None]
    user: User = to_one(people.USER, "user_key", "The user.")
    role: EnterpriseRole = field("The role.")
    customer: EnterpriseCustomer | None = to_one(
        enterprise.CUSTOMER, "customer_key", "The customer; null for all of them."
    )
    changed: bool = field("Whether it was otherwise before.")


CreateEnterpriseCustomerResult = Annotated[
    EnterpriseCustomerSaved | ValidationError | NotPermitted,
    strawberry.union("CreateEnterpriseCustomerResult", description="What comes of making a customer."),
]
UpdateEnterpriseCustomerResult = Annotated[
    EnterpriseCustomerSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("UpdateEnterpriseCustomerResult", description="What comes of changing a customer."),
]
CreateEnterpriseCatalogResult = Annotated[
    EnterpriseCatalogSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("CreateEnterpriseCatalogResult", description="What comes of making a catalog."),
]
UpdateEnterpriseCatalogResult = Annotated[
    EnterpriseCatalogSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("UpdateEnterpriseCatalogResult", description="What comes of changing a catalog."),
]
DeleteEnterpriseCatalogResult = Annotated[
    EnterpriseCatalogDeleted | ValidationError | NotFound | NotPermitted,
    strawberry.union("DeleteEnterpriseCatalogResult", description="What comes of deleting a catalog."),
]
AddCatalogItemsResult = Annotated[
    CatalogItemsSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("AddCatalogItemsResult", description="What comes of adding to a catalog."),
]
RemoveCatalogItemsResult = Annotated[
    CatalogItemsSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("RemoveCatalogItemsResult", description="What comes of removing from a catalog."),
]
RefreshEnterpriseCatalogResult = Annotated[
    CatalogItemsSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("RefreshEnterpriseCatalogResult", description="What comes of refreshing a catalog."),
]
LinkEnterpriseLearnerResult = Annotated[
    EnterpriseLearnerSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("LinkEnterpriseLearnerResult", description="What comes of linking a learner."),
]
UnlinkEnterpriseLearnerResult = Annotated[
    EnterpriseLearnerSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("UnlinkEnterpriseLearnerResult", description="What comes of unlinking a learner."),
]
AssignEnterpriseRoleResult = Annotated[
    EnterpriseRoleSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("AssignEnterpriseRoleResult", description="What comes of assigning a role."),
]
RevokeEnterpriseRoleResult = Annotated[
    EnterpriseRoleSaved | ValidationError | NotFound | NotPermitted,
    strawberry.union("RevokeEnterpriseRoleResult", description="What comes of taking a role away."),
]


async def create_customer(context: Context, input: CreateEnterpriseCustomerInput) -> EnterpriseCustomerSaved:
    """Make a customer."""
    given = _given(input)
    key = await administration.create_customer(context, given.pop("name"), given.pop("slug"), given)
    return EnterpriseCustomerSaved(customer_key=key)


async def update_customer(context: Context, input: UpdateEnterpriseCustomerInput) -> EnterpriseCustomerSaved:
    """Change a customer."""
    given = _given(input, but=["site_id"])
    key = key_of(given.pop("id"), enterprise.CUSTOMER)
    return EnterpriseCustomerSaved(customer_key=await administration.update_customer(context, key, given))


async def create_catalog(context: Context, input: CreateEnterpriseCatalogInput) -> EnterpriseCatalogSaved:
    """Make a catalog."""
    given = _given(input)
    customer = key_of(given.pop("customer_id"), enterprise.CUSTOMER, "customerId")
    return EnterpriseCatalogSaved(catalog_key=await administration.create_catalog(context, customer, given))


async def update_catalog(context: Context, input: UpdateEnterpriseCatalogInput) -> EnterpriseCatalogSaved:
    """Change a catalog."""
    given = _given(input, but=["content_filter"])
    key = key_of(given.pop("id"), enterprise.CATALOG)
    return EnterpriseCatalogSaved(catalog_key=await administration.update_catalog(context, key, given))


async def delete_catalog(context: Context, input: DeleteEnterpriseCatalogInput) -> EnterpriseCatalogDeleted:
    """Delete a catalog."""
    key = key_of(input.id, enterprise.CATALOG)
    catalog = await administration.delete_catalog(context, key)
    return EnterpriseCatalogDeleted(
        customer_key=catalog.customer_id,
        deleted_id=ID(encode_id(enterprise.CATALOG.name, key)),
        uuid=catalog.uuid,
    )


async def add_items(context: Context, input: AddCatalogItemsInput) -> CatalogItemsSaved:
    """Add content to a catalog."""
    key = key_of(input.id, enterprise.CATALOG)
    return _items(key, await administration.add_items(context, key, values_of(input)["keys"]))


async def remove_items(context: Context, input: RemoveCatalogItemsInput) -> CatalogItemsSaved:
    """Remove content from a catalog."""
    key = key_of(input.id, enterprise.CATALOG)
    return _items(key, await administration.remove_items(context, key, values_of(input)["keys"]))


async def refresh_catalog(context: Context, input: RefreshEnterpriseCatalogInput) -> CatalogItemsSaved:
    """Fill a catalog anew from its query."""
    key = key_of(input.id, enterprise.CATALOG)
    return _items(key, await administration.refresh_catalog(context, key))


async def link_learner(context: Context, input: LinkEnterpriseLearnerInput) -> EnterpriseLearnerSaved:
    """Make a user a learner of a customer."""
    return await _set_link(context, input, linked=True)


async def unlink_learner(context: Context, input: UnlinkEnterpriseLearnerInput) -> EnterpriseLearnerSaved:
    """End a learner's link to a customer."""
    return await _set_link(context, input, linked=False)


async def assign_role(context: Context, input: AssignEnterpriseRoleInput) -> EnterpriseRoleSaved:
    """Give a user a role."""
    return await _set_role(context, input, assigned=True)


async def revoke_role(context: Context, input: RevokeEnterpriseRoleInput) -> EnterpriseRoleSaved:
    """Take a role away from a user."""
    return await _set_role(context, input, assigned=False)


async def _set_link(context: Context, input: Any, *, linked: bool) -> EnterpriseLearnerSaved:
    given = values_of(input)
    customer = key_of(given["customer_id"], enterprise.CUSTOMER, "customerId")
    user, changed = await administration.set_link(context, customer, given["username"], linked=linked)
    return EnterpriseLearnerSaved(user_key=user, customer_key=customer, changed=changed)


async def _set_role(context: Context, input: Any, *, assigned: bool) -> EnterpriseRoleSaved:
    given = values_of(input)
    if "customer_id" not in given:
        raise BadUserInput("Name the customer, or give null for all of them", field="customerId")
    id_ = given["customer_id"]
    customer = None if id_ is None else key_of(id_, enterprise.CUSTOMER, "customerId")
    user, changed = await administration.set_role(
        context, given["username"], given["role"], customer, assigned=assigned
    )
    return EnterpriseRoleSaved(user_key=user, customer_key=customer, role=given["role"], changed=changed)


def _items(key: int, items: Any) -> CatalogItemsSaved:
    return CatalogItemsSaved(
        catalog_key=key, added=items.added, removed=items.removed, unchanged=items.unchanged
    )


def _given(input: Any, but: Collection[str] = ()) -> dict[str, Any]:
    """What is given; null counts as absent, but for some."""
    return {name: value for name, value in values_of(input).items() if value is not None or name in but}
