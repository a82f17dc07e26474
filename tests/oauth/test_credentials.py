"""Tokens at the GraphQL API: schemes, what is refused, and scopes (Enrollment contract 3.1 and 3.2)."""

from typing import Any

import httpx

from app.auth.secrets import hash_key
from app.db.engine import Database
from app.db.models import ApiKey, Course, CourseRun, Enrollment, now
from app.vocabulary import RunStatus
from schema.relay import encode_id
from tests.graphql.clients import add_user
from tests.oauth.clients import (
    ADA,
    CONFIDENTIAL,
    LIMITLESS,
    PUBLIC,
    REVOKE,
    MovingClock,
    OAuth,
    basic,
    oauth_of,
)

KEY = "key-0123456789-0123456789"


async def ask(oauth: OAuth, query: str, *authorization: str) -> httpx.Response:
    """The response to a query with these `Authorization` headers."""
    headers = [("authorization", value) for value in authorization]
    return await oauth.http.post("/graphql", json={"query": query}, headers=headers)


async def test_every_scheme_opens_with_what_it_is_for(oauth: OAuth, database: Database) -> None:
    user_id = await add_user(database, "kim")
    async with database.session() as session:
        session.add(ApiKey(user_id=user_id, key_hash=hash_key(KEY)))
    token = (await oauth.token(PUBLIC, ADA))["access_token"]
    for scheme in ("Bearer", "JWT", "Token", "bEARER", "jwt", "TOKEN"):
        assert await oauth.username(token, scheme) == "ada"
    opened = {scheme: await oauth.username(KEY, scheme) for scheme in ("Token", "Bearer", "JWT")}
    assert opened == {"Token": "kim", "Bearer": "kim", "JWT": None}


async def test_a_known_scheme_never_falls_back_to_a_stranger(oauth: OAuth) -> None:
    token = (await oauth.token(PUBLIC, ADA))["access_token"]
    for headers in (
        ["Bearer"],
        ["JWT "],
        ["Token nonsense"],
        [f"Bearer {token} {token}"],
        [f"Bearer {token}", f"Bearer {token}"],
    ):
        response = await ask(oauth, "{ viewer { username } }", *headers)
        assert response.status_code == 401
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert response.headers["www-authenticate"] == 'Bearer realm="api", error="invalid_token"'


async def test_another_scheme_is_a_stranger(oauth: OAuth) -> None:
    for header in ("Digest x", basic("ada", ADA["password"])["authorization"], "nonsense"):
        response = await ask(oauth, "{ viewer { username } }", header)
        assert (response.status_code, response.json()["data"]) == (200, {"viewer": None})


async def test_a_token_in_the_query_or_the_form_is_not_looked_at(oauth: OAuth) -> None:
    token = (await oauth.token(PUBLIC, ADA))["access_token"]
    query = {"query": "{ viewer { username } }"}
    response = await oauth.http.post(f"/graphql?access_token={token}", json=query | {"access_token": token})
    assert response.json()["data"] == {"viewer": None}


async def test_what_another_process_revokes_works_for_5_seconds_at_most(
    database: Database, clock: MovingClock
) -> None:
    async with (
        oauth_of(database, clock, **LIMITLESS) as here,
        oauth_of(database, clock, **LIMITLESS) as elsewhere,
    ):
        token = (await here.token(PUBLIC, ADA))["access_token"]
        assert await elsewhere.username(token) == "ada"
        await here.post(REVOKE, PUBLIC | {"token": token})
        assert await here.username(token) is None
        clock.move(5)
        assert await elsewhere.username(token) is None


EMAILS = (
    "{ viewer { username email } }",
    '{ user(username: "ada") { username email } }',
    "{ users { nodes { username email } } }",
    "{ users { edges { node { username email } } } }",
    f'{{ node(id: "{encode_id("User", 1)}") {{ ... on User {{ username email }} }} }}',
    "{ enrollments { nodes { user { username email } } } }",
    '{ users(where: {email: {startsWith: "a"}}) { nodes { username } } }',
    '{ users(where: {email: {startsWith: "a"}}) { totalCount } }',
)


async def test_scopes_narrow_what_a_token_may_read(oauth: OAuth, database: Database) -> None:
    async with database.session() as session:
        course = Course(key="C+1")
        session.add(course)
        await session.flush()
        run = CourseRun(key="course-v1:C+1+R", course_id=course.id, status=RunStatus.PUBLISHED)
        session.add(run)
        await session.flush()
        session.add(Enrollment(user_id=1, run_id=run.id, mode="audit", created=now()))
    for scope, reads, emails in (
        ("", True, True),
        ("read", True, False),
        ("read email", True, True),
        ("email", False, False),
        ("write profile", False, False),
    ):
        token = (await oauth.token(CONFIDENTIAL, ADA, {"scope": scope}))["access_token"]
        response = await ask(oauth, "{ viewer { username } }", f"Bearer {token}")
        assert (response.status_code == 200) is reads
        if not reads:
            check_insufficient(response)
            continue
        for query in EMAILS:
            body = (await ask(oauth, query, f"Bearer {token}")).json()
            assert ("errors" in body) is not emails, query
            if not emails:
                assert body["errors"][0]["extensions"] == {"code": "FORBIDDEN", "scope": "email"}
                assert "ada" not in str(body["data"])


def check_insufficient(response: httpx.Response) -> None:
    """Assert that a response says which scope is missing."""
    assert response.status_code == 403
    assert response.headers["www-authenticate"] == 'Bearer realm="api", error="insufficient_scope"'
    extensions: dict[str, Any] = response.json()["errors"][0]["extensions"]
    assert extensions == {"code": "FORBIDDEN", "scope": "read"}
