"""Subscriptions of webhooks, their history, and what can be done with them."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID, UNSET
from strawberry.scalars import JSON

from app.webhooks.catalogue import CATALOGUE
from resolvers import people, webhooks
from resolvers.context import Context
from schema.enums import AttemptStatus, SignatureKind, WebhookEvent
from schema.errors import NotFound, NotPermitted, ValidationError
from schema.filters import DeliveryAttemptOrder, DeliveryAttemptWhere
from schema.inputs import values_of
from schema.people import User
from schema.relay import Connection, ContextInfo, Node, connection, field, key_of, to_one

_DEFAULT_OVERLAP = 24
_DOCUMENT = (
    "A GraphQL document that shapes what is sent: one subscription to `events`, without arguments and"
    " variables, such as `subscription { events { id user { username } } }`. What it asks of the event is"
    " sent, as a JSON object, with what the owner may read when it is first sent."
)


@strawberry.type(description="One try to tell a target of an event, with what was sent and what came back.")
class DeliveryAttempt(Node):
    subscription: Annotated["WebhookSubscription", strawberry.lazy("schema.webhooks")] = to_one(
        webhooks.SUBSCRIPTION, "subscription_id", "Whose target it is."
    )
    webhook_id: str = field("What receivers know it by, the same in every try.")
    try_number: int = field("Which try it is, from 1.")
    status: AttemptStatus = field("What became of it.")
    message: str | None = field("What the target answered, or why it did not; null while pending.")
    created: dt.datetime = field("When it was made.")
    due_at: dt.datetime | None = field("When it is made; null while it waits for an event before it.")
    resolved_at: dt.datetime | None = field("When it was over; null while pending.")
    body: str = field(
        "What is sent, in JSON: the event as it was, or what the document made of it; empty until the"
        " document has been run."
    )
    sent_at: dt.datetime | None = field("When it was sent; null when nothing was.")
    request_url: str | None = field("Where it was sent to.")
    request_headers: JSON | None = field("What was sent before the body, by name.")
    responded_at: dt.datetime | None = field("When the response was there; null when there was none.")
    elapsed: float | None = field("Seconds from request to response.")
    response_status: int | None = field("Status code of the response.")
    response_reason: str | None = field("Reason phrase of the response.")
    response_headers: JSON | None = field("Headers of the response by name.")
    response_content: str | None = field("The decoded body of the response, cut off at 64 KiB.")


@strawberry.type(description="A target that is told of one type of events.")
class WebhookSubscription(Node):
    uuid: UUID = field("Native id.")
    owner: User | None = to_one(
        people.USER, "owner_id", "Who subscribed; the target is told what an administrator may see."
    )
    event_type: WebhookEvent = field("Of which events it is told.")
    target: str = field("Where to.")
    document: str | None = field("The GraphQL document that shapes what is sent; null where none does.")
    is_active: bool = field("Whether it is told of events.")
    status: str = field("`Active`, or why it is not.")
    is_ordered: bool = field("Whether it is told of one user or course run in turn.")
    requests_per_second: float | None = field("How many requests it gets at most; null is no limit.")

    @strawberry.field(
        description="Why the document cannot be run any more, as after an upgrade that removed a field; null"
        " while it can. Until it is changed, deliveries fail and are tried again.",
        metadata={"needs": ("document",)},
    )
    def document_problem(root: Any, info: ContextInfo) -> str | None:  # noqa: N805
        return None if root.document is None else info.context.payloads.problem(root.document)

    signature: SignatureKind = field("How deliveries are signed.")
    previous_until: dt.datetime | None = field("Until when the key before this one signs too.")
    created: dt.datetime = field("When it was made.")
    attempts: Connection[DeliveryAttempt] = connection(
        webhooks.ATTEMPTS,
        DeliveryAttemptWhere,
        DeliveryAttemptOrder,
        "The newest attempts to deliver, and all that are pending.",
        by_number=True,
    )


@strawberry.type(description="An event that webhooks can tell of.")
class WebhookEventEntry:
    type: WebhookEvent = field("Its name.")
    description: str = field("When it happens.")
    schema: JSON = field("JSON Schema of the body that is sent.")


def catalogue() -> list[WebhookEventEntry]:
    """The events there are."""
    return [
        WebhookEventEntry(type=it.type, description=it.description, schema=JSON(it.schema))
        for it in CATALOGUE.values()
    ]


@strawberry.input(description="Which target to tell of what.")
class WebhookSubscribeInput:
    event_type: WebhookEvent = field("Of which events it is told.")
    target: str = field("An HTTPS URL, without a user in it.")
    signature: SignatureKind | None = field("How deliveries are signed; HMAC unless given.", default=UNSET)
    requests_per_second: float | None = field(
        "How many requests it gets at most; no limit unless given.", default=UNSET
    )
    is_ordered: bool | None = field(
        "Whether it is told of one user or course run in turn: the next event waits until the one before has"
        " arrived or was tried for the last time.",
        default=UNSET,
    )
    document: str | None = field(_DOCUMENT + " Without it, `webhookEvents` says what is.", default=UNSET)


@strawberry.input(description="How to change a subscription. What is absent stays.")
class WebhookUpdateInput:
    id: ID = field("Global id of the subscription.")
    target: str | None = field("An HTTPS URL, without a user in it.", default=UNSET)
    is_active: bool | None = field("Whether it is told of events.", default=UNSET)
    is_ordered: bool | None = field("Whether it is told of one user or course run in turn.", default=UNSET)
    requests_per_second: float | None = field(
        "How many requests it gets at most; null is no limit.", default=UNSET
    )
    document: str | None = field(_DOCUMENT + " With null, `webhookEvents` says what is.", default=UNSET)


@strawberry.input(description="Which subscription to remove.")
class WebhookUnsubscribeInput:
    id: ID = field("Global id of the subscription.")


@strawberry.input(description="Which subscription to give another key.")
class WebhookRotateSecretInput:
    id: ID = field("Global id of the subscription.")
    overlap_hours: int | None = field(
        f"For how many hours the old key signs too, {_DEFAULT_OVERLAP} unless given.", default=UNSET
    )
    signature: SignatureKind | None = field("How to sign from now on; as before unless given.", default=UNSET)


@strawberry.input(description="Which subscription to try.")
class WebhookTestInput:
    id: ID = field("Global id of the subscription.")


@strawberry.input(description="Which attempt to make again.")
class WebhookReplayInput:
    id: ID = field("Global id of the attempt, which must be over.")


@strawberry.type(description="A subscription has a new key.")
class WebhookKeyIssued:
    subscription_key: strawberry.Private[int]
    subscription: WebhookSubscription = to_one(webhooks.SUBSCRIPTION, "subscription_key", "The subscription.")
    secret: str = field(
        "What the receiver verifies with, as Standard Webhooks writes it: the shared secret, or of Ed25519"
        " the public key. Shown now and never again."
    )


@strawberry.type(description="A subscription is as the input wants it.")
class WebhookSaved:
    subscription_key: strawberry.Private[int]
    subscription: WebhookSubscription = to_one(webhooks.SUBSCRIPTION, "subscription_key", "The subscription.")


@strawberry.type(description="A subscription is no more.")
class WebhookRemoved:
    removed_id: ID = field("Its global id.")


@strawberry.type(description="A delivery is on its way.")
class WebhookStarted:
    attempt_key: strawberry.Private[int]
    attempt: DeliveryAttempt = to_one(webhooks.ATTEMPT, "attempt_key", "The attempt to deliver.")


WebhookSubscribeResult = Annotated[
    WebhookKeyIssued | ValidationError | NotPermitted,
    strawberry.union("WebhookSubscribeResult", description="What comes of subscribing."),
]
WebhookUpdateResult = Annotated[
    WebhookSaved | ValidationError | NotFound,
    strawberry.union("WebhookUpdateResult", description="What comes of changing a subscription."),
]
WebhookUnsubscribeResult = Annotated[
    WebhookRemoved | ValidationError | NotFound,
    strawberry.union("WebhookUnsubscribeResult", description="What comes of removing a subscription."),
]
WebhookRotateSecretResult = Annotated[
    WebhookKeyIssued | ValidationError | NotFound,
    strawberry.union("WebhookRotateSecretResult", description="What comes of giving another key."),
]
WebhookTestResult = Annotated[
    WebhookStarted | ValidationError | NotFound,
    strawberry.union("WebhookTestResult", description="What comes of trying a subscription."),
]
WebhookReplayResult = Annotated[
    WebhookStarted | ValidationError | NotFound,
    strawberry.union("WebhookReplayResult", description="What comes of making an attempt again."),
]


async def subscribe(context: Context, input: WebhookSubscribeInput) -> WebhookKeyIssued:
    """Subscribe."""
    given = {name: value for name, value in values_of(input).items() if value is not None}
    event, target = given.pop("event_type"), given.pop("target")
    key, secret = await webhooks.subscribe(context, event, target, given)
    return WebhookKeyIssued(subscription_key=key, secret=secret)


async def update(context: Context, input: WebhookUpdateInput) -> WebhookSaved:
    """Change a subscription."""
    given = values_of(input)
    key = key_of(given.pop("id"), webhooks.SUBSCRIPTION)
    return WebhookSaved(subscription_key=await webhooks.update(context, key, given))


async def unsubscribe(context: Context, input: WebhookUnsubscribeInput) -> WebhookRemoved:
    """Remove a subscription."""
    await webhooks.unsubscribe(context, key_of(input.id, webhooks.SUBSCRIPTION))
    return WebhookRemoved(removed_id=input.id)


async def rotate_secret(context: Context, input: WebhookRotateSecretInput) -> WebhookKeyIssued:
    """Give a subscription another key."""
    given = values_of(input)
    hours = given.get("overlap_hours")
    overlap = dt.timedelta(hours=_DEFAULT_OVERLAP if hours is None else hours)
    key, secret = await webhooks.rotate_secret(
        context, key_of(input.id, webhooks.SUBSCRIPTION), overlap, given.get("signature")
    )
    return WebhookKeyIssued(subscription_key=key, secret=secret)


async def test(context: Context, input: WebhookTestInput) -> WebhookStarted:
    """Try a subscription."""
    return WebhookStarted(attempt_key=await webhooks.test(context, key_of(input.id, webhooks.SUBSCRIPTION)))


async def replay(context: Context, input: WebhookReplayInput) -> WebhookStarted:
    """Make an attempt again."""
    return WebhookStarted(attempt_key=await webhooks.replay(context, key_of(input.id, webhooks.ATTEMPT)))
