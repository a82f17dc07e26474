"""The root of every query: assembles what the areas offer."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from resolvers import analytics, catalog, enrollment, enterprise, learners, live, oauth, reading, webhooks
from resolvers.context import PageLimits
from resolvers.entity import Entity
from resolvers.people import USER, existing_username
from schema import plain, relay
from schema.analytics import Problem, Subsection, Video
from schema.catalog import Course, CourseRun, Organization, Person, Program, Subject
from schema.enrollment import Enrollment
from schema.enterprise import EnterpriseAccess, EnterpriseCatalog, EnterpriseCustomer
from schema.filters import (
    AccessTokenOrder,
    AccessTokenWhere,
    CatalogOrder,
    CatalogWhere,
    CourseOrder,
    CourseRunOrder,
    CourseRunWhere,
    CourseWhere,
    CustomerOrder,
    CustomerWhere,
    EnrollmentOrder,
    EnrollmentWhere,
    ModuleOrder,
    ModuleWhere,
    OAuthClientOrder,
    OAuthClientWhere,
    OrganizationOrder,
    OrganizationWhere,
    PersonOrder,
    PersonWhere,
    ProgramOrder,
    ProgramWhere,
    SubjectOrder,
    SubjectWhere,
    UserOrder,
    UserWhere,
    WebhookSubscriptionOrder,
    WebhookSubscriptionWhere,
)
from schema.lookups import course_runs_with, users_called
from schema.oauth import AccessToken, OAuthClient
from schema.people import User
from schema.relay import Connection, ContextInfo, Node, connection, field, look_up
from schema.search import ContentSearchConnection, search_content
from schema.selection import columns
from schema.webhooks import WebhookEventEntry, WebhookSubscription, catalogue

_ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        analytics.PROBLEM,
        analytics.SUBSECTION,
        analytics.VIDEO,
        catalog.COURSE,
        catalog.COURSE_RUN,
        catalog.ENTITLEMENT,
        catalog.ORGANIZATION,
        catalog.PERSON,
        catalog.PROGRAM,
        catalog.PROGRAM_TYPE,
        catalog.SEAT,
        catalog.SUBJECT,
        enrollment.ENROLLMENT,
        enterprise.CATALOG,
        enterprise.CUSTOMER,
        enterprise.ROLE,
        learners.ENTERPRISE_ENROLLMENT,
        learners.LEARNER,
        live.CHANGE,
        live.EVENT,
        oauth.ACCESS_TOKEN,
        oauth.OAUTH_CLIENT,
        webhooks.ATTEMPT,
        webhooks.SUBSCRIPTION,
        USER,
    )
}

_Id = Annotated[ID, strawberry.argument(description="The global id.")]
_Ids = Annotated[list[ID], strawberry.argument(description="The global ids, at most 100.")]


def _number_of_ids(arguments: Mapping[str, Any], limits: PageLimits) -> int:
    ids = arguments.get("ids")
    # One id may stand for a list of one.
    return len(ids) if isinstance(ids, Sequence) and not isinstance(ids, str) else 1


@strawberry.type(description="What operations cost, and what the viewer has left in this minute.")
class RateLimit:
    cost: int = field("What this operation costs: about how many objects it may return.")
    limit: int | None = field("What the viewer may spend in a minute; null is no limit.")
    remaining: int | None = field("What is left after this operation.")
    reset_at: dt.datetime | None = field("When the minute ends.")


@strawberry.type(description="Everything that can be asked for.")
class Query:
    @strawberry.field(
        description="The user that the request acts for; null for strangers.",
        metadata={"plain": plain.OwnAccount(USER)},
    )
    def viewer(self, info: ContextInfo) -> User | None:
        key = info.context.viewer.user_id
        found: User | None = None if key is None else reading.row(info.context, USER, key, columns(info))
        return found

    @strawberry.field(description="The object with a global id; null where there is none to see.")
    async def node(self, info: ContextInfo, id: _Id) -> Node | None:
        found: list[Node | None] = await relay.nodes(info, _ENTITIES, [id], "id")
        return found[0]

    @strawberry.field(
        description="The objects with global ids, in their order; null for each that is not to be seen.",
        metadata={"multiplier": _number_of_ids},
    )
    async def nodes(self, info: ContextInfo, ids: _Ids) -> list[Node | None]:
        found: list[Node | None] = await relay.nodes(info, _ENTITIES, ids, "ids")
        return found

    @strawberry.field(description="What this operation costs and what is left to spend.")
    def rate_limit(self, info: ContextInfo) -> RateLimit:
        budget = info.context.budget
        return RateLimit(
            cost=budget.cost, limit=budget.limit, remaining=budget.remaining, reset_at=budget.reset_at
        )

    @strawberry.field(
        description="What the viewer's roles open, of either a catalog or a customer. Of one that is not"
        " there: what roles for all customers open. Null for strangers."
    )
    async def enterprise_access(
        self,
        info: ContextInfo,
        catalog: Annotated[UUID | None, strawberry.argument(description="UUID of a catalog.")] = None,
        customer: Annotated[UUID | None, strawberry.argument(description="UUID of a customer.")] = None,
    ) -> EnterpriseAccess | None:
        found: Any = await enterprise.access(info.context, catalog, customer)
        return found  # type: ignore[no-any-return]

    @strawberry.field(
        description="How the name of an account is spelled, given in whatever case; null when there is none,"
        " and for strangers."
    )
    async def existing_username(
        self,
        info: ContextInfo,
        username: Annotated[str, strawberry.argument(description="The name.")],
    ) -> str | None:
        return await existing_username(info.context, username)

    @strawberry.field(
        description="Whether there is a subscription of a webhook, whosever it is; false for strangers."
    )
    async def webhook_subscription_exists(
        self, info: ContextInfo, uuid: Annotated[UUID, strawberry.argument(description="Its UUID.")]
    ) -> bool:
        return await webhooks.exists(info.context, uuid)

    organization: Organization | None = look_up(catalog.ORGANIZATION, "key", "The organization with a key.")
    course: Course | None = look_up(catalog.COURSE, "key", "The course with a key, `ORG+NUMBER`.")
    course_run: CourseRun | None = look_up(catalog.COURSE_RUN, "key", "The course run with a key.")
    subject: Subject | None = look_up(catalog.SUBJECT, "slug", "The subject with a slug.")
    person: Person | None = look_up(catalog.PERSON, "uuid", "The person with a UUID.", UUID)
    program: Program | None = look_up(catalog.PROGRAM, "uuid", "The program with a UUID.", UUID)
    user: User | None = look_up(USER, "username", "The user with a name.")
    enterprise_customer: EnterpriseCustomer | None = look_up(
        enterprise.CUSTOMER, "uuid", "The enterprise customer with a UUID.", UUID
    )
    enterprise_catalog: EnterpriseCatalog | None = look_up(
        enterprise.CATALOG, "uuid", "The enterprise catalog with a UUID.", UUID
    )

    webhook_subscription: WebhookSubscription | None = look_up(
        webhooks.SUBSCRIPTION, "uuid", "The subscription of a webhook with a UUID.", UUID
    )

    organizations: Connection[Organization] = connection(
        catalog.ORGANIZATION, OrganizationWhere, OrganizationOrder, "All organizations."
    )
    courses: Connection[Course] = connection(catalog.COURSE, CourseWhere, CourseOrder, "All courses.")
    course_runs: Connection[CourseRun] = connection(
        catalog.COURSE_RUN, CourseRunWhere, CourseRunOrder, "All course runs that the viewer may see."
    )
    programs: Connection[Program] = connection(
        catalog.PROGRAM, ProgramWhere, ProgramOrder, "All programs that the viewer may see."
    )
    subjects: Connection[Subject] = connection(catalog.SUBJECT, SubjectWhere, SubjectOrder, "All subjects.")
    people: Connection[Person] = connection(catalog.PERSON, PersonWhere, PersonOrder, "All people who teach.")
    users: Connection[User] = connection(USER, UserWhere, UserOrder, "All users that the viewer may see.")
    enrollments: Connection[Enrollment] = connection(
        enrollment.ENROLLMENT, EnrollmentWhere, EnrollmentOrder, "All enrollments that the viewer may see."
    )
    enterprise_customers: Connection[EnterpriseCustomer] = connection(
        enterprise.CUSTOMER, CustomerWhere, CustomerOrder, "All customers that the viewer may see."
    )
    enterprise_catalogs: Connection[EnterpriseCatalog] = connection(
        enterprise.CATALOG, CatalogWhere, CatalogOrder, "All enterprise catalogs that the viewer may see."
    )
    users_called: Connection[User] = users_called()
    course_runs_with: Connection[CourseRun] = course_runs_with()
    search_content: ContentSearchConnection | None = search_content()
    problems: Connection[Problem] = connection(
        analytics.PROBLEM, ModuleWhere, ModuleOrder, "All problems that the viewer may see."
    )
    subsections: Connection[Subsection] = connection(
        analytics.SUBSECTION, ModuleWhere, ModuleOrder, "All subsections that the viewer may see."
    )
    videos: Connection[Video] = connection(
        analytics.VIDEO, ModuleWhere, ModuleOrder, "All videos that the viewer may see."
    )
    access_tokens: Connection[AccessToken] = connection(
        oauth.ACCESS_TOKEN,
        AccessTokenWhere,
        AccessTokenOrder,
        "All access tokens that the viewer may see, valid or not.",
    )
    oauth_clients: Connection[OAuthClient] = connection(
        oauth.OAUTH_CLIENT, OAuthClientWhere, OAuthClientOrder, "All OAuth clients; for staff."
    )
    webhook_subscriptions: Connection[WebhookSubscription] = connection(
        webhooks.SUBSCRIPTION,
        WebhookSubscriptionWhere,
        WebhookSubscriptionOrder,
        "The viewer's subscriptions of webhooks; for superusers all.",
        by_number=True,
    )
    webhook_events: list[WebhookEventEntry] = strawberry.field(
        resolver=catalogue, description="The events that webhooks can tell of."
    )
