"""Who may read a catalog: 404 without it, 403 without a role, then what is in it (Enterprise contract 2)."""

from typing import Any

from app.rest.enterprise.ids import SEGMENT
from app.rest.enterprise.manner import NOT_FOUND
from app.rest.render import Row
from app.rest.route import Call, Parameter, Refusal

CATALOG = Parameter("catalog_id", None, "UUID of the catalog.", pattern=SEGMENT)

_FORBIDDEN = {"detail": "MISSING: catalog.has_learner_access"}


def readable_catalog(call: Call, data: dict[str, Any]) -> Row:
    """The catalog of a document. Raises `Refusal` where there is none, and where no role opens it."""
    if not data["access"]["exists"]:
        raise nothing(call)
    if not data["access"]["reads"]:
        raise Refusal(call.render(_FORBIDDEN, 403))
    catalog: Row = data["catalog"]
    return catalog


def nothing(call: Call) -> Refusal:
    """There is nothing like this."""
    return Refusal(call.render(NOT_FOUND, 404))
