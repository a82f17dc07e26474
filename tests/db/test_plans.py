"""What is asked often reads no table whole, however many rows there are."""

from app.db.engine import Database
from benchmarks.data import SMALL, fill
from benchmarks.plans import Request, plans
from benchmarks.queries import LOOKUPS, QUERIES

FEW_AMONG_MANY = ("problems", "subsections", "videos")


async def test_no_table_is_read_whole(database: Database) -> None:
    await fill(database, SMALL)
    url = database.url.render_as_string(hide_password=False)
    requests = {
        query.name: Request("/graphql", {"query": query.text, "variables": query.variables(SMALL)})
        for query in QUERIES
    }
    requests |= {lookup.name: Request(lookup.address(SMALL)) for lookup in LOOKUPS}
    for case, request in requests.items():
        found = await plans(url, request)
        assert found, case
        assert not any(plan.whole for plan in found), (case, [plan.text for plan in found if plan.whole])
    # Along the primary key a page of these would be read past all the others.
    for field in FEW_AMONG_MANY:
        (plan,) = await plans(url, Request("/graphql", {"query": f"{{ {field} {{ nodes {{ id }} }} }}"}))
        if database.dialect == "sqlite":
            assert "ix_module_category_id (category=?)" in plan.text


async def test_a_table_that_is_read_whole_is_found(database: Database) -> None:
    await fill(database, SMALL)
    url = database.url.render_as_string(hide_password=False)
    query = '{ courses(where: {title: {contains: "subject"}}, orderBy: [{field: TITLE}]) { nodes { key } } }'
    (plan,) = await plans(url, Request("/graphql", {"query": query}))
    # SQLite calls it by its alias.
    assert {name.removesuffix("_1") for name in plan.whole} == {"course"}
