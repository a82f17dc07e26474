"""`lyceum user`: accounts and their passwords."""

import asyncio
import getpass

import pytest
from sqlalchemy import Row, select

from app.auth.secrets import verify_password
from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import Event, User
from app.db.models.tables import table_of
from tests.cli.conftest import Lyceum, contents

pytestmark = pytest.mark.usefixtures("url")

PASSWORD = "correct horse battery staple"


def account(username: str) -> Row[*tuple[object, ...]]:
    """The row of a user."""

    async def read(database: Database) -> Row[*tuple[object, ...]]:
        user = table_of(User)
        async with database.reader.connect() as connection:
            return (await connection.execute(select(user).where(user.c.username == username))).one()

    return with_database(read)


def has_password(username: str, password: str) -> bool:
    """Whether a user's password is this one."""
    return asyncio.run(verify_password(password, account(username).password_hash))


def test_create(lyceum: Lyceum) -> None:
    ended = lyceum("user", "create", "ada", "ada@example.com")
    assert (ended.code, ended.out, ended.err) == (0, "Created user ada.\n", "")
    user = account("ada")
    assert (user.email, user.is_active, user.is_staff, user.is_superuser, user.password_hash) == (
        "ada@example.com",
        True,
        False,
        False,
        None,
    )


def test_create_with_rights(lyceum: Lyceum) -> None:
    for username, options, rights in (
        ("ada", ["--staff"], (True, False)),
        ("bob", ["--superuser"], (False, True)),
        ("cleo", ["--staff", "--superuser"], (True, True)),
    ):
        assert lyceum("user", "create", username, f"{username}@example.com", *options).code == 0
        user = account(username)
        assert (user.is_staff, user.is_superuser) == rights


def test_create_records_an_event_and_nothing_is_recorded_of_a_refusal(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    lyceum("user", "create", "ada", "other@example.com")
    lyceum("user", "create", "ada", "ada@example.com")

    async def read(database: Database) -> list[tuple[object, ...]]:
        event = table_of(Event)
        async with database.reader.connect() as connection:
            return [tuple(row) for row in await connection.execute(select(event.c.type, event.c.user_id))]

    assert with_database(read) == [("user.created", account("ada").id)]


def test_the_event_and_the_user_are_one_transaction(lyceum: Lyceum) -> None:
    async def forbid(database: Database) -> None:
        async with database.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE event RENAME TO elsewhere")

    with_database(forbid)
    assert "event" in lyceum("user", "create", "ada", "ada@example.com").refusal

    async def count(database: Database) -> int:
        async with database.reader.connect() as connection:
            return len((await connection.execute(select(table_of(User)))).all())

    assert with_database(count) == 0


def test_create_again_with_the_same_values_changes_nothing(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ada", "ada@example.com", "--staff")
    before = contents()
    ended = lyceum("user", "create", "ada", "ada@example.com", "--staff")
    assert (ended.code, ended.out) == (0, "User ada is there already.\n")
    assert contents() == before


def test_create_again_with_other_values_is_refused(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ada", "ada@example.com", "--staff")
    before = contents()
    for other in (
        ["other@example.com", "--staff"],
        ["ada@example.com"],
        ["ada@example.com", "--superuser"],
        ["ada@example.com", "--staff", "--superuser"],
    ):
        refusal = lyceum("user", "create", "ada", *other).refusal
        assert refusal == "user ada exists with another e-mail address or other rights"
    assert contents() == before


def test_create_refuses_what_is_no_username(lyceum: Lyceum) -> None:
    for username in ("", " ", "ada lovelace", "ada\n", "x" * 151):
        refusal = lyceum("user", "create", username, "ada@example.com").refusal
        assert refusal == "a username has 1 to 150 printable characters and no spaces"
    assert "surrogates" in lyceum("user", "create", "\udcff", "ada@example.com").refusal
    assert contents()["user"] == []


def test_create_refuses_what_is_no_email_address(lyceum: Lyceum) -> None:
    for email in ("ada", "ada @example.com", "ada@example.com\n", "a@" + "x" * 253):
        assert lyceum("user", "create", "ada", email).refusal.startswith("not an e-mail address")
    assert contents()["user"] == []


def test_create_takes_the_longest_names(lyceum: Lyceum) -> None:
    username, email = "ü" * 150, "a@" + "x" * 252
    assert lyceum("user", "create", username, email).code == 0
    assert account(username).email == email


def test_password_is_one_line_of_input(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    for number, end in enumerate(("", "\n", "\r\n", "\nmore\n")):
        ended = lyceum("user", "password", "ada", stdin=f"{PASSWORD} {number}{end}".encode())
        assert (ended.code, ended.out, ended.err) == (0, "Set the password of ada.\n", "")
        assert has_password("ada", f"{PASSWORD} {number}")


def test_password_replaces_the_one_before(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    lyceum("user", "password", "ada", stdin=b"first")
    lyceum("user", "password", "ada", stdin="zweites Paßwort".encode())
    assert not has_password("ada", "first")
    assert has_password("ada", "zweites Paßwort")


def test_password_is_stored_as_a_hash_only(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    lyceum("user", "password", "ada", stdin=PASSWORD.encode())
    stored = repr(contents())
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


def test_password_of_an_unknown_user(lyceum: Lyceum) -> None:
    assert lyceum("user", "password", "ada", stdin=b"secret").refusal == "there is no user ada"


def test_password_that_is_none(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    for stdin in (b"", b"\n", b"\r\n", b"\nsecret\n"):
        assert lyceum("user", "password", "ada", stdin=stdin).refusal == "the password is empty"
    assert "utf-8" in lyceum("user", "password", "ada", stdin=b"\xff\xfe\n").refusal
    assert account("ada").password_hash is None


def test_password_is_never_an_argument(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    assert lyceum("user", "password", "ada", PASSWORD).code == 2
    assert account("ada").password_hash is None


def test_password_on_a_terminal_is_asked_for_until_it_is_the_same_twice(
    lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch
) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    typed = iter([PASSWORD, "correct horse", PASSWORD, PASSWORD])
    prompts: list[str] = []

    def answer(prompt: str, stream: object = None) -> str:
        prompts.append(prompt)
        return next(typed)

    monkeypatch.setattr(getpass, "getpass", answer)
    ended = lyceum("user", "password", "ada", stdin=None)
    assert (ended.code, len(prompts), list(typed)) == (0, 4, [])
    assert PASSWORD not in ended.out + ended.err
    assert has_password("ada", PASSWORD)
