"""How members are read that many records of a catalog have."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import String
from sqlmodel import SQLModel

from app.db.models import Organization
from app.db.models.tables import table_of
from app.imports.json_files import JsonObject
from app.imports.refresh import Values

Reader = Callable[[JsonObject, str], Any]

_SLUG = re.compile(r"[^\w-]+")


def values_of(model: type[SQLModel], record: JsonObject, columns: Mapping[str, tuple[str, Reader]]) -> Values:
    """What a record says of columns; nothing of a column that must have a value and gets null."""
    values = {
        column: short_value(model, record, column, member, read)
        for column, (member, read) in columns.items()
        if member in record
    }
    table = table_of(model)
    return {
        column: value for column, value in values.items() if value is not None or table.c[column].nullable
    }


def short_value(model: type[SQLModel], record: JsonObject, column: str, member: str, read: Reader) -> Any:
    """What a member says. Raises `BadUserInput` for text that is too long for its column."""
    value = read(record, member)
    type_ = table_of(model).c[column].type
    if isinstance(value, str) and isinstance(type_, String) and type_.length and len(value) > type_.length:
        raise record.refused(member, f"is longer than {type_.length} characters")
    return value


def rows_of(record: JsonObject, name: str, read: Callable[[JsonObject], Values]) -> list[Values] | None:
    """What the objects of a list say; None for a list that is not there."""
    return [read(each) for each in record.members(name)] if name in record else None


def choice_of(record: JsonObject, name: str, choices: Mapping[str, Any]) -> Any:
    """One of some words, in any case and with hyphens or underscores (Enterprise contract C-02)."""
    value = record.text(name)
    if value is None:
        return None
    word = value.lower().replace("-", "_")
    if word not in choices:
        raise record.refused(name, f"{value!r:.60} is none of: {', '.join(choices)}")
    return choices[word]


def page_of(record: JsonObject, name: str) -> str | None:
    """The last word of an address, which names its page."""
    address = record.text(name)
    return address and address.partition("?")[0].rstrip("/").rpartition("/")[2]


def names_of(record: JsonObject, name: str) -> list[str]:
    """Texts, or objects with a name or a value."""
    if all(isinstance(each, str) for each in record.items(name)):
        return record.texts(name)
    found = (each.text("name") or each.text("value") for each in record.members(name))
    return [text for text in found if text]


def lines_of(record: JsonObject, name: str) -> str | None:
    """A text, or a list of texts, which are joined (Enterprise contract C-07)."""
    if not isinstance(record.any(name), list):
        return record.text(name)
    return "\n".join(record.texts(name)) or None


def one_of(record: JsonObject, name: str) -> JsonObject:
    """A record without the list of one that a member may stand in (Enterprise contract C-05)."""
    value = record.any(name)
    if not isinstance(value, list):
        return record
    if len(value) > 1:
        raise record.refused(name, "is a list of more than one")
    return record.with_member(name, value[0] if value else None)


def keyed(record: JsonObject, name: str) -> list[JsonObject]:
    """The objects of a list, in which mere keys may stand for objects."""
    items = [{"key": item} if isinstance(item, str) else item for item in record.items(name)]
    return record.with_member(name, items).members(name)


def slug_of(name: str | None) -> str:
    """A name as it stands in addresses; empty for none."""
    return _SLUG.sub("-", name.lower()).strip("-") if name else ""


def same_names(**readers: Reader) -> dict[str, tuple[str, Reader]]:
    """Columns that members of the same name tell of."""
    return {name: (name, read) for name, read in readers.items()}


_ORGANIZATION = same_names(
    uuid=JsonObject.uuid,
    name=JsonObject.text,
    description=JsonObject.text,
    homepage_url=JsonObject.text,
    marketing_url=JsonObject.text,
    logo_image_url=JsonObject.text,
    certificate_logo_image_url=JsonObject.text,
    tags=names_of,
)


def organization_of(record: JsonObject) -> Values:
    """What a record says of an organization."""
    key = record.key("key")
    values = {"key": key, "name": key, **values_of(Organization, record, _ORGANIZATION)}
    if logo := record.member("logo_image"):
        values |= values_of(Organization, logo, {"logo_image_url": ("src", JsonObject.text)})
    return values
