"""The table of all legacy paths."""

from app.rest.batch.routes import ROUTES as BATCH
from app.rest.enrollment.routes import ROUTES as ENROLLMENT

ROUTES = (*ENROLLMENT, *BATCH)
