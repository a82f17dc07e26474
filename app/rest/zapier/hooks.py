"""Subscriptions and the history of their deliveries (Zapier contract 5 and 6)."""

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from app.errors import BadUserInput
from app.rest.render import empty
from app.rest.route import Call, Refusal, Services
from app.rest.zapier import objects
from app.rest.zapier.lists import Batch, order_of, page
from app.rest.zapier.manner import (
    answered,
    fault,
    findable,
    forbidden,
    named,
    not_found,
    query_of,
    require_admin,
    require_site,
    required_body,
)
from app.settings import Settings
from app.webhooks.payloads import kind
from app.webhooks.targets import parse_target

_EVENTS = {
    ("user", "created"): "USER_CREATED",
    ("user", "enrolled"): "USER_ENROLLED",
    ("course", "created"): "COURSE_CREATED",
    ("course", "progress_updated"): "PROGRESS_UPDATED",
}
_SORTS = {
    "owner": "OWNER_USERNAME",
    "owner_id": "OWNER_USERNAME",
    "target": "TARGET",
    "to": "TARGET",
    "active": "IS_ACTIVE",
    "status": "STATUS",
    "status_message": "STATUS",
}


async def subscribe(call: Call, services: Services) -> Response:
    """Have a target told of the events that the path names."""
    require_admin(call)
    target = _target(await required_body(call.request), call.settings)
    event = _event(call)
    data = await call.ask("subscribe", event=event, target=target)
    result = data["result"]
    if result["__typename"] == "NotPermitted":
        raise forbidden()
    made = objects.subscription(result["subscription"], call.settings.site)
    return answered(call, made, 201, Location=made["href"])


async def subscriptions(call: Call, services: Services) -> Response:
    """The subscriptions that the caller may see."""
    require_admin(call)
    batch = Batch.of(call)
    data = await call.ask(
        "subscriptions",
        size=batch.size,
        offset=batch.offset,
        order=order_of(call, _SORTS, "CREATED", "CREATED"),
    )
    items = [objects.subscription(node, call.settings.site) for node in data["page"]["nodes"]]
    return answered(call, page(call, items, data["page"]["totalCount"], batch))


async def subscription(call: Call, services: Services) -> Response:
    """One subscription."""
    return answered(call, objects.subscription(await _subscription(call), call.settings.site))


async def unsubscribe(call: Call, services: Services) -> Response:
    """Remove a subscription with its history."""
    found = await _subscription(call)
    unless = call.request.headers.get("if-unmodified-since")
    if unless is not None and _is_older(unless, found["created"]):
        raise fault(412, "The subscription is newer.", code="PreconditionFailed")
    data = await call.ask("unsubscribe", id=found["id"])
    if data["result"]["__typename"] != "WebhookRemoved":
        raise not_found()
    return empty(204)


async def history(call: Call, services: Services) -> Response:
    """The attempts to deliver to a subscription."""
    found = await _subscription(call)
    batch, search = Batch.of(call), findable(query_of(call).get("search", ""))
    data = await call.ask(
        "history",
        uuid=found["uuid"],
        size=batch.size,
        offset=batch.offset,
        order=order_of(call, {"status": "STATUS"}, "CREATED", "CREATED"),
        where={"message": {"contains": search}} if search else None,
    )
    if data["subscription"] is None:
        raise not_found()
    listed = data["subscription"]["page"]
    items = [objects.attempt(node, found["uuid"], call.settings.site) for node in listed["nodes"]]
    history = kind("SubscriptionDeliveryHistory") | page(call, items, listed["totalCount"], batch)
    return answered(call, history)


async def attempt(call: Call, services: Services) -> Response:
    """One attempt."""
    data = await _attempt(call)
    return answered(call, objects.attempt(data, data["subscription"]["uuid"], call.settings.site))


async def request(call: Call, services: Services) -> Response:
    """What was sent in an attempt."""
    return answered(call, _at(call, objects.request(await _attempt(call))))


async def response(call: Call, services: Services) -> Response:
    """What came back in an attempt."""
    data = await _attempt(call)
    if data["respondedAt"] is None:
        raise not_found()
    return answered(call, _at(call, objects.response(data)))


def _at(call: Call, value: objects.Object) -> objects.Object:
    return {**value, "href": call.request.scope["path"].rstrip("/")}


async def _subscription(call: Call) -> dict[str, Any]:
    """The subscription that the path names. Raises `Refusal` 404 without one, and 403 for another's."""
    require_site(call)
    try:
        uuid = UUID(call.request.path_params["subscription"])
    except ValueError as error:
        raise not_found() from error
    data = await call.ask("subscription", uuid=str(uuid))
    if not data["exists"]:
        raise not_found()
    found: dict[str, Any] | None = data["subscription"]
    if found is None:
        raise forbidden()
    return found


async def _attempt(call: Call) -> dict[str, Any]:
    """The attempt that the path names, with what was sent and what came back."""
    holder = await _subscription(call)
    data = await named(call, "attempt", call.request.path_params["attempt"])
    found: dict[str, Any] = data["attempt"]
    if not found or found["subscription"]["uuid"] != holder["uuid"]:
        raise not_found()
    return found


def _target(body: dict[str, Any], settings: Settings) -> str:
    target = body.get("target")
    if target is None:
        raise fault(422, "Missing data", field="target", code="RequiredMissing")
    if not isinstance(target, str):
        raise fault(422, "The target is to be a string.", field="target", code="WrongType")
    try:
        parse_target(target, allow_private=settings.webhook_allow_private_targets)
    except BadUserInput as error:
        raise fault(422, error.message, field="target", code="InvalidURI", value=target) from error
    return target


def _event(call: Call) -> str:
    segments = tuple(filter(None, call.request.path_params.get("event", "").split("/")))
    if len(segments) < 2:
        raise Refusal(_unsupported("Must specify a object type and event in url."))
    event = _EVENTS.get(segments) if len(segments) == 2 else None
    if event is None:
        raise Refusal(_unsupported("Unsupported object and event type combination"))
    return str(event)


def _unsupported(message: str) -> Response:
    return fault(422, message).response


def _is_older(header: str, created: str) -> bool:
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        # What is no date does not count (RFC 9110, 13.1.4).
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment < dt.datetime.fromisoformat(created).replace(microsecond=0)
