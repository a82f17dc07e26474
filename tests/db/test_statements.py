"""What a reader makes of rows is what SQLAlchemy makes of them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Integer,
    MetaData,
    Table,
    Uuid,
    cast,
    func,
    insert,
    literal,
    null,
    select,
)

from app.db.engine import Database
from app.db.reader import Reader
from app.db.types import Json, UtcDateTime, text
