"""Keys, tokens, and who may read what with them (Data Analytics contract 2)."""

import asyncio
import datetime as dt
import re

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from app.auth.accounts import set_api_key, set_password_hash, update_user
from app.auth.clock import now
from app.auth.oauth.admin import create_client, create_token
from app.auth.secrets import hash_password
from app.auth.user_tokens import CLIENT_ID
from app.db.engine import Database
from app.db.models import AccessToken, CourseRun, OAuthClient
from app.demo.credentials import DEMO, LEARNER
from app.vocabulary import ClientType, RunStatus
from tests.databases import Databases
from tests.graphql.clients import Client
from tests.rest.data_analytics.clients import COURSE, PATHS, Analytics, analytics_of, check

ENROLLMENT = PATHS["enrollment"]
MISSING = "Authentication credentials were not provided."
KEY = LEARNER.api_key


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        (None, MISSING),
        (f"Bearer {KEY}", MISSING),
        ("Basic bGVhcm5lcjpsZWFybmVyLXBhc3N3b3Jk", MISSING),
        (f"JWT {KEY}", MISSING),
        (KEY, MISSING),
        ("Token", "Invalid token header. No credentials provided."),
        ("Token ", "Invalid token header. No credentials provided."),
        (f"Token {KEY[:5]} {KEY[5:]}", "Invalid token header. Token string should not contain spaces."),
        ("Token wrong", "Invalid token."),
        ("Token \xe4", "Invalid token."),
    ],
)
async def test_each_wrong_way_has_its_401(api: Analytics, authorization: str | None, detail: str) -> None:
    headers = [(b"authorization", authorization.encode("latin-1"))] if authorization else []
    response = await api.http.get(f"/api/v0/{ENROLLMENT}", headers=headers)
    check(response, 401)
    assert response.json() == {"detail": detail}
    assert response.headers["www-authenticate"] == "Token"


async def test_a_key_elsewhere_than_in_the_header_is_none(api: Analytics) -> None:
    check(await api.http.get(f"/api/v0/{ENROLLMENT}?token={KEY}"), 401)
    check(await api.http.get(f"/api/v0/{ENROLLMENT}", headers={"authentication": f"Token {KEY}"}), 401)


@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN", " Token "])
async def test_the_scheme_in_any_case(api: Analytics, scheme: str) -> None:
    response = await api.ask("GET", ENROLLMENT, f"{scheme} {KEY}")
    assert response.status_code == 200


async def test_a_disabled_user(changing: Analytics) -> None:
    database = Database(changing.url)
    async with database.session() as session:
        await update_user(session, LEARNER.username, active=False)
    await database.dispose()
    response = await changing.get(ENROLLMENT)
    check(response, 401)
    assert response.json() == {"detail": "User inactive or deleted."}
    # Other APIs do not tell.
    other = await changing.ask("GET", "/api/enrollment/v1/enrollment")
    assert other.json() == {"detail": "Invalid Token."}


async def test_access_tokens_open_it_and_those_without_the_scope_do_not(changing: Analytics) -> None:
    database = Database(changing.url)
    async with database.session() as session:
        await create_client(session, ClientType.PUBLIC, client_id="c")
        end = now() + dt.timedelta(days=1)
        _, whole = await create_token(session, LEARNER.username, "c", end)
        _, narrow = await create_token(session, LEARNER.username, "c", end, "write")
    await database.dispose()
    assert (await changing.ask("GET", ENROLLMENT, f"Token {whole}")).status_code == 200
    check(await changing.ask("GET", ENROLLMENT, f"Token {narrow}"), 403)


async def test_a_session_is_no_key(api: Analytics) -> None:
    check(await api.http.get(f"/api/v0/{ENROLLMENT}", headers={"cookie": "sessionid=x"}), 401)


async def test_any_key_reads_everything_here_and_nothing_more_elsewhere(changing: Analytics) -> None:
    database = Database(changing.url)
    async with database.session() as session:
        hidden = update(CourseRun).where(col(CourseRun.key) == COURSE).values(status=RunStatus.UNPUBLISHED)
        await session.execute(hidden)
        await set_api_key(session, "nobody", "key-of-nobody-0123456789")
    await database.dispose()
    for path in PATHS.values():
        answers = [
            await changing.ask("GET", path, f"Token {key}")
            for key in (DEMO.api_key, "key-of-nobody-0123456789")
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].content == answers[1].content
    document = "{ problems { totalCount } courseRuns(first: 1) { nodes { analytics { enrollmentDaily { count } } } } }"
    data = await Client(changing.http).ask(document, key="key-of-nobody-0123456789")
    assert data == {"problems": {"totalCount": 0}, "courseRuns": {"nodes": [{"analytics": None}]}}
    run = f'{{ courseRun(key: "{COURSE}") {{ key }} }}'
    assert await Client(changing.http).ask(run, key="key-of-nobody-0123456789") == {"courseRun": None}


RIGHT = {"username": LEARNER.username, "password": LEARNER.password}


async def test_a14_hands_out_the_same_token_until_it_is_changed(changing: Analytics) -> None:
    async def token() -> str:
        response = await changing.http.post("/api-token-auth/", data=RIGHT)
        assert (response.status_code, list(response.json())) == (200, ["token"]), response.text
        return str(response.json()["token"])

    first = await token()
    assert re.fullmatch("[0-9a-f]{40}", first)
    assert {first} == set(await asyncio.gather(*(token() for _ in range(3))))
    assert (await changing.ask("GET", ENROLLMENT, f"Token {first}")).status_code == 200
    # The key that the user had works as before.
    assert (await changing.get(ENROLLMENT)).status_code == 200

    database = Database(changing.url)
    async with database.session() as session:
        await set_password_hash(session, LEARNER.username, await hash_password(LEARNER.password))
    second = await token()
    assert second != first
    check(await changing.ask("GET", "/authenticated/", "Token wrong"), 401)
    async with database.session() as session:
        await session.execute(update(AccessToken).values(revoked_at=now()))
    third = await token()
    assert third not in (first, second)
    async with database.session() as session:
        await session.execute(update(AccessToken).values(expires=now()))
    assert await token() not in (first, second, third)
    async with database.session() as session:
        client = await session.scalar(select(OAuthClient).where(OAuthClient.client_id == CLIENT_ID))
        assert client is not None and not client.is_active
        of_client = select(AccessToken.token_hash).where(AccessToken.client_id == client.id)
        hashes = (await session.scalars(of_client)).all()
    await database.dispose()
    assert len(hashes) == 4 and first not in hashes


async def test_a14_first_tokens_at_the_same_time_are_one(changing: Analytics) -> None:
    answers = await asyncio.gather(*(changing.http.post("/api-token-auth/", data=RIGHT) for _ in range(5)))
    others = await asyncio.gather(
        *(
            changing.http.post("/api-token-auth", json={"username": DEMO.username, "password": DEMO.password})
            for _ in range(2)
        )
    )
    assert len({answer.json()["token"] for answer in answers}) == 1
    assert len({answer.json()["token"] for answer in others}) == 1


async def test_a14_takes_forms_and_json_with_and_without_a_slash(api: Analytics) -> None:
    tokens = set()
    for path in ("/api-token-auth/", "/api-token-auth"):
        for options in (
            {"data": RIGHT},
            {"json": RIGHT},
            {"files": {name: (None, value) for name, value in RIGHT.items()}},
        ):
            response = await api.http.post(path, **options)
            assert response.status_code == 200, response.text
            tokens.add(response.json()["token"])
    assert len(tokens) == 1


REQUIRED = ["This field is required."]
WRONG = {"non_field_errors": ["Unable to log in with provided credentials."]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({**RIGHT, "password": "wrong"}, WRONG),
        ({**RIGHT, "username": "nobody"}, WRONG),
        ({}, {"username": REQUIRED, "password": REQUIRED}),
        ({"username": "learner"}, {"password": REQUIRED}),
        ({"password": "x", "username": ""}, {"username": REQUIRED}),
    ],
)
async def test_a14_tells_what_is_wrong(api: Analytics, body: dict[str, str], expected: object) -> None:
    for response in (
        await api.http.post("/api-token-auth/", data=body),
        await api.http.post("/api-token-auth/", json=body),
    ):
        assert (response.status_code, response.json()) == (400, expected)


async def test_a14_refuses_what_it_cannot_read(api: Analytics) -> None:
    kinds: list[tuple[str, bytes, int]] = [
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        ("application/json", b'{"username": 1, "password": []}', 400),
        ("application/json", b'{"username": "a\\u0000", "password": "\\ud800"}', 400),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nbad", 400),
        ("application/x-www-form-urlencoded", b"username=%00&password=%ff", 400),
        ("text/plain", b"x", 415),
        ("application/json", b" " * 70_000, 413),
    ]
    for kind, content, status in kinds:
        response = await api.http.post("/api-token-auth/", content=content, headers={"content-type": kind})
        assert response.status_code == status, (kind, content[:40], response.text)
    response = await api.http.post(
        "/api-token-auth/", content=b"{", headers={"content-type": "application/json"}
    )
    assert response.json()["detail"].startswith("JSON parse error - ")


async def test_a14_is_for_post_only(api: Analytics) -> None:
    for method in ("GET", "PUT"):
        response = await api.http.request(method, "/api-token-auth/")
        check(response, 405)
        assert response.headers["allow"] == "POST, OPTIONS"
    assert (await api.http.options("/api-token-auth/")).status_code == 200


async def test_a14_a_disabled_user_is_like_a_wrong_password(changing: Analytics) -> None:
    database = Database(changing.url)
    async with database.session() as session:
        await update_user(session, LEARNER.username, active=False)
    await database.dispose()
    response = await changing.http.post("/api-token-auth/", data=RIGHT)
    assert (response.status_code, response.json()) == (400, WRONG)


async def test_a14_is_limited_like_every_door_for_passwords(
    databases: Databases, demo_urls: dict[str, str]
) -> None:
    url = await databases.copy_url(demo_urls["sqlite"])
    async with analytics_of(url, password_failures=2) as api:
        wrong = RIGHT | {"password": "wrong"}
        statuses = [
            (await api.http.post("/api-token-auth/", data=body)).status_code for body in (wrong, wrong, RIGHT)
        ]
        assert statuses == [400, 400, 429]
    async with analytics_of(url, token_requests_per_minute=2) as api:
        paths = ("/oauth2/access_token/", "/api-token-auth/", "/api-token-auth/")
        responses = [await api.http.post(path, data=RIGHT) for path in paths]
        assert [response.status_code for response in responses] == [400, 200, 429]
        assert "retry-after" in responses[-1].headers
    async with analytics_of(url, password_grant=False) as api:
        check(await api.http.post("/api-token-auth/", data=RIGHT), 403)


@pytest.mark.parametrize("name", ["status", "authenticated", "health"])
async def test_service_paths(api: Analytics, name: str) -> None:
    for old, new in (
        (f"/{name}", f"/{name}/"),
        (f"/api/v0/{name}", f"/api/v0/{name}/"),
        (f"/api/v0/{name}/", f"/{name}/"),
    ):
        response = await api.ask("GET", old, None)
        assert (response.status_code, response.headers["location"]) == (301, new)
    response = await api.ask("GET", f"/{name}/")
    healthy = {"overall_status": "OK", "detailed_status": {"database_connection": "OK"}}
    assert (response.status_code, response.json()) == (200, healthy if name == "health" else {})
    stranger, wrong = [
        await api.ask("GET", f"/{name}/", authorization) for authorization in (None, "Token wrong")
    ]
    assert stranger.status_code == (401 if name == "authenticated" else 200)
    assert wrong.status_code == (200 if name == "health" else 401)


async def test_the_root_leads_to_the_explorer_and_that_to_graphiql(api: Analytics) -> None:
    response = await api.ask("GET", "/", None)
    assert (response.status_code, response.headers["location"]) == (302, "/docs/")
    explorer = await api.ask("GET", "/docs/", None)
    assert '<a href="/graphql">' in explorer.text
    graphiql = await api.ask("GET", "/graphql", None, headers={"accept": "text/html"})
    assert "/docs/" in graphiql.text


async def test_the_explorer_lists_the_resources_in_the_group_api(api: Analytics) -> None:
    described = (await api.ask("GET", "/openapi.json", None)).json()
    groups = {tag["name"] for tag in described["tags"]}
    assert groups > {"api", "Enrollment API", "Batches"}
    listed = {
        path
        for path, methods in described["paths"].items()
        for operation in methods.values()
        if operation["tags"] == ["api"]
    }
    assert {"/api-token-auth/", "/api/v0/courses/{course_id}/activity/"} <= listed
    assert len(listed) == len(PATHS) + 4


async def test_the_explorer_without_a_slash_leads_to_the_one_with_it(api: Analytics) -> None:
    response = await api.ask("GET", "/docs", None)
    assert (response.status_code, response.headers["location"]) == (301, "/docs/")


async def test_a_server_without_its_database_is_not_healthy() -> None:
    async with analytics_of("postgresql://nobody@127.0.0.1:1/nothing") as api:
        response = await api.ask("GET", "/health/", None)
        expected = {
            "overall_status": "UNAVAILABLE",
            "detailed_status": {"database_connection": "UNAVAILABLE"},
        }
        assert (response.status_code, response.json()) == (503, expected)
        assert (await api.ask("GET", "/status/", None)).status_code == 200
