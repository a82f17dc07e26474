"""`lyceum import catalog`, as typed: records of course-discovery in their old and their present form."""

import gzip
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import Course, CourseRun
from app.imports import json_files
from app.vocabulary import RunStatus
from tests.imports.commands import Lyceum, rows, run_lyceum, whole

COURSE_UUID = "5f1b7b0e-1111-4c5b-9c53-0d3a9a4a0001"
RUN_UUID = "5f1b7b0e-2222-4c5b-9c53-0d3a9a4a0001"
PERSON_UUID = "5f1b7b0e-3333-4c5b-9c53-0d3a9a4a0001"
OWNER_UUID = "5f1b7b0e-4444-4c5b-9c53-0d3a9a4a0001"

RUN: dict[str, Any] = {
    "key": "course-v1:Uni+Alg+R1",
    "uuid": RUN_UUID,
    "title": "Algebra, spring",
    "status": "reviewed",
    "start": "2030-01-01T00:00:00Z",
    "end": "2030-06-01T12:30:00.5+02:00",
    "go_live_date": None,
    "pacing_type": "self_paced",
    "content_language": "en-us",
    "transcript_languages": ["en-us", "fr"],
    "min_effort": 2,
    "max_effort": 4,
    "weeks_to_complete": 8,
    "mobile_available": None,
    "hidden": True,
    "license": "",
    "reporting_type": "mooc",
    "external_key": "x-1",
    "eligible_for_financial_aid": False,
    "marketing_url": "https://www.example.com/course/algebra-spring?utm_source=a",
    "seats": [
        {
            "type": "verified",
            "price": "49.90",
            "currency": "EUR",
            "upgrade_deadline": "2030-05-01T00:00:00Z",
            "credit_provider": None,
            "credit_hours": None,
            "sku": "S1",
            "bulk_sku": "B1",
        },
        {"type": "audit", "price": 0, "currency": "USD", "credit_provider": None},
    ],
    "staff": [
        {
            "uuid": PERSON_UUID,
            "slug": "ada-l",
            "salutation": "Dr.",
            "given_name": "Ada",
            "family_name": "L",
            "bio": "<p>Writes.</p>",
            "position": {
                "title": "Professor",
                "organization_name": "Uni",
                "organization_uuid": OWNER_UUID,
            },
            "profile_image_url": "https://www.example.com/ada.jpg",
            "works": [],
            "major_works": "One\n\nTwo",
            "urls": {"facebook": None, "twitter": "https://t.example.com/ada", "blog": None},
        }
    ],
}
PRESENT: dict[str, Any] = {
    "key": "Uni+Alg",
    "uuid": COURSE_UUID,
    "title": "Algebra",
    "short_description": "Short",
    "full_description": "<p>Long</p>",
    "outcome": "",
    "syllabus_raw": "Week 1",
    "prerequisites": [{"name": "Counting"}],
    "prerequisites_raw": "Count to ten",
    "expected_learning_items": ["To add"],
    "level_type": "Introductory",
    "image": {"src": "https://www.example.com/a.png", "description": "A", "height": 10, "width": 20},
    "original_image": {"src": "https://www.example.com/o.png", "description": None},
    "video": {
        "src": "https://v.example.com/1",
        "description": "V",
        "image": {"src": "https://www.example.com/v.png"},
    },
    "marketing_url": "https://www.example.com/course/algebra",
    "modified": "2029-01-01T00:00:00Z",
    "owners": [
        {
            "uuid": OWNER_UUID,
            "key": "Uni",
            "name": "The University",
            "description": "Old",
            "homepage_url": "https://uni.example.com",
            "tags": ["old"],
            "logo_image_url": "https://uni.example.com/logo.png",
            "certificate_logo_image_url": None,
            "marketing_url": "https://www.example.com/school/uni",
        }
    ],
    "sponsors": [{"key": "Bank", "name": "A Bank", "logo_image": {"src": "https://b.example.com/l.png"}}],
    "subjects": [
        {"name": "Mathematics", "slug": "mathematics", "uuid": "5f1b7b0e-5555-4c5b-9c53-0d3a9a4a0001"},
        {"name": "Data Science"},
    ],
    "entitlements": [{"mode": "verified", "price": "99.00", "currency": "USD", "sku": "E1", "expires": None}],
    "course_runs": [RUN],
}

EVERYTHING = (
    "Imported: course 1, organization 2, course_organization 2, subject 2, course_subject 2, entitlement 1,"
    " course_run 1, seat 2, person 1, course_run_staff 1."
)
NOTHING = "Nothing to import: everything is there already."


@pytest.fixture
def lyceum(database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lyceum:
    """The program, over the test's database."""
    return run_lyceum(database, monkeypatch, capsys)


def write(path: Path, *records: Any) -> str:
    path.write_text("\n".join(json.dumps(record, indent=1) for record in records))
    return str(path)


def test_the_present_form(lyceum: Lyceum, tmp_path: Path) -> None:
    file = write(tmp_path / "courses.json", PRESENT)
    assert lyceum("import", "catalog", file)[:2] == (0, EVERYTHING)
    assert rows(
        "SELECT key, title, outcome, syllabus, prerequisites_text, level_type, image_url, image_width,"
        " original_image_url, video_url, video_image_url, marketing_slug FROM course"
    ) == [
        (
            *("Uni+Alg", "Algebra", None, "Week 1", "Count to ten", "Introductory"),
            *("https://www.example.com/a.png", 20, "https://www.example.com/o.png"),
            *("https://v.example.com/1", "https://www.example.com/v.png", "algebra"),
        )
    ]
    assert rows(
        "SELECT key, title, status, pacing, content_language, min_effort, weeks_to_complete, reporting_type,"
        " external_key, marketing_slug, license FROM course_run"
    ) == [
        (
            *("course-v1:Uni+Alg+R1", "Algebra, spring", "reviewed", "self_paced", "en-us", 2, 8, "mooc"),
            *("x-1", "algebra-spring", None),
        )
    ]
    assert [
        (bool(row[0]), bool(row[1]), bool(row[2]))
        for row in rows("SELECT hidden, mobile_available, eligible_for_financial_aid FROM course_run")
    ] == [(True, False, False)]
    seats = rows("SELECT mode, price, currency, sku, bulk_sku, credit_provider FROM seat ORDER BY id")
    assert [(row[0], float(row[1]), *row[2:]) for row in seats] == [
        ("verified", 49.9, "EUR", "S1", "B1", ""),
        ("audit", 0, "USD", None, None, ""),
    ]
    assert rows(
        "SELECT o.key, o.name, o.logo_image_url, role FROM course_organization c"
        " JOIN organization o ON o.id = c.organization_id ORDER BY role"
    ) == [
        ("Uni", "The University", "https://uni.example.com/logo.png", "owner"),
        ("Bank", "A Bank", "https://b.example.com/l.png", "sponsor"),
    ]
    assert rows(
        "SELECT slug, name, position FROM course_subject JOIN subject ON id = subject_id ORDER BY position"
    ) == [("mathematics", "Mathematics", 0), ("data-science", "Data Science", 1)]
    assert rows(
        "SELECT slug, given_name, position_title, twitter_url, key FROM course_run_staff"
        " JOIN person ON person.id = person_id JOIN organization ON organization.id = organization_id"
    ) == [("ada-l", "Ada", "Professor", "https://t.example.com/ada", "Uni")]


def test_a_second_import_changes_nothing(lyceum: Lyceum, tmp_path: Path, data_directory: Path) -> None:
    logs = data_directory / "tracking-logs"
    files = [
        write(tmp_path / "courses.json", PRESENT),
        *(str(logs / name) for name in ("courses.json", "course_runs.json")),
    ]
    assert lyceum("import", "catalog", *files)[1] != NOTHING
    before = whole()
    assert lyceum("import", "catalog", *files)[:2] == (0, NOTHING)
    assert whole() == before


def test_the_records_of_the_pipeline(lyceum: Lyceum, data_directory: Path) -> None:
    """A course there has the key of one of its runs, which say what its own is."""
    files = [str(data_directory / "tracking-logs" / name) for name in ("courses.json", "course_runs.json")]
    assert lyceum("import", "catalog", *files)[:2] == (
        0,
        "Imported: course 2, subject 3, course_subject 3, course_run 4, seat 8, program_type 1, program 1,"
        " program_course 2.",
    )
    assert rows("SELECT p.title, t.slug FROM program p JOIN program_type t ON t.id = type_id") == [
        ("Testing", "xseries")
    ]
    assert rows(
        "SELECT r.key, c.key, c.partner FROM course_run r JOIN course c ON c.id = course_id ORDER BY 1"
    ) == [
        ("course-v1:edX+Open_DemoX+edx_demo_course2", "edX+Open_DemoX", "openedx"),
        ("course-v1:edX+Open_DemoX+edx_demo_course3", "edX+Open_DemoX", "openedx"),
        ("course-v1:edX+Testing102x+1T2017", "edX+Testing102", "openedx"),
        ("edX/Open_DemoX/edx_demo_course", "edX+Open_DemoX", "openedx"),
    ]


def test_a_placeholder_is_filled_and_a_course_is_made(lyceum: Lyceum, tmp_path: Path) -> None:
    async def add(database: Database) -> None:
        async with database.session() as session:
            course = Course(key="Uni+Alg")
            session.add(course)
            await session.flush()
            session.add(CourseRun(key=RUN["key"], course_id=course.id, status=RunStatus.UNPUBLISHED))

    with_database(add)
    old: dict[str, Any] = {"key": "Uni/Geo/2012", "title": "Geometry", "course": None, "seats": []}
    run = {name: value for name, value in RUN.items() if name != "status"}
    lyceum("import", "catalog", write(tmp_path / "runs.json", run, old))
    assert rows(
        "SELECT r.key, r.title, status, c.key FROM course_run r JOIN course c ON c.id = course_id ORDER BY 1"
    ) == [
        ("Uni/Geo/2012", "Geometry", "published", "Uni+Geo"),
        ("course-v1:Uni+Alg+R1", "Algebra, spring", "published", "Uni+Alg"),
    ]


def test_a_catalog_is_refreshed(lyceum: Lyceum, tmp_path: Path) -> None:
    """What the later file tells replaces what is there, what it does not tell stays."""
    lyceum("import", "catalog", write(tmp_path / "courses.json", PRESENT))
    later: dict[str, Any] = deepcopy(PRESENT)
    later |= {"title": "Algebra I", "key": "Uni+Alg1", "sponsors": [], "subjects": PRESENT["subjects"][1:]}
    del later["owners"], later["outcome"], later["level_type"]
    later["course_runs"][0]["seats"] = [{"type": "verified", "price": "59.00", "currency": "EUR"}]
    later["course_runs"][0]["staff"] = []
    code, said, _ = lyceum("import", "catalog", write(tmp_path / "later.json", later))
    assert (code, said) == (
        0,
        "Imported: course 1, course_organization 1, course_subject 2, seat 2, course_run_staff 1.",
    )
    assert rows("SELECT key, title, level_type FROM course") == [("Uni+Alg1", "Algebra I", "Introductory")]
    assert rows("SELECT role FROM course_organization") == [("owner",)]
    assert [(float(price), sku) for price, sku in rows("SELECT price, sku FROM seat")] == [(59, "S1")]
    assert rows("SELECT count(*) FROM course_run_staff") == [(0,)]


def test_old_forms(lyceum: Lyceum, tmp_path: Path) -> None:
    old: dict[str, Any] = {
        "key": "Uni+Old",
        "title": "Old",
        "owners": [],
        "subjects": [{"name": "Art"}],
        "expected_learning_items": [{"value": "To see"}],
        "level_type": {"name": "Advanced", "sort_value": 3},
        "image": "https://www.example.com/old.png",
        "course_runs": [
            {
                "key": "Uni/Old/1",
                "pacing_type": "instructor",
                "staff": [
                    {"key": "bob", "name": "Bob", "title": "Dean", "profile_image": {"src": "https://b"}}
                ],
            }
        ],
    }
    page = {"count": 1, "next": None, "results": [old]}
    path = tmp_path / "page.json.gz"
    path.write_bytes(gzip.compress(json.dumps(page).encode()))
    assert lyceum("import", "catalog", str(path))[0] == 0
    assert rows("SELECT level_type, image_url FROM course") == [
        ("Advanced", "https://www.example.com/old.png")
    ]
    assert rows("SELECT slug, given_name, position_title, profile_image_url FROM person") == [
        ("bob", "Bob", "Dean", "https://b")
    ]
    assert rows("SELECT pacing, status FROM course_run") == [("instructor_paced", "published")]


FORMS: list[tuple[str, str, list[Any], str, Any]] = [
    (
        "C-02",
        "pacing_type",
        ["self_paced", "self-paced", "Self-Paced", "SELF_PACED", "self"],
        "SELECT pacing FROM course_run",
        "self_paced",
    ),
    (
        "C-02",
        "pacing_type",
        ["instructor_paced", "Instructor-paced"],
        "SELECT pacing FROM course_run",
        "instructor_paced",
    ),
    (
        "C-03",
        "level_type",
        ["High School", "high_school", "HIGH-SCHOOL", {"name": "high school"}],
        "SELECT level_type FROM course",
        "High School",
    ),
    ("C-03", "level_type", ["introductory", "Introductory"], "SELECT level_type FROM course", "Introductory"),
    ("C-03", "level_type", ["Beginner"], "SELECT level_type FROM course", "Beginner"),
    (
        "C-05",
        "image",
        [
            {"src": "https://x/1.png"},
            [{"src": "https://x/1.png"}],
            "https://x/1.png",
            ["https://x/1.png"],
            [],
        ],
        "SELECT image_url FROM course",
        "https://x/1.png",
    ),
    (
        "C-05",
        "video",
        [{"src": "https://x/v", "image": {"src": "https://x/1.png"}}, [{"src": "https://x/v"}], [], None],
        "SELECT video_url FROM course",
        "https://x/v",
    ),
    (
        "C-06",
        "original_image",
        [{"src": "https://x/o.png"}, "https://x/o.png"],
        "SELECT original_image_url FROM course",
        "https://x/o.png",
    ),
    (
        "C-07",
        "prerequisites_raw",
        ["<p>A</p>\n<p>B</p>", ["<p>A</p>", "<p>B</p>"]],
        "SELECT prerequisites_text FROM course",
        "<p>A</p>\n<p>B</p>",
    ),
    (
        "C-09",
        "availability",
        ["Current", "Upcoming", "Starting Soon", "Archived"],
        "SELECT count(*) FROM course_run",
        1,
    ),
    ("C-10", "seat_types", ["audit", ["audit"]], "SELECT mode FROM seat", "audit"),
    (
        "C-11",
        "start",
        [
            "2030-01-02T00:00:00Z",
            "2030-01-02T00:00:00",
            "2030-01-02",
            "2030-01-02T05:30:00+05:30",
            "2030-01-02T00:00:00.000000+00:00",
        ],
        "SELECT count(*) FROM course_run WHERE start IS NOT NULL",
        1,
    ),
]
_OF_RUNS = ("pacing_type", "availability", "seat_types", "start")


@pytest.mark.parametrize(
    ("member", "forms", "query", "value"), [case[1:] for case in FORMS], ids=[case[0] for case in FORMS]
)
def test_forms_that_mean_the_same(
    lyceum: Lyceum, tmp_path: Path, member: str, forms: list[Any], query: str, value: Any
) -> None:
    """What section 11 of the Enterprise contract says imports accept: after one form, another changes nothing."""
    run = {"key": "course-v1:Uni+Alg+R1"}
    course = {"key": "Uni+Alg", "owners": []}
    for number, form in enumerate(forms):
        inside = {**run, member: form} if member in _OF_RUNS else run
        outside = course if member in _OF_RUNS else {**course, member: form}
        file = write(tmp_path / f"{number}.json", {**outside, "course_runs": [inside]})
        code, said, shown = lyceum("import", "catalog", file)
        assert (code, shown if code else "") == (0, ""), form
        assert (said == NOTHING) is (number > 0), form
        assert rows(query) == [(value,)]


def test_a_run_as_enterprise_catalogs_show_it(lyceum: Lyceum, tmp_path: Path) -> None:
    """The members of the example in the Enterprise API's documentation, of which a run has less elsewhere."""
    run = {
        "content_type": "courserun",
        "number": "DemoX",
        "weeks_to_complete": 3,
        "partner": "edx",
        "availability": "Upcoming",
        "transcript_languages": ["English", "Chinese - Simplified", "x-mine"],
        "logo_image_urls": ["https://www.edx.org/sites/default/files/school/image/logo/gtx-logo-200x101.png"],
        "end": None,
        "title": "edX Demonstration Course",
        "enrollment_start": "2017-10-01T00:00:00",
        "start": "2017-11-01T05:00:00",
        "min_effort": 5,
        "image_url": "https://courses.edx.org/asset-v1:edX+DemoX+Demo_Course+type@asset+block@images_course_image.jpg",
        "level_type": "Beginner",
        "type": "verified",
        "marketing_url": "course/edxdemoslug?utm_medium=enterprise&utm_source=degreed-company",
        "seat_types": ["audit", "verified"],
        "max_effort": 6,
        "key": "course-v1:edX+DemoX+Demo_Course",
        "enrollment_end": None,
        "org": "edX",
        "has_enrollable_seats": True,
        "language": "English",
        "mobile_available": True,
        "pacing_type": "self_paced",
        "aggregation_key": "courserun:edX+DemoX.1",
        "published": True,
        "program_types": ["Professional Certificate"],
    }
    file = write(tmp_path / "run.json", {"count": 1, "next": None, "results": [run]})
    assert lyceum("import", "catalog", file)[:2] == (0, "Imported: course 1, course_run 1, seat 2.")
    assert rows("SELECT key, level_type, partner, image_url FROM course") == [
        ("edX+DemoX.1", "Beginner", "edx", run["image_url"])
    ]
    assert rows(
        "SELECT key, status, pacing, min_effort, marketing_slug, content_language FROM course_run"
    ) == [("course-v1:edX+DemoX+Demo_Course", "published", "self_paced", 5, "edxdemoslug", "en")]
    (languages,) = rows("SELECT transcript_languages FROM course_run")[0]
    assert languages in (["en", "zh", "x-mine"], '["en", "zh", "x-mine"]')
    assert rows("SELECT mode FROM seat ORDER BY mode") == [("audit",), ("verified",)]
    assert lyceum("import", "catalog", file)[1] == NOTHING
    lyceum("import", "catalog", write(tmp_path / "draft.json", run | {"published": False}))
    assert rows("SELECT status FROM course_run") == [("unpublished",)]


BAD: list[tuple[Any, str]] = [
    ({"image": [{"src": "x"}, {"src": "y"}]}, "field image: is a list of more than one"),
    ({"programs": [{"uuid": 5}]}, "field programs[0].uuid: 5 is not a UUID"),
    ({"course_runs": [{**RUN, "programs": 5}]}, "field course_runs[0].programs: is not a list"),
    ({"content_type": "pathway"}, "field content_type: 'pathway' is none of: course, courserun, program"),
    ({"prerequisites_raw": ["x", 5]}, "field prerequisites_raw[1]: is not text"),
    (
        {"course_runs": [{**RUN, "seats": [{"type": "x", "price": "much"}]}]},
        "field course_runs[0].seats[0].price: 'much' is not an amount",
    ),
    ({"course_runs": [{**RUN, "key": "nonsense"}]}, "field course_runs[0].key: 'nonsense' is not valid"),
    ({"uuid": "5"}, "field uuid: '5' is not a UUID"),
    ({"title": 5}, "field title: is not text"),
    ({"title": "x" * 256}, "field title: is longer than 255 characters"),
    ({"title": "a\0b"}, "field title: is not text"),
    ({"title": "\ud800"}, "field title: is not text"),
    ({"owners": {}}, "field owners: is not a list"),
    ({"owners": [5]}, "field owners[0]: is not an object"),
    ({"owners": [{"name": "x"}]}, "field owners[0].key: None is not valid"),
    ({"modified": "soon"}, "field modified: 'soon' is not a time"),
    ({"modified": 5}, "field modified: 5 is not a time"),
    ({"image": {"src": "x", "width": -1}}, "field image.width: -1 is not a whole number"),
    (
        {"course_runs": [{**RUN, "hidden": "no"}]},
        "field course_runs[0].hidden: 'no' is neither true nor false",
    ),
    (
        {"course_runs": [{**RUN, "status": "gone"}]},
        "field course_runs[0].status: 'gone' is none of: published, reviewed, unpublished, review_by_legal,"
        " review_by_internal",
    ),
    (
        {"course_runs": [{**RUN, "transcript_languages": [5]}]},
        "field course_runs[0].transcript_languages[0]: is not an object",
    ),
]


def test_what_is_refused(lyceum: Lyceum, tmp_path: Path) -> None:
    """It is named by file, line and field, and nothing is imported."""
    before = whole()
    path = tmp_path / "bad.json"
    for change, message in BAD:
        bad = PRESENT | {"key": "Uni+Bad", "uuid": None} | change
        path.write_text(json.dumps(PRESENT) + "\n\n" + json.dumps(bad))
        code, said, shown = lyceum("import", "catalog", str(path))
        assert (code, said) == (1, "")
        assert shown.endswith(f"lyceum: bad.json, line 3, {message}\n")
    assert whole() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"key": ', "line 1: not JSON: Expecting value"),
        ('[{"course_runs": [], "key": "a"}\n{"key"', "line 2: not JSON: expected ',' or ']'"),
        ('{"course_runs": [],\n "key": NaN}', "line 1: not JSON: NaN is no number"),
        ("5", "line 1: 5 is not an object"),
        ("[] []", "line 1: not JSON: something follows the list"),
        (
            '{"key": "a", "kind": 1}',
            "line 1, field key: this is neither a course nor a course run nor a program",
        ),
        ("[" * 100_000, "line 1: not JSON"),
        ("\ud800", "after line 0: not UTF-8"),
    ],
)
def test_files_that_are_refused(lyceum: Lyceum, tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    code, _, shown = lyceum("import", "catalog", str(path))
    assert code == 1
    assert f"lyceum: bad.json, {message}" in shown


def test_a_uuid_of_two(lyceum: Lyceum, tmp_path: Path) -> None:
    other = PRESENT | {"key": "Uni+Other", "course_runs": []}
    code, _, shown = lyceum("import", "catalog", write(tmp_path / "two.json", PRESENT, other))
    assert code == 1
    assert f"uuid: Uni+Other and Uni+Alg both have {COURSE_UUID}" in shown


def test_files_that_are_not_there(lyceum: Lyceum, tmp_path: Path) -> None:
    code, _, shown = lyceum("import", "catalog", str(tmp_path / "none.json"))
    assert code == 1
    assert "none.json, after line 0: " in shown


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=10,
)
objects = st.lists(st.dictionaries(st.text(), json_values, max_size=4).filter(lambda o: "results" not in o))


@given(
    objects,
    st.sampled_from(["one after another", "list", "page"]),
    st.sampled_from([None, 2]),
    st.integers(1, 40),
)
@settings(max_examples=100, deadline=None)
def test_objects_are_read_however_they_stand(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], form: str, indent: int | None, chunk: int
) -> None:
    """Wherever the reading of the file is broken off, and however they are laid out."""
    if form == "one after another":
        content = "\n \t".join(json.dumps(value, indent=indent) for value in values)
    else:
        content = json.dumps(values if form == "list" else {"results": values}, indent=indent)
    path = tmp_path_factory.getbasetemp() / "objects.json"
    path.write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_files, "_CHUNK", chunk)
        assert [{name: each.any(name) for name in each} for each in json_files.read_objects(path)] == values
