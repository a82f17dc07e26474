"""The table of all legacy paths."""

from app.rest.batch.routes import ROUTES as BATCH
from app.rest.enrollment.routes import ROUTES as ENROLLMENT
from app.rest.route import Api

APIS = (
    Api("Enrollment API", "Enrollments and course runs with their modes, as in Open edX.", ENROLLMENT),
    Api("Batches", "All accounts and all enrollments, each in one long answer.", BATCH),
)
ROUTES = tuple(route for api in APIS for route in api.routes)
