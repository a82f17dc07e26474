"""Who may see and do what, through REST and GraphQL from one table (Enrollment contract 3.4; A-8, A-9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from app.auth.secrets import hash_key
from app.db.engine import Database
from tests.graphql.clients import Client
from tests.rest.clients import (
    ACCOUNTS_BATCH,
    BARE,
    COURSE,
    ENROLLED,
    ENROLLMENT,
    ENROLLMENT_BATCH,
    ENROLLMENTS,
    FULL,
    OLD,
    OPEN,
    USERS,
    Rest,
    add_token,
    key_of,
    state,
)

STRANGER, ORDINARY, COURSE_STAFF, STAFF, SUPERUSER = "stranger", "learner", "tutor", "staff", "root"
VIEWERS = (STRANGER, ORDINARY, COURSE_STAFF, STAFF, SUPERUSER)
REFUSED, FORBIDDEN, HIDDEN, DONE = "refused", "forbidden", "hidden", "done"
"""What a door answers: 401, 403, 404, or that it is done; else the rows that are seen."""

Outcome = str | frozenset[str]


def rows(*names: str) -> frozenset[str]:
    """The rows that are seen."""
    return frozenset(names)


@dataclass(frozen=True)
class Cell:
    """A resource of the table: how each door is asked, and what each viewer gets.

    Where GraphQL shows what there is to see, a refusal is no rows.
    """

    expected: Mapping[str, Outcome]
    rest: tuple[str, str, Any] | None = None
    graphql: str | None = None
    changes: frozenset[tuple[str, str]] = frozenset()
    """The enrollments that are other ones when it is done."""


def each(
    stranger: Outcome, ordinary: Outcome, course_staff: Outcome | None, staff: Outcome
) -> dict[str, Outcome]:
    """A row of the table; course staff are like ordinary users when None."""
    tutor = ordinary if course_staff is None else course_staff
    return dict(zip(VIEWERS, (stranger, ordinary, tutor, staff, staff), strict=True))


def enroll(key: str, **members: Any) -> tuple[str, str, Any]:
    """An enrollment through REST."""
    return "POST", ENROLLMENT, {"course_details": {"course_id": key}, **members}


def enroll_input(key: str, members: str = "") -> str:
    """The same through GraphQL."""
    return f'mutation {{ outcome: enroll(input: {{runKey: "{key}" {members}}}) {{ __typename }} }}'


def of(username: str, *, active: bool = True) -> frozenset[str]:
    """The runs of a user's enrollments."""
    return rows(*(key for name, key, _, is_active, _ in ENROLLED if name == username and is_active >= active))


BY_USER = """{ rows: enrollments(first: 50, where: {isActive: true, username: {eq: "%s"}}) {
  nodes { run { key } } } }"""
EVERYONE = rows(*USERS)
LEARNERS = rows(*(name for name, *_ in ENROLLED))

CELLS = {
    "own enrollments": Cell(
        {
            STRANGER: REFUSED,
            ORDINARY: of("learner"),
            COURSE_STAFF: of("tutor"),
            STAFF: rows(),
            SUPERUSER: rows(),
        },
        ("GET", ENROLLMENT, None),
        "{ viewer { rows: enrollments(first: 50, where: {isActive: true}) { nodes { run { key } } } } }",
    ),
    "another's enrollments": Cell(
        each(REFUSED, rows(), rows(OPEN), of("second")),
        ("GET", f"{ENROLLMENT}?user=second", None),
        BY_USER % "second",
    ),
    "enrollments of an unknown user": Cell(
        each(REFUSED, rows(), None, rows()), ("GET", f"{ENROLLMENT}?user=nobody", None), BY_USER % "nobody"
    ),
    "one enrollment of another": Cell(
        each(REFUSED, HIDDEN, None, rows(OPEN)), ("GET", f"{ENROLLMENT}/second,{OPEN}", None)
    ),
    "course details": Cell(
        each(rows(OPEN), rows(OPEN), None, rows(OPEN)),
        ("GET", f"{COURSE}/{OPEN}", None),
        f'{{ rows: courseRun(key: "{OPEN}") {{ key }} }}',
    ),
    "all enrollments": Cell(each(REFUSED, FORBIDDEN, None, LEARNERS), ("GET", ENROLLMENTS, None)),
    "enrol oneself": Cell(
        each(REFUSED, DONE, None, DONE), enroll(OLD), enroll_input(OLD), frozenset({("", OLD)})
    ),
    "enrol oneself, free mode": Cell(
        each(REFUSED, DONE, None, DONE),
        enroll(OLD, mode="honor"),
        enroll_input(OLD, 'mode: "honor"'),
        frozenset({("", OLD)}),
    ),
    "enrol another": Cell(
        each(REFUSED, HIDDEN, None, DONE),
        enroll(BARE, user="second"),
        enroll_input(BARE, 'username: "second"'),
        frozenset({("second", BARE)}),
    ),
    "enrol an unknown user": Cell(
        each(REFUSED, HIDDEN, None, "unknown"),
        enroll(BARE, user="nobody"),
        enroll_input(BARE, 'username: "nobody"'),
    ),
    "paid mode": Cell(
        each(REFUSED, FORBIDDEN, None, DONE),
        enroll(OPEN, mode="verified"),
        enroll_input(OPEN, 'mode: "verified"'),
        frozenset({("", OPEN)}),
    ),
    "deactivate": Cell(
        {STRANGER: REFUSED, ORDINARY: FORBIDDEN, COURSE_STAFF: FORBIDDEN},
        enroll(BARE, is_active=False),
        enroll_input(BARE, "isActive: false"),
    ),
    "deactivate another": Cell(
        each(REFUSED, HIDDEN, None, DONE),
        enroll(OPEN, user="second", is_active=False),
        enroll_input(OPEN, 'username: "second", isActive: false'),
        frozenset({("second", OPEN)}),
    ),
    "accounts": Cell(
        {
            STRANGER: rows(),
            **{name: rows(name) for name in VIEWERS[1:3]},
            STAFF: EVERYONE,
            SUPERUSER: EVERYONE,
        },
        graphql="{ rows: users(first: 50) { nodes { key: username } } }",
    ),
    "enrollments that one sees": Cell(
        {
            STRANGER: rows(),
            ORDINARY: rows("learner"),
            COURSE_STAFF: rows("tutor", "learner", "second"),
            STAFF: LEARNERS,
            SUPERUSER: LEARNERS,
        },
        graphql="{ rows: enrollments(first: 50) { nodes { key: username } } }",
    ),
    "accounts batch": Cell(each(REFUSED, FORBIDDEN, None, EVERYONE), ("GET", ACCOUNTS_BATCH, None)),
    "accounts batch, another": Cell(
        each(REFUSED, FORBIDDEN, None, rows("second")), ("GET", f"{ACCOUNTS_BATCH}?username=second", None)
    ),
    "accounts batch, empty name": Cell(
        each(REFUSED, FORBIDDEN, None, EVERYONE), ("GET", f"{ACCOUNTS_BATCH}?username=", None)
    ),
    "accounts batch, own name": Cell(
        {STRANGER: REFUSED, **{name: rows(name) for name in VIEWERS[1:]}},
        ("GET", f"{ACCOUNTS_BATCH}?username={{viewer}}", None),
    ),
    "enrollment batch": Cell(each(REFUSED, FORBIDDEN, None, LEARNERS), ("GET", ENROLLMENT_BATCH, None)),
    "enrollment batch, another": Cell(
        each(REFUSED, FORBIDDEN, None, rows("second")), ("GET", f"{ENROLLMENT_BATCH}?username=second", None)
    ),
    "enrollment batch, empty name": Cell(
        each(REFUSED, FORBIDDEN, None, LEARNERS), ("GET", f"{ENROLLMENT_BATCH}?username=", None)
    ),
    "enrollment batch, own name": Cell(
        {
            STRANGER: REFUSED,
            ORDINARY: rows("learner"),
            COURSE_STAFF: rows("tutor"),
            STAFF: rows(),
            SUPERUSER: rows(),
        },
        ("GET", f"{ENROLLMENT_BATCH}?username={{viewer}}", None),
    ),
}

STATUSES: dict[int, Outcome] = {401: REFUSED, 403: FORBIDDEN, 404: HIDDEN, 406: "unknown"}
TYPENAMES: dict[str, Outcome] = {"EnrollmentSaved": DONE, "NotPermitted": FORBIDDEN, "NotFound": HIDDEN}


async def through_rest(rest: Rest, cell: Cell, viewer: str) -> Outcome:
    """What REST answers."""
    assert cell.rest is not None
    method, path, body = cell.rest
    who = None if viewer == STRANGER else viewer
    response = await rest.ask(method, path.format(viewer=viewer), who, json=body)
    if response.status_code != 200:
        return STATUSES[response.status_code]
    answer = response.json()
    if method == "POST":
        return DONE
    found = answer.get("results", [answer]) if isinstance(answer, dict) else answer
    if "batch" in path or path == ENROLLMENTS:
        return rows(*(row.get("username") or row["user"] for row in found))
    return rows(*((row.get("course_details") or row)["course_id"] for row in found))


async def through_graphql(rest: Rest, cell: Cell, viewer: str) -> Outcome:
    """What GraphQL answers."""
    assert cell.graphql is not None
    key = None if viewer == STRANGER else key_of(viewer)
    answer = (await Client(rest.http).post(cell.graphql, key=key)).json()
    if "errors" in answer:
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAUTHENTICATED"}, answer
        return REFUSED
    data = answer["data"]
    if "outcome" in data:
        return TYPENAMES[data["outcome"]["__typename"]]
    found = (data["viewer"] or {"rows": {"nodes": []}} if "viewer" in data else data)["rows"]
    nodes = found.get("nodes", [found])
    return rows(*(node.get("key") or node["run"]["key"] for node in nodes))


@pytest.mark.parametrize("door", [through_rest, through_graphql], ids=["REST", "GraphQL"])
@pytest.mark.parametrize(
    ("resource", "viewer"), [(name, viewer) for name, cell in CELLS.items() for viewer in cell.expected]
)
async def test_a_8_a_9_the_table(
    rest: Rest, database: Database, resource: str, viewer: str, door: Any
) -> None:
    cell = CELLS[resource]
    if (cell.graphql if door is through_graphql else cell.rest) is None:
        return
    before = await state(database)
    outcome, expected = await door(rest, cell, viewer), cell.expected[viewer]
    if door is through_graphql and "rows: " in (cell.graphql or "") and expected == REFUSED:
        # It shows a stranger that there is nothing to see.
        expected = rows()
    if door is through_graphql and expected == "unknown":
        expected = HIDDEN
    assert outcome == expected
    after = await state(database)
    changed = {place for place in after if before.get(place) != after[place]}
    assert changed <= {(name or viewer, key) for name, key in cell.changes if expected == DONE}


TOKENS = "{ accessTokens { nodes { id } } }"
CLIENTS = "{ oauthClients { nodes { id } } }"
REVOKE = "mutation ($id: ID!) { revokeAccessToken(input: {id: $id}) { __typename } }"
HOLDERS = ("learner", "tutor", "second")


@pytest.mark.parametrize(
    ("viewer", "holders", "clients"),
    [
        (STRANGER, (), False),
        (ORDINARY, ("learner",), False),
        (COURSE_STAFF, ("tutor",), False),
        (STAFF, HOLDERS, True),
        (SUPERUSER, HOLDERS, True),
    ],
)
async def test_a_8_tokens_and_clients(
    rest: Rest, database: Database, viewer: str, holders: tuple[str, ...], clients: bool
) -> None:
    tokens = {name: await add_token(database, name) for name in HOLDERS}
    client = Client(rest.http)
    ids = {}
    for name in HOLDERS:
        (node,) = (await client.ask(TOKENS, key=key_of(name)))["accessTokens"]["nodes"]
        ids[name] = node["id"]
    key = None if viewer == STRANGER else key_of(viewer)

    answers = [await client.post(query, key=key) for query in (TOKENS, CLIENTS)]
    seen, found = [nodes_of(answer.json()) for answer in answers]
    assert seen == {ids[name] for name in holders}
    assert bool(found) is clients
    for secret in (*tokens.values(), *map(hash_key, tokens.values()), hash_key("secret")):
        assert all(secret not in answer.text for answer in answers)

    for name in HOLDERS:
        await client.post(REVOKE, {"id": ids[name]}, key=key)
        headers = {"authorization": f"Bearer {tokens[name]}"}
        opened = await rest.ask("GET", ENROLLMENT, headers=headers)
        assert opened.status_code == (401 if name in holders else 200), name


def nodes_of(answer: Any) -> set[str]:
    """The ids that a list shows; a stranger may be refused instead."""
    if "errors" in answer:
        assert {error["extensions"]["code"] for error in answer["errors"]} <= {"UNAUTHENTICATED", "FORBIDDEN"}
        return set()
    (nodes,) = (connection["nodes"] for connection in answer["data"].values())
    return {node["id"] for node in nodes}


async def test_a_8_one_that_is_hidden_is_like_one_that_is_not_there(rest: Rest, database: Database) -> None:
    for name in ("learner", "second"):
        await add_token(database, name)
    client = Client(rest.http)
    (node,) = (await client.ask(TOKENS, key=key_of("second")))["accessTokens"]["nodes"]
    answers = []
    for id_ in (node["id"], node["id"]):
        answers.append((await client.post(REVOKE, {"id": id_}, key=key_of("learner"))).text)
        await client.post(REVOKE, {"id": id_}, key=key_of("second"))
    assert answers[0] == answers[1]
    others = [
        (await client.post(enroll_input(FULL, f'username: "{name}"'), key=key_of("learner"))).json()["data"]
        for name in ("second", "nobody")
    ]
    assert others[0] == others[1] == {"outcome": {"__typename": "NotFound"}}


async def test_course_staff_see_names_of_learners_and_not_their_accounts(shared: Rest) -> None:
    query = f"""{{ courseRun(key: "{OPEN}") {{
      enrollments(where: {{username: {{eq: "second"}}}}) {{ nodes {{ username user {{ email }} }} }}
    }} }}"""
    answer = (await Client(shared.http).post(query, key=key_of("tutor"))).json()
    assert answer["data"]["courseRun"]["enrollments"]["nodes"] == [{"username": "second", "user": None}]
