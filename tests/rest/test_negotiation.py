"""Which media type an `Accept` header chooses, whatever the API (RFC 9110 12.5.1, Enterprise contract 3)."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.graphql.media import chosen

OFFERS = ("application/xml", "application/json", "text/csv")
XML, JSON, CSV = OFFERS


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (" ", XML),
        ("APPLICATION/JSON", JSON),
        ("text/*;q=0.5, application/*;q=0.4", CSV),
        ("*/*;q=0.1, application/*;q=0.2, text/csv;q=0.3", CSV),
        # Of ranges that match the most specific one decides, even where it says less.
        ("*/*, application/xml;q=0.1, application/json;q=0.2", CSV),
        ("application/*;q=0, */*;q=0.1", CSV),
        # Of equal ones the more exactly named.
        ("application/json, */*", JSON),
        ("text/*, */*", CSV),
        ("application/json;q=0.5, text/csv;q=0.5", JSON),
        # Parameters do not matter, and what is in quotes is no range.
        ('application/json;a="x, text/csv;q=1";q=0.5, text/csv;q=0.4', JSON),
        ("application/json ; Q=.5 , text/csv;q=0.4;x=y", JSON),
        # What is no range is passed over.
        ("json, application/json;q=much, application/json;q=2, application/xml;q=-1, text/csv;q=0.001", CSV),
        ("*/json, application/, /, ;q=1, ,,", None),
        ('"', None),
        ("text/csv;q=0.0", None),
    ],
)
def test_choice(accept: str, expected: str | None) -> None:
    assert chosen(accept, OFFERS) == expected


qualities = st.integers(0, 1000).map(lambda number: number / 1000)


@given(st.dictionaries(st.sampled_from(OFFERS), qualities, min_size=1), st.text(), st.randoms())
def test_the_greatest_quality_wins_whatever_is_beside(
    ranges: dict[str, float], junk: str, order: Random
) -> None:
    parts = [f"{name};q={quality:.3f}" for name, quality in ranges.items()]
    order.shuffle(parts)
    best = max(ranges.values())
    expected = [name for name in OFFERS if ranges.get(name) == best > 0]
    # A quote or a media range in the junk would mean something.
    junk = "".join(sign for sign in junk if sign not in '"/')
    assert chosen(",".join([*parts, junk]), OFFERS) == (expected[0] if expected else None)
