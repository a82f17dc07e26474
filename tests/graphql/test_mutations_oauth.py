"""OAuth clients and tokens through GraphQL: who sees and administers which (Enrollment contract 3.4)."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from app.auth import accounts
from app.auth.oauth import admin
from app.db.engine import Database
from app.db.models import AccessToken, AuditEntry, OAuthClient, now
from app.vocabulary import ClientType
from schema.relay import encode_id
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import Client, add_user, client_of
from tests.graphql.test_mutations_people import PEOPLE, key_of
from tests.oauth.clients import TOKEN

END = (now() + dt.timedelta(days=90)).replace(microsecond=0)

ERRORS = """... on Error { message } ... on ValidationError { field } ... on NotFound { field }
  ... on NotPermitted { field }"""
MUTATIONS = {
    "createOauthClient": "... on OAuthClientIssued { clientSecret client { id clientId type grants user { username } } }",
    "rotateOauthClientSecret": "... on OAuthClientIssued { clientSecret client { clientId } }",
    "createAccessToken": "... on AccessTokenIssued { accessToken token { id scope expires revokedAt user { username } client { clientId } } }",
    "revokeAccessToken": "... on AccessTokenRevoked { token { revokedAt } }",
}


@dataclass
class World:
    client: Client
    database: Database
    tokens: dict[str, tuple[str, str]]
    """By user: global id and text of an access token."""
    clients: dict[str, str]
    """Global ids by client id, which is the name of its user."""

    async def change(self, caller: str, mutation: str, *, token: str | None = None, **values: Any) -> Any:
        type_ = mutation[0].upper() + mutation[1:] + "Input"
        errors = (
            ERRORS.replace("... on NotPermitted { field }", "") if mutation.startswith("revoke") else ERRORS
        )
        query = f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ __typename {MUTATIONS[mutation]} {errors} }} }}"
        response = await self.client.post(query, {"input": values}, key=token or key_of(caller))
        answer = response.json()
        return (
            answer["data"][mutation] if "errors" not in answer else answer["errors"][0]["extensions"]["code"]
        )

    async def works(self, token: str) -> bool:
        return (await self.client.post("{ viewer { id } }", key=token)).status_code == 200


@pytest.fixture(params=DIALECTS)
async def world(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[World]:
    database = await databases.empty(request.param)
    for name, columns in PEOPLE.items():
        await add_user(database, name, key_of(name), **columns)
    tokens, clients = {}, {}
    async with database.session() as session:
        for name in PEOPLE:
            client, _ = await admin.create_client(
                session, ClientType.CONFIDENTIAL, username=name, client_id=name
            )
            await session.flush()
            token, text = await admin.create_token(session, name, name, END)
            tokens[name] = encode_id("AccessToken", token.id), text
            clients[name] = encode_id("OAuthClient", client.id)
    async with client_of(database, cost_per_minute=0) as client_:
        yield World(client_, database, tokens, clients)


def outline(answer: Any) -> str:
    if isinstance(answer, str) or "message" not in answer:
        return answer if isinstance(answer, str) else "done"
    return f"{answer['__typename']} {answer['field']}"


@pytest.mark.parametrize(
    ("caller", "tokens", "clients"), [(None, 0, 0), ("learner", 1, 0), ("staff", 5, 5), ("root", 5, 5)]
)
async def test_who_sees_tokens_and_clients(
    world: World, caller: str | None, tokens: int, clients: int
) -> None:
    key = None if caller is None else key_of(caller)
    data = await world.client.ask(
        """{ accessTokens { totalCount nodes { id user { username } client { clientId } scope expires revokedAt } }
             oauthClients { totalCount nodes { id clientId type name user { username } scopes tokenLife } } }""",
        key=key,
    )
    assert (data["accessTokens"]["totalCount"], data["oauthClients"]["totalCount"]) == (tokens, clients)
    if caller == "learner":
        (token,) = data["accessTokens"]["nodes"]
        assert (token["user"], token["client"]) == ({"username": "learner"}, None)
    query = "query ($id: ID!) { node(id: $id) { id } }"
    for id_, seen in (
        (world.tokens["learner"][0], tokens > 0),
        (world.tokens["other"][0], tokens > 1),
        (world.clients["learner"], clients > 0),
    ):
        found = await world.client.ask(query, {"id": id_}, key=key)
        assert found["node"] == ({"id": id_} if seen else None)


WHO_ACTS_AS_WHOM = [
    ("learner", "learner", "NotPermitted None"),
    ("staff", "learner", "done"),
    ("staff", "staff", "done"),
    ("staff", "colleague", "NotPermitted username"),
    ("staff", "root", "NotPermitted username"),
    ("staff", "nobody", "NotFound username"),
    ("root", "colleague", "done"),
    ("root", "root", "done"),
]


@pytest.mark.parametrize(("caller", "whom", "answer"), WHO_ACTS_AS_WHOM)
async def test_nobody_gets_credentials_of_somebody_with_other_rights(
    world: World, caller: str, whom: str, answer: str
) -> None:
    made = await world.change(caller, "createOauthClient", type="CONFIDENTIAL", username=whom)
    assert outline(made) == answer
    token = await world.change(
        caller, "createAccessToken", username=whom, clientId="other", expires=END.isoformat()
    )
    assert outline(token) == answer
    rotated = None
    if whom in world.clients:
        rotated = await world.change(caller, "rotateOauthClientSecret", id=world.clients[whom])
        assert outline(rotated) == answer.replace("username", "id")
    async with world.database.session() as session:
        entries = list(await session.scalars(select(AuditEntry)))
        rows = str(
            [
                row.model_dump(warnings=False)
                for model in (OAuthClient, AccessToken, AuditEntry)
                for row in await session.scalars(select(model))
            ]
        )
    if answer != "done":
        assert entries == []
        return
    assert rotated is not None
    assert [(entry.actor, entry.action) for entry in entries] == [
        (caller, action) for action in ("client.create", "token.create", "client.rotate")
    ]
    assert entries[0].detail == {"type": "confidential", "user": whom, "name": ""}
    for secret in (made["clientSecret"], token["accessToken"], rotated["clientSecret"]):
        assert secret not in rows
    assert made["client"]["user"] == {"username": whom}
    assert token["token"]["user"] == {"username": whom}
    assert await world.works(token["accessToken"])
    for client_id, secret in (
        (made["client"]["clientId"], made["clientSecret"]),
        (whom, rotated["clientSecret"]),
    ):
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        assert (await world.client.http.post(TOKEN, data=form)).status_code == 200


async def test_who_is_being_promoted_is_waited_for(world: World) -> None:
    """Rights are looked at where nobody changes them meanwhile."""
    issue = {"username": "learner", "clientId": "other", "expires": END.isoformat()}
    async with world.database.session() as session:
        await accounts.update_user(session, "learner", staff=True)
        await admin.update_client(session, "other", username="colleague")
        await session.flush()
        tasks = [
            asyncio.create_task(world.change("staff", "createAccessToken", **issue)),
            asyncio.create_task(
                world.change("staff", "createOauthClient", type="PUBLIC", username="learner")
            ),
            asyncio.create_task(world.change("staff", "rotateOauthClientSecret", id=world.clients["other"])),
        ]
        await asyncio.wait(tasks, timeout=0.5)
    assert [outline(await task) for task in tasks] == [
        "NotPermitted username",
        "NotPermitted username",
        "NotPermitted id",
    ]


@pytest.mark.parametrize(
    ("caller", "whom", "answer"),
    [
        ("learner", "learner", "done"),
        ("learner", "other", "NotFound id"),
        ("staff", "other", "done"),
        ("staff", "root", "done"),
    ],
)
async def test_who_revokes_which_token_and_it_stops_at_once(
    world: World, caller: str, whom: str, answer: str
) -> None:
    id_, text = world.tokens[whom]
    assert await world.works(text)
    revoked = await world.change(caller, "revokeAccessToken", id=id_)
    assert outline(revoked) == answer
    assert await world.works(text) is (answer != "done")
    if answer == "done":
        assert revoked["token"]["revokedAt"]
        assert await world.change(caller, "revokeAccessToken", id=id_) == revoked


@pytest.mark.parametrize(
    ("mutation", "values", "answer"),
    [
        ("createOauthClient", {"type": "PUBLIC", "clientId": "learner"}, "ValidationError clientId"),
        ("createOauthClient", {"type": "PUBLIC", "clientId": "a b"}, "ValidationError clientId"),
        ("createOauthClient", {"type": "PUBLIC", "clientId": ""}, "ValidationError clientId"),
        ("createOauthClient", {"type": "PUBLIC", "name": "x" * 256}, "ValidationError name"),
        ("createOauthClient", {"type": "PUBLIC", "name": "\0"}, "ValidationError name"),
        ("createOauthClient", {"type": "PUBLIC", "username": "\0"}, "ValidationError username"),
        ("createOauthClient", {"type": "PUBLIC", "username": None, "name": None}, "done"),
        ("rotateOauthClientSecret", {"id": encode_id("OAuthClient", 999)}, "NotFound id"),
        ("rotateOauthClientSecret", {"id": encode_id("User", 1)}, "ValidationError id"),
        ("createAccessToken", {"clientId": "none", "expires": END.isoformat()}, "ValidationError clientId"),
        ("createAccessToken", {"clientId": "\0", "expires": END.isoformat()}, "ValidationError clientId"),
        ("createAccessToken", {"clientId": "other", "expires": "2020-01-01"}, "ValidationError expires"),
        (
            "createAccessToken",
            {"clientId": "other", "expires": END.isoformat(), "scope": "read all"},
            "ValidationError scope",
        ),
        ("createAccessToken", {"clientId": "other", "expires": "9999-12-31T23:59:59Z"}, "done"),
        ("revokeAccessToken", {"id": encode_id("AccessToken", 999)}, "NotFound id"),
    ],
)
async def test_what_cannot_be_used(world: World, mutation: str, values: dict[str, Any], answer: str) -> None:
    assert outline(await world.change("staff", mutation, **values)) == answer


async def test_a_token_with_a_chosen_end_and_scope(world: World) -> None:
    made = await world.change(
        "staff", "createAccessToken", clientId="other", expires=END.isoformat(), scope="write read"
    )
    assert made["token"] | {"id": ""} == {
        "id": "",
        "scope": "write read",
        "expires": END.isoformat().replace("+00:00", "Z"),
        "revokedAt": None,
        "user": {"username": "staff"},
        "client": {"clientId": "other"},
    }
    # It is for changing things, but not for making credentials that are for more.
    narrow = made["accessToken"]
    for mutation, values in (
        ("createOauthClient", {"type": "PUBLIC"}),
        ("rotateOauthClientSecret", {"id": world.clients["other"]}),
        ("createAccessToken", {"clientId": "other", "expires": END.isoformat()}),
    ):
        assert await world.change("staff", mutation, token=narrow, **values) == "FORBIDDEN"
    own = encode_id("User", 2)
    for input_, answer in (
        (f'{{id: "{own}", name: "S"}}', {"__typename": "UserSaved"}),
        (f'{{id: "{own}", email: "s@example.com"}}', None),
        (f'{{id: "{own}", password: "x"}}', None),
    ):
        response = await world.client.post(
            f"mutation {{ updateUser(input: {input_}) {{ __typename }} }}", key=narrow
        )
        data = response.json()["data"]
        assert (data and data["updateUser"]) == answer


async def test_scopes_of_mutations(world: World) -> None:
    """Changing needs `write`; what the answer shows beyond that is read."""
    ask = 'mutation { updateUser(input: {id: "%s", name: "S"}) { ... on UserSaved { %s } } }'
    own = encode_id("User", 2)
    texts = {}
    for scope in ("read", "write", "write read"):
        made = await world.change(
            "staff", "createAccessToken", clientId="other", expires=END.isoformat(), scope=scope
        )
        texts[scope] = made["accessToken"]
    for scope, selection, status in (
        ("read", "__typename", 403),
        ("write", "__typename", 200),
        ("write", "user { username }", 403),
        ("write read", "user { username }", 200),
    ):
        response = await world.client.post(ask % (own, selection), key=texts[scope])
        assert response.status_code == status, (scope, selection)
