"""`lyceum enterprise` and `lyceum catalog`: customers, their learners and roles, and their catalogs."""

import json
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.accounts import get_user
from app.cli.common import progress_bars, record_change, told, with_database, with_session
from app.db.engine import Database
from app.enterprise import people
from app.enterprise.catalogs import catalogs_with_query, find_catalog_by_uuid, refresh_catalog
from app.enterprise.change import Change
from app.enterprise.customers import create_customer, customer_by_slug
from app.enterprise.items import ItemsChange
from app.errors import BadUserInput
from app.vocabulary import ConsentPolicy, EnterpriseRole

app = typer.Typer(help="Administer enterprise customers, their learners and roles.", no_args_is_help=True)
customer_app = typer.Typer(help="Administer customers.", no_args_is_help=True)
learner_app = typer.Typer(help="Say whose learner a user is.", no_args_is_help=True)
role_app = typer.Typer(help="Say who may do what for a customer.", no_args_is_help=True)
catalog_app = typer.Typer(help="Fill enterprise catalogs.", no_args_is_help=True)
app.add_typer(customer_app, name="customer")
app.add_typer(learner_app, name="learner")
app.add_typer(role_app, name="role")

Username = Annotated[str, typer.Argument(help="Name of the user.")]
Slug = Annotated[str, typer.Argument(help="Slug of the customer.", metavar="CUSTOMER")]
Role = Annotated[EnterpriseRole, typer.Argument(help="The role.")]
Customer = Annotated[str | None, typer.Option(help="Slug of the customer.")]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="At all customers, of now and of later.")]


@customer_app.command("create")
def create(
    slug: Annotated[str, typer.Argument(help="Name in addresses, as acme.")],
    name: Annotated[str, typer.Argument(help="Name.")],
    uuid: Annotated[UUID | None, typer.Option(help="Its UUID elsewhere; made up unless given.")] = None,
    site_id: Annotated[int | None, typer.Option(help="Number of its site on the platform.")] = None,
    consent_policy: Annotated[
        ConsentPolicy, typer.Option(help="How consent to share data is asked for.")
    ] = ConsentPolicy.AT_ENROLLMENT,
    report_audit: Annotated[
        bool, typer.Option("--report-audit", help="Report audit enrollments to the customer.")
    ] = False,
) -> None:
    """Create a customer, and print its UUID."""

    async def work(session: AsyncSession) -> Change:
        change = await create_customer(
            session,
            name,
            slug,
            uuid=uuid,
            site_id=site_id,
            consent_policy=consent_policy,
            reports_audit_data=report_audit,
        )
        record_change(session, change)
        return change

    typer.echo(with_session(work).detail["uuid"])


@learner_app.command("link")
def link(slug: Slug, username: Username) -> None:
    """Make a user a learner of a customer."""
    made = _set_link(slug, username, linked=True)
    typer.echo(f"{username} {'is now' if made else 'was already'} a learner of {slug}.")


@learner_app.command("unlink")
def unlink(slug: Slug, username: Username) -> None:
    """Undo it; the user's enrollments stay."""
    made = _set_link(slug, username, linked=False)
    typer.echo(f"{username} {'is no longer' if made else 'was not'} a learner of {slug}.")


@role_app.command("assign")
def assign(username: Username, role: Role, customer: Customer = None, everywhere: Everywhere = False) -> None:
    """Give a user a role at a customer."""
    _check_place(customer, everywhere)
    made = _set_role(username, role, customer, assigned=True)
    typer.echo(f"{username} {'has now' if made else 'had already'} the role {role} at {_place(customer)}.")


@role_app.command("revoke")
def revoke(username: Username, role: Role, customer: Customer = None, everywhere: Everywhere = False) -> None:
    """Take a role away from a user."""
    _check_place(customer, everywhere)
    made = _set_role(username, role, customer, assigned=False)
    typer.echo(f"{username} {'has no longer' if made else 'had not'} the role {role} at {_place(customer)}.")


@role_app.command("list")
def list_roles() -> None:
    """List all roles as JSON."""

    async def work(session: AsyncSession) -> list[dict[str, str]]:
        return [
            {"user": username, "role": role, "customer": slug or people.EVERYWHERE}
            for username, role, slug in await people.list_roles(session)
        ]

    typer.echo(json.dumps(with_session(work), indent=2))


@catalog_app.command("refresh")
def refresh(
    catalog: Annotated[
        UUID | None, typer.Option(help="UUID of a catalog; all that have a query unless given.")
    ] = None,
) -> None:
    """Make catalogs hold what their queries find now, each in a transaction of its own."""

    async def refresh_one(database: Database, uuid: UUID) -> ItemsChange:
        async with database.session() as session:
            found = await find_catalog_by_uuid(session, uuid)
            if found is None:
                raise BadUserInput(f"there is no catalog {uuid}")
            change, items = await refresh_catalog(session, found)
            record_change(session, change)
            return items

    async def work(database: Database) -> dict[UUID, ItemsChange]:
        async with database.session() as session:
            uuids = [catalog] if catalog else list(await catalogs_with_query(session))
        advance = progress("Refreshing catalogs", len(uuids))
        refreshed = {}
        for uuid in uuids:
            refreshed[uuid] = await refresh_one(database, uuid)
            advance(1)
        return refreshed

    with progress_bars() as progress:
        refreshed = with_database(work)
    for uuid, items in refreshed.items():
        typer.echo(f"Catalog {uuid}: {told(items)}.")
    if not refreshed:
        typer.echo("No catalog has a query.")


def _set_link(slug: str, username: str, *, linked: bool) -> bool:
    async def work(session: AsyncSession) -> bool:
        customer, user = await customer_by_slug(session, slug), await get_user(session, username)
        change = await (people.link_learner if linked else people.unlink_learner)(session, customer, user)
        record_change(session, change)
        return change.made

    return with_session(work)


def _set_role(username: str, role: EnterpriseRole, slug: str | None, *, assigned: bool) -> bool:
    async def work(session: AsyncSession) -> bool:
        user = await get_user(session, username)
        customer = None if slug is None else await customer_by_slug(session, slug)
        change = await (people.assign_role if assigned else people.revoke_role)(session, user, role, customer)
        record_change(session, change)
        return change.made

    return with_session(work)


def _check_place(customer: str | None, everywhere: bool) -> None:
    if (customer is None) != everywhere:
        raise typer.BadParameter("name a --customer, or say --everywhere")


def _place(customer: str | None) -> str:
    return customer or "all customers"
