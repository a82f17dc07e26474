"""`lyceum api-key`: keys that open the server for programs."""

import asyncio
import datetime as dt
import json

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import credentials
from app.auth.secrets import hash_key
from app.cli.common import with_session
from app.db.models import Course, CourseRun, Organization
from tests.cli.conftest import Lyceum, contents
from tests.graphql.clients import Client, client_of

pytestmark = pytest.mark.usefixtures("url")

KEY = "first-key-0123456789abcdef"
OTHER_KEY = "other-key-0123456789abcdef"


async def ask(client: Client, key: str, scheme: str = "Token") -> str | int:
    """The name of the user that a key stands for; the status when it stands for nobody."""
    response = await client.http.post(
        "/graphql", json={"query": "{ viewer { username } }"}, headers={"authorization": f"{scheme} {key}"}
    )
    name: str
    if response.status_code != 200:
        return response.status_code
    name = response.json()["data"]["viewer"]["username"]
    return name


def opens_for(url: str, key: str) -> str | int:
    """What a newly started server makes of a key."""

    async def start_and_ask() -> str | int:
        async with client_of(url) as client:
            return await ask(client, key)

    return asyncio.run(start_and_ask())


@pytest.mark.parametrize("command", [["api-key", "set"], ["set_api_key"]])
def test_a_key_opens_the_server_until_it_is_replaced_or_deleted(
    lyceum: Lyceum, url: str, command: list[str]
) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    assert opens_for(url, KEY) == 401

    ended = lyceum(*command, "ada", KEY)
    assert (ended.code, ended.out, ended.err) == (0, "Set the API key of ada.\n", "")
    assert opens_for(url, KEY) == "ada"

    lyceum(*command, "ada", OTHER_KEY)
    assert (opens_for(url, KEY), opens_for(url, OTHER_KEY)) == (401, "ada")

    ended = lyceum(*command, "ada", "--delete-key")
    assert (ended.code, ended.out) == (0, "Deleted the API key of ada.\n")
    assert opens_for(url, OTHER_KEY) == 401


def test_a_running_server_notices(lyceum: Lyceum, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_REMEMBERED", dt.timedelta(0))

    async def run() -> list[str | int]:
        answers = []
        async with client_of(url) as client:
            for words in (["ada", KEY], ["ada", OTHER_KEY], ["ada", "--delete-key"], ["bob", KEY]):
                await asyncio.to_thread(lyceum, "api-key", "set", *words)
                answers += [await ask(client, KEY), await ask(client, OTHER_KEY, "Bearer")]
        return answers

    assert asyncio.run(run()) == ["ada", 401, 401, "ada", 401, 401, "bob", 401]


def test_an_absent_user_is_created(lyceum: Lyceum, url: str) -> None:
    assert lyceum("api-key", "set", "ada", KEY).code == 0
    assert opens_for(url, KEY) == "ada"
    rows = contents()
    assert len(rows["user"]) == len(rows["event"]) == 1
    assert lyceum("user", "create", "ada", "").out == "User ada is there already.\n"


def test_the_same_key_again_changes_nothing_for_the_server(lyceum: Lyceum, url: str) -> None:
    lyceum("api-key", "set", "ada", KEY)
    assert lyceum("api-key", "set", "ada", KEY).code == 0
    assert opens_for(url, KEY) == "ada"


def test_keys_are_stored_as_hashes_only(lyceum: Lyceum) -> None:
    lyceum("api-key", "set", "ada", KEY)
    stored = repr(contents())
    assert KEY not in stored
    assert hash_key(KEY) in stored


def test_the_key_of_another_user_is_refused(lyceum: Lyceum, url: str) -> None:
    lyceum("api-key", "set", "ada", KEY)
    before = contents()
    assert lyceum("api-key", "set", "bob", KEY).refusal == "another user has this key"
    assert contents() == before
    assert opens_for(url, KEY) == "ada"


def test_the_shortest_and_the_longest_key(lyceum: Lyceum, url: str) -> None:
    for key in ("!~" * 10, "!~" * 20):
        assert lyceum("api-key", "set", "ada", key).code == 0
        assert opens_for(url, key) == "ada"


def test_what_is_no_key_is_refused(lyceum: Lyceum) -> None:
    for key in (
        "",
        "k" * 19,
        "k" * 41,
        "a key with spaces in it",
        " leading-space-0123456789",
        "trailing-space-0123456789 ",
        "tab\tinside-0123456789abc",
        "line\ninside-0123456789abc",
        "schlüssel-0123456789abcdef",
        "\udcff" * 20,
    ):
        refusal = lyceum("api-key", "set", "ada", key).refusal
        assert refusal == "a key has 20 to 40 ASCII characters and no spaces"
    assert contents()["user"] == contents()["api_key"] == []


def test_either_a_key_or_its_deletion(lyceum: Lyceum) -> None:
    lyceum("api-key", "set", "ada", OTHER_KEY)
    before = contents()
    for words in (["ada"], ["ada", KEY, "--delete-key"]):
        assert lyceum("api-key", "set", *words).refusal == "give either a key or --delete-key"
    assert contents() == before


def test_deleting_what_is_not_there(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    for username in ("ada", "nobody"):
        ended = lyceum("api-key", "set", username, "--delete-key")
        assert (ended.code, ended.out) == (0, f"{username} had no API key.\n")
    assert len(contents()["user"]) == 1


def add_courses() -> None:
    async def work(session: AsyncSession) -> None:
        courses = [Course(key=f"X+{number}") for number in (1, 2)]
        session.add_all([*courses, Organization(key="X", name="X"), Organization(key="Y", name="Y")])
        await session.flush()
        session.add(CourseRun(key="X/2/a", course_id=courses[1].id))

    with_session(work)


def restrictions(lyceum: Lyceum) -> list[tuple[str, list[str], list[str]]]:
    rows = json.loads(lyceum("api-key", "list").out)
    return [(row["user"], row["courses"], row["organizations"]) for row in rows]


def test_a_restriction_replaces_the_one_before_and_ends_with_the_key(lyceum: Lyceum) -> None:
    add_courses()
    lyceum("api-key", "set", "ada", KEY)
    lyceum("api-key", "set", "bob", OTHER_KEY)
    words = ("--course", "X/2/a", "--course", "X+1", "--course", "X+2", "--organization", "Y")
    ended = lyceum("api-key", "restrict", "ada", *words)
    assert (ended.code, ended.out) == (0, "Restricted ada to the analytics of X+1, X+2, X/2/a, Y.\n")
    assert restrictions(lyceum) == [("ada", ["X+1", "X+2"], ["Y"]), ("bob", [], [])]

    lyceum("api-key", "restrict", "ada", "--organization", "X")
    # Another key of the same user is as restricted.
    lyceum("api-key", "set", "ada", "third-key-0123456789")
    assert restrictions(lyceum)[0] == ("ada", [], ["X"])

    for out in ("ada is no longer restricted.\n", "ada was not restricted.\n"):
        assert lyceum("api-key", "unrestrict", "ada").out == out
    assert restrictions(lyceum)[0] == ("ada", [], [])

    lyceum("api-key", "restrict", "ada", "--course", "X+1")
    lyceum("api-key", "set", "ada", "--delete-key")
    assert contents()["api_key_course"] == []
    entries = repr(contents()["audit_entry"])
    assert entries.count("'api_key.restrict'") == 3
    assert entries.count("'api_key.unrestrict'") == 1


def test_a_restriction_that_cannot_be_is_refused(lyceum: Lyceum) -> None:
    add_courses()
    lyceum("api-key", "set", "ada", KEY)
    lyceum("api-key", "restrict", "ada", "--course", "X+1")
    before = contents()
    for words, refusal in (
        (["ada"], "give a --course or an --organization"),
        (["bob", "--course", "X+1"], "bob has no API key"),
        (["ada", "--course", "X+2", "--course", "X+3"], "there is no course or course run X+3"),
        (["ada", "--organization", "Z"], "there is no organization Z"),
    ):
        assert lyceum("api-key", "restrict", *words).refusal == refusal
    assert lyceum("api-key", "unrestrict", "bob").refusal == "bob has no API key"
    assert contents() == before
