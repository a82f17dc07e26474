"""Users."""

from app.db import models
from resolvers.entity import Entity

USER = Entity("User", models.User)
