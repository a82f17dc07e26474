"""Who may read what, and the order of refusals (Enterprise contract 2, 4 and 13)."""

import base64
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from app.auth.clock import now
from app.auth.secrets import hash_key, new_secret
from app.db.models import AccessToken, User
from tests.databases import DIALECTS, Databases
from tests.rest.enterprise.clients import (
    JSON,
    ROOT,
    XML,
    Enterprise,
    add_caller,
    enterprise_of,
    token_of,
)
from tests.rest.enterprise.test_representations import NOT_ACCEPTABLE, PATHS, SERVICES
from tests.rest.enterprise.world import (
    CALLERS,
    CATALOG,
    EMPTY,
    FULL,
    FULL_RUN,
    OTHER,
    RETIRED_PROGRAM,
    add_customers,
    uuid_of,
)

NOT_PROVIDED, EXPIRED = "Authentication credentials were not provided.", "Token has expired."
UNDECODABLE, INVALID = "Error decoding token.", "Invalid token."
NOWHERE = "2f1b8a34-4d7e-4c59-9a0e-6b1f9d3c7e55"
READ_LEARNERS = {"operator", "operator of one", "admin"}


def jwt(header: bytes = b'{"alg": "HS256"}') -> str:
    """A JSON Web Token that somebody else signed."""
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (header, b"{}", b"x"))


@pytest.mark.parametrize("path", [PATHS["E1"], PATHS["E3"], PATHS["E6"], SERVICES["E2"]])
@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        (None, NOT_PROVIDED),
        ("", NOT_PROVIDED),
        (f"Bearer {token_of('operator')}", NOT_PROVIDED),
        (f"Token {token_of('operator')}", NOT_PROVIDED),
        ("Basic b3BlcmF0b3I6c2VjcmV0", NOT_PROVIDED),
        ("JWT", NOT_PROVIDED),
        (f"JWT {token_of('operator')} more", NOT_PROVIDED),
        (f"JWT {token_of('expired')}", EXPIRED),
        ("JWT nonsense", UNDECODABLE),
        ("JWT a.b.c", UNDECODABLE),
        (f"JWT {jwt(b'no JSON')}", UNDECODABLE),
        (f"JWT {jwt()}", INVALID),
        (f"JWT {'x' * 43}", INVALID),
        (f"JWT {token_of('revoked')}", INVALID),
        (f"JWT {token_of('inactive')}", INVALID),
    ],
)
async def test_13_04_the_401_table(
    locked: Enterprise, path: str, authorization: str | None, detail: str
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    response = await locked.ask(path, None, headers=headers)
    assert (response.status_code, response.json()) == (401, {"detail": detail})
    assert response.headers["www-authenticate"] == 'JWT realm="api"'


@pytest.fixture(scope="module", params=DIALECTS)
async def locked(request: pytest.FixtureRequest, databases: Databases) -> Any:
    """An application with tokens that open nothing."""
    database = await databases.empty(request.param)
    await add_customers(database)
    for name in ("expired", "revoked", "inactive"):
        id_ = await add_caller(database, name)
        token = update(AccessToken).where(col(AccessToken.user_id) == id_)
        changes: dict[str, Any] = {
            "expired": token.values(expires=now() - dt.timedelta(seconds=1)),
            "revoked": token.values(revoked_at=now()),
            "inactive": update(User).where(col(User.id) == id_).values(is_active=False),
        }
        async with database.session() as session:
            await session.execute(changes[name])
    async with enterprise_of(database) as api:
        yield api


async def test_13_04_the_scheme_is_read_in_any_case(api: Enterprise) -> None:
    for scheme in ("JWT", "jwt", "Jwt"):
        headers = {"authorization": f"{scheme}  {token_of('operator')}"}
        assert (await api.ask(PATHS["E1"], None, headers=headers)).status_code == 200


def test_13_04_the_server_s_tokens_look_like_those_of_these_tests() -> None:
    assert len(new_secret()) == len(token_of("operator")) == 43
    assert hash_key(new_secret()) != hash_key(new_secret())


@pytest.mark.parametrize("who", [*CALLERS, "nobody", "staff", "linked"])
async def test_13_04_the_role_table(api: Enterprise, who: str) -> None:
    role, customer = CALLERS.get(who, (None, "none"))
    statuses = {
        slug: (
            (await api.ask(catalog, who)).status_code,
            (await api.ask(f"{catalog}/courses/{FULL}", who)).status_code,
            (await api.ask(f"{catalog}/course-runs/{FULL_RUN}", who)).status_code,
            (await api.ask(f"{catalog}/programs/{NOWHERE}", who)).status_code,
            (
                await api.ask(PATHS["E6"].replace(str(uuid_of("accents")), str(uuid_of(slug))), who)
            ).status_code,
        )
        for slug, catalog in (
            ("accents", CATALOG),
            ("symbols", str(uuid_of("audit"))),
            ("plain", OTHER),
        )
    }
    for slug, (*catalog, learners) in statuses.items():
        is_open = role is not None and customer in (slug, None)
        assert catalog == ([200, 200, 200, 404] if is_open else [403] * 4)
        assert learners == (200 if is_open and who in {*READ_LEARNERS, "admin of another"} else 403)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("operator", [CATALOG, EMPTY, str(uuid_of("audit")), OTHER]),
        *((who, [CATALOG, EMPTY]) for who in ("operator of one", "admin", "catalog admin", "learner")),
        ("admin of another", [OTHER]),
        ("staff", []),
    ],
)
async def test_13_04_each_caller_lists_the_catalogs_of_his_roles(
    api: Enterprise, who: str, expected: list[str]
) -> None:
    found = await api.get(ROOT, who)
    assert [catalog["uuid"] for catalog in found["results"]] == expected
    assert found["count"] == len(expected)


@pytest.mark.parametrize("who", ["nobody", "linked"])
async def test_13_04_who_has_no_role_lists_nothing(api: Enterprise, who: str) -> None:
    for path in (PATHS["E1"], SERVICES["E1"]):
        response = await api.ask(path, who)
        assert response.status_code == 403 and response.json()["detail"]


@pytest.mark.parametrize(("name", "path"), [*PATHS.items(), *SERVICES.items()])
async def test_13_04_what_is_refused_first(api: Enterprise, name: str, path: str) -> None:
    unknown = path.replace(CATALOG, "no-uuid").replace(str(uuid_of("accents")), "no-uuid")
    item = path.replace(FULL, "no+key").replace("R1", "R9").replace("programs/", "programs/x")
    steps: list[tuple[int, str, dict[str, Any]]] = [
        (406, unknown, {"who": None, "accept": "text/csv", "method": "POST"}),
        (401, unknown, {"who": None, "method": "POST"}),
        (405, unknown, {"who": "nobody", "method": "POST"}),
    ]
    if name.startswith("E6"):
        steps += [
            (403, unknown + "?page=0", {"who": "nobody"}),
            (403, unknown + "?page=0", {"who": "admin"}),
            (404, unknown + "?page=0", {}),
        ]
    else:
        if name != "E1":
            steps.append((404, unknown + "?page=0", {"who": "nobody"}))
        steps.append((403, item + "?page=0", {"who": "nobody"}))
        steps.append((404, item + "?page=0", {}))
    for status, address, options in steps:
        response = await api.ask(address, **options)
        assert response.status_code == status, (address, options)
        assert (response.headers.get("www-authenticate") is not None) is (status == 401)
        if status == 406:
            assert NOT_ACCEPTABLE in response.text
        if status == 405:
            assert response.json() == {"detail": 'Method "POST" not allowed.'}
            assert response.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"])
async def test_13_04_other_methods_are_405(api: Enterprise, method: str) -> None:
    for accept in (JSON, XML):
        response = await api.ask(PATHS["E2"], accept=accept, method=method)
        assert response.status_code == 405
        assert f'Method "{method}" not allowed.' in response.text.replace("\\", "")
        assert response.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path",
    [
        "no-uuid",
        NOWHERE,
        f"{CATALOG}/courses/no+key",
        f"{CATALOG}/courses/course-v1:edX+DemoX",
        f"{CATALOG}/courses/a/b/c/d",
        f"{CATALOG}/course-runs/course-v1:MyUni+Sport101x",
        f"{CATALOG}/course-runs/{FULL}",
        f"{CATALOG}/programs/7b24a21c-98c8-47c0-b9c8-g54714d40d94",
        f"{CATALOG}/programs/{NOWHERE}",
        f"{EMPTY}/courses/{FULL}",
        f"{OTHER}/programs/{RETIRED_PROGRAM}",
        f"no-uuid/courses/{FULL}",
        "%00",
    ],
)
async def test_13_04_what_is_not_there_is_404(api: Enterprise, path: str) -> None:
    response = await api.ask(path)
    assert response.status_code == 404
    if path != "%00":
        assert response.json() == {"detail": "Not found."}


async def test_13_04_an_unknown_customer_has_no_learners_for_who_reads_all(api: Enterprise) -> None:
    path = PATHS["E6"].replace(str(uuid_of("accents")), NOWHERE)
    assert await api.get(path) == {"count": 0, "next": None, "previous": None, "results": []}
    assert (await api.ask(path, "admin")).status_code == 403


async def test_requests_are_throttled_when_the_deployment_says_so(databases: Databases) -> None:
    database = await databases.empty("sqlite")
    await add_customers(database)
    async with enterprise_of(database, enterprise_requests_per_minute=2) as api:
        assert [(await api.ask(ROOT)).status_code for _ in range(2)] == [200, 200]
        response = await api.ask(ROOT)
        seconds = response.headers["retry-after"]
        assert (response.status_code, response.json()) == (
            429,
            {"detail": f"Request was throttled. Expected available in {seconds} seconds."},
        )
        assert (await api.ask(ROOT, "admin")).status_code == 200


async def test_a_token_without_the_scope_of_e_mail_reads_no_learners(databases: Databases) -> None:
    database = await databases.empty("sqlite")
    await add_customers(database)
    async with database.session() as session:
        await session.execute(update(AccessToken).values(scope="read"))
    async with enterprise_of(database) as api:
        assert (await api.ask(PATHS["E1"])).status_code == 200
        response = await api.ask(PATHS["E6"])
        assert (response.status_code, list(response.json())) == (403, ["detail"])
