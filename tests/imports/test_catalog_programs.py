"""`lyceum import catalog`, as typed: programs, and the enterprise catalogs that it fills."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import CatalogQuery, EnterpriseCatalog, EnterpriseCustomer
from tests.imports.commands import Lyceum, rows, run_lyceum, whole

PROGRAM: dict[str, Any] = {
    "uuid": "7B24A21C-98C8-47C0-B9C8-054714D40D94",
    "title": "Numbers",
    "subtitle": "From one to many.",
    "type": "Professional Certificate",
    "type_attrs": {
        "uuid": "7b24a21c-0000-47c0-b9c8-054714d40d94",
        "slug": "professional-certificate",
        "coaching_supported": True,
    },
    "status": "active",
    "marketing_slug": "numbers",
    "marketing_url": "https://www.example.com/professional-certificate/numbers",
    "card_image_url": "https://www.example.com/n.png",
    "min_hours_effort_per_week": 2,
    "max_hours_effort_per_week": 6,
    "weeks_to_complete": None,
    "weeks_to_complete_min": 4,
    "weeks_to_complete_max": 8,
    "hidden": False,
    "is_program_eligible_for_one_click_purchase": True,
    "authoring_organizations": [{"key": "Uni", "name": "The University"}, {"key": "Bank"}],
    "courses": [
        {
            "key": "Uni+Geo",
            "title": "Geometry",
            "course_runs": [{"key": "course-v1:Uni+Geo+1"}, {"key": "course-v1:Uni+Geo+2"}],
        },
        {"key": "Uni+Alg", "title": "Algebra"},
    ],
    "excluded_course_runs": [{"key": "course-v1:Uni+Geo+2"}, "course-v1:Uni+Geo+3"],
    "languages": ["English", "French"],
    "subjects": [{"name": "Mathematics", "slug": "mathematics"}],
}
UUID_TEXT = PROGRAM["uuid"].lower()
NOTHING = "Nothing to import: everything is there already."
CATALOG, QUERIED = "0e871df0-6e43-4cfc-92cc-357ebf1fda75", "0e871df0-6e43-4cfc-92cc-357ebf1fda76"


@pytest.fixture
def lyceum(database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lyceum:
    """The program, over the test's database."""
    return run_lyceum(database, monkeypatch, capsys)


@pytest.fixture
def acme(lyceum: Lyceum) -> None:
    """A customer with a list and with a catalog that a query fills."""

    async def add(database: Database) -> None:
        async with database.session() as session:
            customers = [EnterpriseCustomer(name=name, slug=name) for name in ("acme", "other")]
            query = CatalogQuery(title="All")
            session.add_all([*customers, query])
            await session.flush()
            session.add_all(
                [
                    EnterpriseCatalog(uuid=UUID(CATALOG), customer_id=customers[0].id, title="List"),
                    EnterpriseCatalog(uuid=UUID(QUERIED), customer_id=customers[0].id, query_id=query.id),
                ]
            )

    with_database(add)


def write(path: Path, *records: Any) -> str:
    path.write_text(json.dumps(records))
    return str(path)


def members() -> list[Any]:
    return rows(
        "SELECT p.title, c.key FROM program_course JOIN program p ON p.id = program_id"
        " JOIN course c ON c.id = course_id ORDER BY 1, position"
    )


def items() -> list[Any]:
    return [
        key for (key,) in rows("SELECT key FROM catalog_item ORDER BY catalog_id, added_at, catalog_item.key")
    ]


def test_a_program(lyceum: Lyceum, tmp_path: Path) -> None:
    file = write(tmp_path / "programs.json", PROGRAM)
    assert lyceum("import", "catalog", file)[:2] == (
        0,
        "Imported: course 2, course_run 2, program_type 1, program 1, program_course 2,"
        " program_excluded_run 1, organization 2, program_organization 2.",
    )
    assert rows(
        "SELECT p.title, subtitle, status, marketing_slug, card_image_url, min_hours_effort_per_week,"
        " max_hours_effort_per_week, weeks_to_complete_min, weeks_to_complete_max, slug, name"
        " FROM program p JOIN program_type t ON t.id = type_id"
    ) == [
        (
            *(
                "Numbers",
                "From one to many.",
                "active",
                "numbers",
                "https://www.example.com/n.png",
                2,
                6,
                4,
                8,
            ),
            *("professional-certificate", "Professional Certificate"),
        )
    ]
    assert [tuple(map(bool, row)) for row in rows("SELECT hidden, one_click_purchase FROM program")] == [
        (False, True)
    ]
    assert members() == [("Numbers", "Uni+Geo"), ("Numbers", "Uni+Alg")]
    assert rows("SELECT key FROM program_excluded_run JOIN course_run ON id = run_id") == [
        ("course-v1:Uni+Geo+2",)
    ]
    assert rows(
        "SELECT key, name, position FROM program_organization JOIN organization ON id = organization_id"
        " ORDER BY position"
    ) == [("Uni", "The University", 0), ("Bank", "Bank", 1)]
    before = whole()
    assert lyceum("import", "catalog", file)[1] == NOTHING
    assert whole() == before


def test_a_program_is_refreshed(lyceum: Lyceum, tmp_path: Path) -> None:
    """What the later file tells replaces what is there, what it does not tell stays."""
    lyceum("import", "catalog", write(tmp_path / "programs.json", PROGRAM))
    later = {
        "uuid": UUID_TEXT,
        "title": "Numbers and shapes",
        "status": "Retired",
        "type": {"name": "XSeries"},
        "card_image": {"src": "https://www.example.com/m.png"},
        "weeks_to_complete": 9,
        "one_click_purchase_enabled": False,
        "authoring_organizations": [{"key": "Bank"}],
        "courses": ["Uni+Alg"],
        "excluded_course_runs": [],
    }
    lyceum("import", "catalog", write(tmp_path / "later.json", later))
    assert rows(
        "SELECT p.title, subtitle, status, card_image_url, weeks_to_complete_min, slug"
        " FROM program p JOIN program_type t ON t.id = type_id"
    ) == [
        ("Numbers and shapes", "From one to many.", "retired", "https://www.example.com/m.png", 9, "xseries")
    ]
    assert members() == [("Numbers and shapes", "Uni+Alg")]
    assert rows("SELECT count(*) FROM program_excluded_run") == [(0,)]
    assert rows("SELECT count(*) FROM program_organization") == [(1,)]
    assert rows("SELECT count(*) FROM course") == [(2,)]
    lyceum("import", "catalog", write(tmp_path / "last.json", later | {"type": None}))
    assert rows("SELECT type_id FROM program") == [(None,)]


def test_programs_that_courses_and_runs_name(lyceum: Lyceum, tmp_path: Path) -> None:
    """They get those courses, after those they have; nothing else of them changes."""
    lyceum("import", "catalog", write(tmp_path / "programs.json", PROGRAM))
    named = {"uuid": UUID_TEXT, "title": "Numbers", "type": "XSeries", "marketing_slug": "numbers"}
    other = {"uuid": "7b24a21c-98c8-47c0-b9c8-054714d40d00", "title": "Letters", "type": "MicroMasters"}
    course = {"key": "Uni+Set", "owners": [], "programs": [named]}
    (before,) = rows("SELECT modified FROM program")
    file = write(
        tmp_path / "courses.json",
        course,
        {"key": "Uni+Alg", "owners": [], "programs": [{"uuid": other["uuid"]}, named]},
        {"key": "Uni/Old/1", "seats": [], "programs": [other]},
        {"key": "course-v1:Uni+Old+2", "seats": [], "programs": [other]},
        {"key": "Uni+Words", "owners": [], "programs": ["MicroMasters"]},
    )
    lyceum("import", "catalog", file)
    assert members() == [
        ("Letters", "Uni+Old"),
        ("Numbers", "Uni+Geo"),
        ("Numbers", "Uni+Alg"),
        ("Numbers", "Uni+Set"),
    ]
    assert rows("SELECT modified FROM program WHERE title = 'Numbers'") > [before]
    assert rows("SELECT subtitle, status FROM program ORDER BY title") == [
        (None, "active"),
        ("From one to many.", "active"),
    ]
    lyceum("import", "catalog", write(tmp_path / "later.json", course | {"programs": []}))
    assert len(members()) == 4
    assert lyceum("import", "catalog", file)[1] == NOTHING


@pytest.mark.parametrize("language", ["English, French", ["English", "French"], None])
def test_a_program_as_enterprise_catalogs_show_it(lyceum: Lyceum, tmp_path: Path, language: Any) -> None:
    """Its language comes from its runs, so either form is accepted (Enterprise contract C-25)."""
    shown = {
        "content_type": "program",
        "aggregation_key": f"program:{UUID_TEXT}",
        "uuid": UUID_TEXT,
        "title": "Numbers",
        "type": "MicroMasters",
        "partner": "edx",
        "published": False,
        "language": language,
        "marketing_url": "micromasters/numbers?utm_medium=enterprise",
    }
    assert lyceum("import", "catalog", write(tmp_path / "p.json", shown))[:2] == (
        0,
        "Imported: program_type 1, program 1.",
    )
    assert rows("SELECT title, status, partner, marketing_slug FROM program") == [
        ("Numbers", "unpublished", "edx", "numbers")
    ]


BAD: list[tuple[Any, str]] = [
    (
        {"uuid": "7b24a21c-98c8-47c0-b9c8-g54714d40d94"},
        "field uuid: '7b24a21c-98c...-g54714d40d94' is not",
    ),
    ({"uuid": None}, "field uuid: a program needs one"),
    ({"title": None}, "field title: a program needs one"),
    ({"title": "x" * 256}, "field title: is longer than 255 characters"),
    ({"status": "gone"}, "field status: 'gone' is none of: active, retired, unpublished, deleted"),
    ({"courses": [{"title": "x"}]}, "field courses[0].key: None is not valid"),
    ({"courses": [5]}, "field courses[0]: is not an object"),
    ({"excluded_course_runs": "x"}, "field excluded_course_runs: is not a list"),
    ({"authoring_organizations": [{}]}, "field authoring_organizations[0].key: None is not valid"),
    ({"weeks_to_complete_min": "4"}, "field weeks_to_complete_min: '4' is not a whole number"),
]


def test_programs_that_are_refused(lyceum: Lyceum, tmp_path: Path) -> None:
    before = whole()
    for change, message in BAD:
        code, _, shown = lyceum("import", "catalog", write(tmp_path / "bad.json", PROGRAM, PROGRAM | change))
        assert code == 1
        assert f"lyceum: bad.json, line 1, {message}" in shown
    assert whole() == before


COURSES: list[Any] = [
    {"key": key, "owners": [], "course_runs": [{"key": f"course-v1:{key}+1"}]}
    for key in ("U+3", "U+1", "U+2")
]
LONE = {"key": "course-v1:U+9+1", "seats": []}


def test_a_catalog_is_filled_in_the_order_of_the_files(lyceum: Lyceum, acme: None, tmp_path: Path) -> None:
    first = write(tmp_path / "first.json", *COURSES)
    second = write(tmp_path / "second.json", PROGRAM, LONE)
    words = ("import", "catalog", second, first, "--catalog", CATALOG.upper())
    code, said, _ = lyceum(*words)
    assert (code, "catalog_item 5" in said) == (0, True)
    assert items() == [UUID_TEXT, "course-v1:U+9+1", "U+3", "U+1", "U+2"]
    before = whole()
    assert lyceum(*words)[1] == NOTHING
    assert lyceum("import", "catalog", first, "--catalog", CATALOG)[1] == NOTHING
    assert lyceum("import", "catalog", second, first, "--customer", "acme", "--title", "List")[1] == NOTHING
    assert whole() == before
    assert [tuple(row) for row in rows("SELECT actor, action, subject FROM audit_entry")] == [
        ("command line", "catalog.change_items", CATALOG)
    ]


def test_what_the_files_do_not_hold_goes_when_that_is_asked_for(
    lyceum: Lyceum, acme: None, tmp_path: Path
) -> None:
    lyceum("import", "catalog", write(tmp_path / "all.json", *COURSES), "--catalog", CATALOG)
    fewer = write(tmp_path / "fewer.json", LONE, COURSES[2], COURSES[0])
    words = ("import", "catalog", fewer, "--catalog", CATALOG, "--replace")
    assert lyceum(*words)[1] == "Imported: course 1, course_run 1, catalog_item 1, catalog_removal 1."
    # What was there keeps its place.
    assert items() == ["U+3", "U+2", "course-v1:U+9+1"]
    assert rows("SELECT kind, key FROM catalog_removal") == [("course", "U+1")]
    assert rows("SELECT count(*) FROM course") == [(4,)]
    assert lyceum(*words)[1] == NOTHING
    lyceum("import", "catalog", write(tmp_path / "again.json", COURSES[1]), "--catalog", CATALOG)
    assert items() == ["U+3", "U+2", "course-v1:U+9+1", "U+1"]
    assert rows("SELECT count(*) FROM catalog_removal") == [(0,)]


def test_a_catalog_is_made_once(lyceum: Lyceum, acme: None, tmp_path: Path) -> None:
    file = write(tmp_path / "courses.json", *COURSES)
    for words in (("--title", "New"), ("--title", "New", "--replace"), ("--title", "New")):
        assert lyceum("import", "catalog", file, "--customer", "other", *words)[0] == 0
    uuid = "0e871df0-6e43-4cfc-92cc-357ebf1fda99"
    for _ in range(2):
        lyceum("import", "catalog", file, "--customer", "other", "--catalog", uuid)
    assert rows(
        "SELECT slug, title FROM enterprise_catalog c JOIN enterprise_customer u ON u.id = customer_id"
        " WHERE slug = 'other' ORDER BY c.id"
    ) == [("other", "New"), ("other", "All Content")]
    assert items() == ["U+3", "U+1", "U+2"] * 2
    assert [row[0] for row in rows("SELECT action FROM audit_entry ORDER BY id")] == [
        *("catalog.create", "catalog.change_items") * 2
    ]


def test_an_item_follows_the_key_of_its_course(lyceum: Lyceum, acme: None, tmp_path: Path) -> None:
    course = deepcopy(COURSES[0]) | {"uuid": UUID_TEXT}
    lyceum("import", "catalog", write(tmp_path / "a.json", course, *COURSES[1:]), "--catalog", CATALOG)
    lyceum("import", "catalog", write(tmp_path / "b.json", course | {"key": "U+Three"}))
    assert items() == ["U+Three", "U+1", "U+2"]
    assert rows("SELECT kind, key FROM catalog_removal") == [("course", "U+3")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--catalog", "0e871df0-6e43-4cfc-92cc-357ebf1fda70"], "name the customer to make it"),
        (["--customer", "nobody"], "there is no customer nobody"),
        (["--customer", ""], "a catalog needs its UUID, or the customer whose it is"),
        (["--customer", "other", "--catalog", CATALOG], f"catalog {CATALOG} is of another customer"),
        (["--catalog", QUERIED], "a query says what is in this catalog"),
        (["--customer", "other", "--title", ""], "this has 1 to 255 printable characters"),
    ],
)
def test_catalogs_that_are_not_filled(
    lyceum: Lyceum, acme: None, tmp_path: Path, words: list[str], message: str
) -> None:
    """Nothing is imported then."""
    before = whole()
    code, _, shown = lyceum("import", "catalog", write(tmp_path / "courses.json", *COURSES), *words)
    assert (code, message in shown) == (1, True), shown
    assert whole() == before


def test_what_is_no_catalog(lyceum: Lyceum, tmp_path: Path) -> None:
    file = write(tmp_path / "courses.json", *COURSES)
    for words in (["--catalog", "x"], ["--replace"]):
        assert lyceum("import", "catalog", file, *words)[0] == 2
