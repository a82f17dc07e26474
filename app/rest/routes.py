"""The table of all legacy paths."""

from app.rest.batch.routes import ROUTES as BATCH
from app.rest.data_analytics.routes import ROUTES as DATA_ANALYTICS
from app.rest.enrollment.routes import ROUTES as ENROLLMENT
from app.rest.enterprise.routes import ROUTES as ENTERPRISE
from app.rest.enterprise.routes import SERVICES as ENTERPRISE_SERVICES
from app.rest.route import Api
from app.rest.tracking.routes import ROUTES as TRACKING
from app.rest.zapier.paths import ROOT
from app.rest.zapier.routes import ROUTES as ZAPIER
from app.rest.zapier.routes import UNKNOWN

APIS = (
    Api("Enrollment API", "Enrollments and course runs with their modes, as in Open edX.", ENROLLMENT),
    Api("Batches", "All accounts and all enrollments, each in one long answer.", BATCH),
    Api(
        "Data Analytics API",
        "The Data Analytics API: series of course runs, problems and videos, as in Open edX. Any key, sent as"
        " `Token`, reads all that it is not restricted from.",
        DATA_ANALYTICS,
        explored_as="api",
        moved={f"/api/v0/{name}/": f"/{name}/" for name in ("status", "authenticated", "health")},
        root="/api/v0/",
        unknown={"status": 404},
    ),
    Api(
        "Enterprise API",
        "The Enterprise API, version 2: catalogs of enterprise customers, and what their learners do, as in"
        " Open edX. XML unless JSON is asked for.",
        ENTERPRISE,
    ),
    Api(
        "Enterprise services",
        "The services behind the Enterprise API, for clients of Open edX that know their paths: JSON unless"
        " XML is asked for.",
        ENTERPRISE_SERVICES,
    ),
    Api("Tracking events", "What happens on a learning platform, as it happens.", TRACKING),
    Api(
        "Zapier API",
        "Hooks for events, and what administrators do to users and enrollments, as at NextThought.",
        ZAPIER,
        root=f"{ROOT}/",
        unknown=UNKNOWN,
    ),
)
ROUTES = tuple(route for api in APIS for route in api.routes)
