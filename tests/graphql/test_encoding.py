"""What is left to the encoder of answers it writes as the scalars do."""

import datetime as dt

import orjson
import pytest
from graphql import GraphQLScalarType
from hypothesis import given
from hypothesis import strategies as st

from app.graphql.execute import encoded
from schema.build import SCHEMA
from schema.scalars import WRITTEN

_ZONES = st.one_of(
    st.just(dt.UTC), st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
)
_VALUES = {
    "Date": st.dates(),
    "DateTime": st.datetimes(timezones=_ZONES),
    "UUID": st.uuids(),
}


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_the_encoder_writes_what_the_scalar_does(name: str) -> None:
    scalar = SCHEMA._schema.type_map[name]
    assert isinstance(scalar, GraphQLScalarType)

    @given(_VALUES[name])
    def check(value: object) -> None:
        assert type(value) is WRITTEN[name]
        assert orjson.loads(encoded({"it": value})) == {"it": scalar.coerce_output_value(value)}

    check()
