"""What content items hold: objects with members of their own (Enterprise contract 8.4)."""

from app.rest.members import Made, Members
from app.rest.render import Row
from app.rest.route import Call
from app.rest.schemas import STRING, Schema, exactly, nullable

TEXT: Schema = nullable(STRING)
TEXTS: Schema = {"type": "array", "items": STRING}
UUIDS: Schema = {"type": "array", "items": {**STRING, "format": "uuid"}}
TIME: Schema = {**STRING, "format": "date-time"}
YES_OR_NO: Schema = {"type": "boolean"}
WHOLE: Schema = nullable({"type": "integer"})

IMAGE: Schema = exactly(src=TEXT, description=TEXT, height=WHOLE, width=WHOLE)
VIDEO: Schema = exactly(src=STRING, description=TEXT, image=nullable(IMAGE))


def image(course: Row) -> Row | None:
    """The image of a course."""
    if course["image_url"] is None:
        return None
    return {
        "src": course["image_url"],
        **{name: course[f"image_{name}"] for name in ("description", "height", "width")},
    }


def video(course: Row) -> Row | None:
    """The video of a course; of its still nothing else is known."""
    if course["video_url"] is None:
        return None
    still = course["video_image_url"]
    return {
        "src": course["video_url"],
        "description": course["video_description"],
        "image": still and {"src": still, "description": None, "height": None, "width": None},
    }


def type_name(program: Row, call: Call) -> str | None:
    """The name of a program's type."""
    name: str | None = program["kind"] and program["kind"]["name"]
    return name


PROGRAM_REF: Members = {
    "uuid": None,
    "title": None,
    "type": Made(TEXT, type_name),
    "marketing_slug": None,
    "marketing_url": None,
}
SEAT: Members = {
    "type": None,
    "price": None,
    "currency": None,
    "upgrade_deadline": None,
    "credit_provider": Made(TEXT, lambda seat, call: seat["credit_provider"] or None),
    "credit_hours": None,
    "sku": None,
    "bulk_sku": None,
}


def _position(person: Row, call: Call) -> Row | None:
    title, override = person["position_title"], person["position_organization_name"]
    if title is None:
        return None
    organization = person["organization"]
    return {
        "title": title,
        "organization_name": override or (organization and organization["name"]),
        "organization_id": organization and organization["number"],
        "organization_override": override,
    }


def _profile_image(person: Row, call: Call) -> Row:
    url = person["profile_image_url"]
    return {"medium": {"url": url, "width": None, "height": None}} if url else {}


_PICTURE = exactly(medium=exactly(url=STRING, width=WHOLE, height=WHOLE))
_SITES = ("facebook", "twitter", "blog")
PERSON: Members = {
    "uuid": None,
    "salutation": None,
    "given_name": None,
    "family_name": None,
    "bio": None,
    "slug": None,
    "position": Made(
        nullable(
            exactly(title=STRING, organization_name=TEXT, organization_id=WHOLE, organization_override=TEXT)
        ),
        _position,
    ),
    "profile_image": Made({**_PICTURE, "required": []}, _profile_image),
    "profile_image_url": None,
    "works": None,
    "urls": Made(
        exactly(**dict.fromkeys(_SITES, TEXT)),
        lambda person, call: {site: person[f"{site}_url"] for site in _SITES},
    ),
    # The catalog shows nobody's address.
    "email": Made({"type": "null"}, lambda person, call: None),
}


def uuids(rows: list[Row]) -> list[str]:
    """The UUIDs of objects."""
    return [row["uuid"] for row in rows]


def newest(times: list[str]) -> str:
    """The last of several times, whose fractions are there only where they are not zero."""
    return max(times, key=lambda time: time.removesuffix("Z"))
