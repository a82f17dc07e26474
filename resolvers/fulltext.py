"""What people type into a search box, and where its words are found."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Double,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from app.errors import BadUserInput

MAX_QUERY = 500
"""How many characters a query may have."""

SCORE_UNIT = 10**9
"""Scores are whole numbers of this part, so that cursors hold them exactly."""

_TERM = re.compile(r'((?<!\S)-)?(?:"([^"]*)"|([^\s"]+))')
_KEY_PREFIX = re.compile(r"\bcourse-v1:", re.IGNORECASE)
"""What all run keys of one style begin with is in no index."""
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
_ACCENTS = re.compile(r"([a-z])[\u0300-\u036f]+")
_LONGEST_WORD = 255

_INDEX = table("search_index", column("rowid", BigInteger), column("vector", TSVECTOR))


@dataclass(frozen=True)
class Term:
    """Words that follow one another; of a prefix the last one may go on."""

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True)
class Query:
    """What a text asks for: all that is required, and nothing that is excluded."""

    required: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()


def parse(text: str) -> Query:
    """What a text asks for. Raises `BadUserInput` only when it is too long.

    Words are required, the last one also as the beginning of a word, "phrases"
    as they stand, and what comes after a hyphen is excluded. Letters and numbers
    make words; all else separates them, also inside of a word, whose parts then
    have to follow one another.
    """
    if len(text) > MAX_QUERY:
        raise BadUserInput(
            f"query: at most {MAX_QUERY} characters, not {len(text)}", field="query", maximum=MAX_QUERY
        )
    composed = _KEY_PREFIX.sub(" ", unicodedata.normalize("NFC", text))
    found = [
        (bool(hyphen), Term(tuple(words), is_prefix=bool(word)))
        for hyphen, phrase, word in _TERM.findall(composed)
        if (words := _WORD.findall(phrase or word))
    ]
    last = len(found) - 1
    required = (
        Term(term.words, term.is_prefix and at == last)
        for at, (is_excluded, term) in enumerate(found)
        if not is_excluded
    )
    return Query(tuple(required), tuple(Term(term.words) for is_excluded, term in found if is_excluded))


def hits(query: Query, dialect: str) -> CTE | None:
    """The `rowid` of search documents that hold what is required, and their `score`; None when nothing is.

    On SQLite the score is BM25, which counts rare words for more; on PostgreSQL
    it is `ts_rank`, for which words that stand close together count for more.
    """
    if not query.required:
        return None
    if dialect == "sqlite":
        rank: ColumnElement[float] = literal_column("-bm25(search_index, 10, 4, 2, 1)", Double)
    else:
        # Long texts hold more words by chance, so length counts against them a little.
        rank = cast(func.ts_rank(_INDEX.c.vector, _tsquery(query.required, " & "), 1), Double)
    score = cast(func.round(rank * SCORE_UNIT), BigInteger)
    statement = select(_INDEX.c.rowid, score.label("score")).where(_matches(query.required, dialect))
    return statement.cte("hits").prefix_with("MATERIALIZED")


def holds(document: ColumnElement[int], query: Query, dialect: str) -> ColumnElement[bool]:
    """Whether a search document, by its id, holds what is required."""
    if not query.required:
        return true()
    return document.in_(select(_INDEX.c.rowid).where(_matches(query.required, dialect)))


def lacks(document: ColumnElement[int], query: Query, dialect: str) -> ColumnElement[bool]:
    """Whether a search document, by its id, holds nothing that is excluded."""
    if not query.excluded:
        return true()
    return document.not_in(select(_INDEX.c.rowid).where(_matches(query.excluded, dialect, any_=True)))


def _matches(terms: Sequence[Term], dialect: str, *, any_: bool = False) -> ColumnElement[bool]:
    if dialect == "sqlite":
        phrases = (f'"{" ".join(term.words)}"{"*" * term.is_prefix}' for term in terms)
        expression = (" OR " if any_ else " AND ").join(phrases)
        return literal_column("search_index").op("MATCH", is_comparison=True)(bindparam(None, expression))
    return _INDEX.c.vector.op("@@", is_comparison=True)(_tsquery(terms, " | " if any_ else " & "))


def _tsquery(terms: Sequence[Term], joint: str) -> ColumnElement[str]:
    phrases = (
        " <-> ".join(f"'{_folded(word)}'" for word in term.words) + ":*" * term.is_prefix for term in terms
    )
    return cast(joint.join(f"({phrase})" for phrase in phrases), TSQUERY)


def _folded(word: str) -> str:
    """A word as the function `search_words` of migration 0006 has it."""
    lowered = "".join(letter.lower() for letter in unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", _ACCENTS.sub(r"\1", lowered))[:_LONGEST_WORD]
