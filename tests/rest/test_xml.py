"""XML answers: the JSON as elements (Enterprise contract 3)."""

import re
from typing import Any
from xml.etree import ElementTree

import orjson
from hypothesis import given
from hypothesis import strategies as st

from app.rest.xml import elements, xml

PROLOG = '<?xml version="1.0" encoding="utf-8"?>\n'
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    "\x00\x08\t\n\x0b\r\x1f\x85\u2028\ufffe\uffff&<>\"'] a"
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,10}", fullmatch=True)
payloads = st.recursive(
    scalars, lambda of: st.lists(of, max_size=4) | st.dictionaries(names, of, max_size=4), max_leaves=20
)


def written(value: Any) -> str:
    """The body of an answer."""
    response = xml(value)
    assert response.headers["content-type"] == "application/xml; charset=utf-8"
    return bytes(response.body).decode()


def told(value: Any) -> Any:
    """What XML can tell of a JSON value: names and order of elements, and texts."""
    if isinstance(value, dict):
        return [(name, told(member)) for name, member in value.items()] or ""
    if isinstance(value, list):
        return [("list-item", told(item)) for item in value] or ""
    if value is None:
        return ""
    if isinstance(value, str):
        return FORBIDDEN.sub("", value)
    return str(value) if isinstance(value, bool) else orjson.dumps(value).decode()


def read(element: ElementTree.Element) -> Any:
    """The same of an element."""
    assert not element.attrib
    return [(child.tag, read(child)) for child in element] or element.text or ""


@given(payloads)
def test_whatever_there_is_to_tell_is_read_again(value: Any) -> None:
    text = written(value)
    assert text.startswith(PROLOG + "<root>") and text.endswith("</root>")
    assert read(ElementTree.fromstring(text)) == told(orjson.loads(orjson.dumps(value)))


def test_the_form_is_exact() -> None:
    value = {
        "none": None,
        "yes": True,
        "no": False,
        "number": 5,
        "decimal": 0.8,
        "text": "a & b < c > d \"e\" 'f'\ng\x00\x0b\ufffe\r",
        "empty": ["", [], {}],
        "nested": [{"a": 1}, [2, [3]]],
    }
    assert written(value) == (
        f"{PROLOG}<root><none></none><yes>True</yes><no>False</no><number>5</number><decimal>0.8</decimal>"
        "<text>a &amp; b &lt; c &gt; d \"e\" 'f'\ng&#13;</text>"
        "<empty><list-item></list-item><list-item></list-item><list-item></list-item></empty>"
        "<nested><list-item><a>1</a></list-item>"
        "<list-item><list-item>2</list-item><list-item><list-item>3</list-item></list-item></list-item></nested>"
        "</root>"
    )


def test_the_description_names_the_elements() -> None:
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": {"type": "string"}}}}
    assert elements(schema) == {
        "type": "object",
        "xml": {"name": "root"},
        "properties": {
            "rows": {
                "type": "array",
                "xml": {"name": "rows", "wrapped": True},
                "items": {"type": "string", "xml": {"name": "list-item"}},
            }
        },
    }
