"""What GraphQL answers, as the objects of Zapier contract 2."""

import datetime as dt
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from app.ntiid import ntiid_of
from app.rest.schemas import STRING, Schema, nullable
from app.rest.zapier.paths import ATTEMPT, SUBSCRIPTION
from app.vocabulary import SCOPE_ATTRIBUTE, WebhookEvent
from app.webhooks.payloads import OF_COURSE, course_details, instant, kind, scope_of, user_details

Object = dict[str, Any]
Data = Mapping[str, Any]

_WEBHOOKS = "application/vnd.nextthought.webhooks."
_OID = "tag:nextthought.com,2011-10:OID-"
_TIMES = ("date_joined", "last_login", "last_seen", "start", "end", "created", "modified")

OBJECT: Schema = {
    "type": "object",
    "properties": {"Class": STRING, "MimeType": STRING},
    "required": ["Class", "MimeType"],
}
PAGE: Schema = {
    "type": "object",
    "properties": {
        "Items": {"type": "array", "items": OBJECT},
        "Total": {"type": "integer"},
        "FilteredTotalItemCount": {"type": "integer"},
        "ItemCount": {"type": "integer"},
        "BatchPage": {"type": "integer"},
        "Links": {"type": "array", "items": {"type": "object"}},
        "href": nullable(STRING),
    },
    "required": ["Items"],
}


def link(rel: str, href: str, method: str | None = None) -> Object:
    """A link to a path (1.5)."""
    return {"Class": "Link", "rel": rel, "href": href, **({"method": method} if method else {})}


def user(data: Data) -> Object:
    """A user."""
    return user_details(_row(data))


def course(data: Data) -> Object:
    """A course run, which GraphQL gives the texts of its course where it has none."""
    of_course = {f"course_{name}": data["course"].get(name) for name in OF_COURSE}
    return course_details(_row(data, **of_course))


def enrollment(of: Data, run: Data, enrolled: Data) -> Object:
    """A user in a course run."""
    return {
        **kind("CourseEnrollmentDetails"),
        "User": user(of),
        "Course": course(run),
        "Scope": _scope(enrolled),
    }


def subscription(data: Data, site: str) -> Object:
    """A subscription, with its links."""
    href = SUBSCRIPTION.format(site=site, subscription=data["uuid"])
    return {
        "Class": "WebhookSubscription",
        "MimeType": f"{_WEBHOOKS}webhooksubscription",
        "Id": f"{_OID}{data['uuid']}",
        "EventType": WebhookEvent[data["eventType"]],
        "Target": data["target"],
        "OwnerId": data["owner"]["username"],
        "CreatedTime": time(data["created"]),
        "Active": data["isActive"],
        "Status": data["status"],
        "href": href,
        "Links": [link("delivery_history", f"{href}/DeliveryHistory"), link("delete", href, "DELETE")],
    }


def attempt(data: Data, uuid: str, site: str) -> Object:
    """A try to tell a target; what was sent and what came back are linked."""
    href = ATTEMPT.format(site=site, subscription=uuid, attempt=data["id"])
    links = [link("delivery_request", f"{href}/Request")]
    if data["respondedAt"] is not None:
        links.append(link("delivery_response", f"{href}/Response"))
    return {
        "Class": "WebhookDeliveryAttempt",
        "MimeType": f"{_WEBHOOKS}webhookdeliveryattempt",
        "NTIID": f"{_OID}{data['id']}",
        "CreatedTime": time(data["created"]),
        "Last Modified": time(data["resolvedAt"] or data["created"]),
        "status": data["status"].lower(),
        "message": data["message"],
        "href": href,
        "Links": links,
    }


def request(data: Data) -> Object:
    """What was sent."""
    sent = data["sentAt"]
    return {
        "Class": "WebhookDeliveryAttemptRequest",
        "MimeType": f"{_WEBHOOKS}webhookdeliveryattemptrequest",
        "url": data["requestUrl"],
        "method": "POST",
        "headers": data["requestHeaders"],
        "body": data["body"] if sent else None,
        "CreatedTime": time(data["created"]),
        "Last Modified": time(sent or data["created"]),
    }


def response(data: Data) -> Object:
    """What came back."""
    return {
        "Class": "WebhookDeliveryAttemptResponse",
        "MimeType": f"{_WEBHOOKS}webhookdeliveryattemptresponse",
        "status_code": data["responseStatus"],
        "reason": data["responseReason"],
        "headers": data["responseHeaders"],
        "content": data["responseContent"],
        "elapsed": duration(data["elapsed"]),
        "CreatedTime": time(data["respondedAt"]),
        "Last Modified": time(data["respondedAt"]),
    }


def run_id(key: str) -> str:
    """The id of a course run, as `CourseDetails` has it."""
    return ntiid_of(key)


def time(moment: str) -> str:
    """An instant of GraphQL's as this API has it (1.6)."""
    return instant(dt.datetime.fromisoformat(moment))


def duration(seconds: float) -> str:
    """A duration by ISO 8601, such as PT1M1.25S; none at all is P0D (1.6)."""
    micros = round(seconds * 1_000_000)
    if micros == 0:
        return "P0D"
    whole, micros = divmod(micros, 1_000_000)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest}.{micros:06}".rstrip("0").rstrip(".")
    parts = [f"{hours}H"] * bool(hours) + [f"{minutes}M"] * bool(minutes) + [f"{text}S"] * (text != "0")
    return "PT" + "".join(parts)


def _scope(enrolled: Data) -> str:
    kept = {(it["namespace"], it["name"]): it["value"] for it in enrolled["attributes"]}
    return kept.get(SCOPE_ATTRIBUTE) or scope_of(enrolled["mode"])


def _row(data: Data, **more: Any) -> SimpleNamespace:
    """What GraphQL answers, as the rows that payloads are made of."""
    times = {name: dt.datetime.fromisoformat(data[name]) for name in _TIMES if data.get(name)}
    return SimpleNamespace(**{**data, **times, **more})
