"""The paths of the Enterprise API, and of the services behind it (Enterprise contract 1 and 12.5)."""

from app.rest.enterprise.catalogs import CATALOGS
from app.rest.enterprise.content import CONTENT, ITEMS
from app.rest.enterprise.learners import LEARNERS
from app.rest.enterprise.manner import BY_JSON, BY_XML
from app.rest.route import Route


def _catalogs(root: str) -> tuple[Route, ...]:
    """The catalogs and what they hold, below a root."""
    catalog = f"{root}/enterprise-catalogs/{{catalog_id}}"
    return (
        CATALOGS(path=f"{root}/enterprise-catalogs", manner=BY_XML),
        CONTENT(path=catalog, manner=BY_XML),
        *(item(path=f"{catalog}/{place}", manner=BY_XML) for place, item in ITEMS.items()),
    )


ROUTES = (
    *_catalogs("/enterprise/v2"),
    LEARNERS(path="/enterprise/v2/enterprise-customer/{enterprise_uuid}/learner-summary", manner=BY_XML),
    *_catalogs("/enterprise/api/v2"),
)
SERVICES = (
    CATALOGS(path="/api/v1/enterprise-catalogs/", manner=BY_JSON),
    CONTENT(path="/api/v1/enterprise-catalogs/{catalog_id}/get_content_metadata", manner=BY_JSON),
    LEARNERS(path="/enterprise/api/v0/enterprise/{enterprise_uuid}/enrollments", manner=BY_JSON),
    LEARNERS(path="/enterprise/api/v1/enterprise/{enterprise_uuid}/enrollments", manner=BY_JSON),
)
