"""The demo's users: two with credentials, and a crowd with names and profiles."""

import datetime as dt
import unicodedata
from random import Random
from typing import TypeVar

from app.demo.content.names import COUNTRIES, FAMILY_NAMES, GIVEN_NAMES
from app.demo.content.types import moment
from app.demo.credentials import DEMO, LEARNER
from app.demo.rows import Row
from app.vocabulary import EducationLevel, Gender

T = TypeVar("T")

FIRST_DAY = moment("2024-07-01")
"""Nobody enrolled or learned before; some had an account."""

END = moment("2026-07-01")
"""Nothing happens from here on."""

NUMBER = 2000

_GENDERS: dict[Gender | None, float] = {
    Gender.FEMALE: 44,
    Gender.MALE: 46,
    Gender.OTHER: 3,
    None: 7,
}
_EDUCATION: dict[EducationLevel | None, float] = {
    EducationLevel.NONE: 1,
    EducationLevel.PRIMARY: 2,
    EducationLevel.JUNIOR_SECONDARY: 5,
    EducationLevel.SECONDARY: 19,
    EducationLevel.ASSOCIATES: 8,
    EducationLevel.BACHELORS: 31,
    EducationLevel.MASTERS: 18,
    EducationLevel.DOCTORATE: 4,
    EducationLevel.OTHER: 2,
    None: 10,
}
_HOMES: dict[tuple[str | None, str | None, str | None], float] = {
    (None, None, None): 9,
    **{(country, language, city): share for country, share, language, city in COUNTRIES},
}


def users(rng: Random) -> list[Row]:
    """Rows of users; the first is `demo`, the second `learner`. They have not been seen yet."""
    rows = [
        _user(rng, DEMO.username, "Demo Staff", FIRST_DAY) | {"is_staff": True, "is_superuser": True},
        _user(rng, LEARNER.username, "Lea Learner", FIRST_DAY),
    ]
    taken = {DEMO.username, LEARNER.username}
    while len(rows) < NUMBER:
        given, family = rng.choice(GIVEN_NAMES), rng.choice(FAMILY_NAMES)
        username = _ascii(f"{given}.{family}")
        if username in taken:
            username += str(len(rows))
        taken.add(username)
        joined = FIRST_DAY + (END - FIRST_DAY) * rng.triangular(-0.4, 0.96, 0)
        rows.append(_user(rng, username, f"{given} {family}", joined))
    return rows


def _user(rng: Random, username: str, name: str, joined: dt.datetime) -> Row:
    country, language, city = _draw(rng, _HOMES)
    return {
        "username": username,
        "email": f"{username}@example.org",
        "name": name,
        "password_hash": None,
        "is_active": username in (DEMO.username, LEARNER.username) or rng.random() > 0.01,
        "is_staff": False,
        "is_superuser": False,
        "date_joined": joined,
        "last_login": None,
        "last_seen": None,
        "gender": _draw(rng, _GENDERS),
        "year_of_birth": round(rng.triangular(1940, 2010, 1996)) if rng.random() > 0.1 else None,
        "education_level": _draw(rng, _EDUCATION),
        "country": country,
        "city": city if rng.random() < 0.5 else None,
        "language": language,
    }


def _draw(rng: Random, weights: dict[T, float]) -> T:
    return rng.choices(list(weights), list(weights.values()))[0]


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
