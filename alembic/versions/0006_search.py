"""Full-text search over courses, course runs and programs, kept up to date by triggers.

The views hold the words of each kind: a text is found by its title first, then by the
names around it, its short description and its full one. `search_index` is the index over
them, by the id of the row in `search_document`.
"""

import re
import unicodedata
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from app.db.types import BigInt, text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_IDS = {"course": "course_id", "course_run": "run_id", "program": "program_id"}
"""By the table of a kind: the column of `search_document` that holds its ids."""

_LONGEST = 100_000
"""How many characters of a description are searched: PostgreSQL has room for 1 MB of words."""

_TEXTS = ("title", "names", "summary", "body")
"""What is searched, the heaviest first."""

_COURSE_NAMES = (
    "organization.key || ' ' || organization.name",
    "organization JOIN course_organization ON organization_id = organization.id WHERE course_id = {course}",
    "subject.name",
    "subject JOIN course_subject ON subject_id = subject.id WHERE course_id = {course}",
)
_PROGRAM_NAMES = (
    "organization.key || ' ' || organization.name",
    "organization JOIN program_organization ON organization_id = organization.id WHERE program_id = {program}",
    "program_type.name",
    "program_type WHERE program_type.id = program.type_id",
)

_COURSES_OF = "IN (SELECT course_id FROM {table} WHERE {column} = {row}.id)"
_RUNS_OF = "IN (SELECT id FROM course_run WHERE course_id {which})"

_Refresh = tuple[str, str]
"""Whose words change: a kind, and the condition on its id."""


def _of_course(which: str) -> tuple[_Refresh, ...]:
    return ("course", which), ("course_run", _RUNS_OF.format(which=which))


_BY_ORGANIZATION = _COURSES_OF.format(table="course_organization", column="organization_id", row="{row}")
_BY_SUBJECT = _COURSES_OF.format(table="course_subject", column="subject_id", row="{row}")
_PROGRAMS_BY_ORGANIZATION = (
    "IN (SELECT program_id FROM program_organization WHERE organization_id = {row}.id)"
)
_DESCRIPTIONS = ("title", "short_description", "full_description")
_CHANGES: dict[str, tuple[tuple[str, ...], tuple[_Refresh, ...]]] = {
    "course": (("key", *_DESCRIPTIONS), _of_course("= {row}.id")),
    "course_run": (("key", "course_id", *_DESCRIPTIONS), (("course_run", "= {row}.id"),)),
    "program": (("title", "subtitle", "type_id"), (("program", "= {row}.id"),)),
    "organization": (
        ("key", "name"),
        (*_of_course(_BY_ORGANIZATION), ("program", _PROGRAMS_BY_ORGANIZATION)),
    ),
    "subject": (("name",), _of_course(_BY_SUBJECT)),
    "program_type": (("name",), (("program", "IN (SELECT id FROM program WHERE type_id = {row}.id)"),)),
}
"""By table: the columns whose change changes words, and whose."""

_LINKS: dict[str, tuple[tuple[str, ...], tuple[_Refresh, ...]]] = {
    "course_organization": (("course_id", "organization_id"), _of_course("= {row}.course_id")),
    "course_subject": (("course_id", "subject_id"), _of_course("= {row}.course_id")),
    "program_organization": (("program_id", "organization_id"), (("program", "= {row}.program_id"),)),
}
"""The same of tables whose rows come and go."""


def upgrade() -> None:
    op.create_table(
        "search_document",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("kind", text(20), nullable=False),
        sa.Column("course_id", BigInt, nullable=True),
        sa.Column("run_id", BigInt, nullable=True),
        sa.Column("program_id", BigInt, nullable=True),
        sa.Column("title", text(255), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_search_document_{column}"), ondelete="CASCADE"
            )
            for table, column in _IDS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_document")),
    )
    for column in _IDS.values():
        op.create_index(op.f(f"ix_search_document_{column}"), "search_document", [column], unique=True)
    op.create_index(op.f("ix_search_document_title_id"), "search_document", ["title", "id"], unique=False)
    for statement in _sqlite() if _is_sqlite() else _postgresql():
        _run(statement)
    for table in _IDS:
        _run(_insert(table, ""))
        _run(_index(table, ""))


def downgrade() -> None:
    for name, table, _, _ in _triggers():
        _run(f"DROP TRIGGER {name}" + ("" if _is_sqlite() else f" ON {table}"))
        if not _is_sqlite():
            _run(f"DROP FUNCTION {name}()")
    op.drop_table("search_index")
    op.drop_table("search_document")
    for table in _IDS:
        _run(f"DROP VIEW search_{table}")
    if not _is_sqlite():
        _run("DROP FUNCTION search_words(text, text)")
        _run("DROP FUNCTION search_plain(text)")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _run(statement: str) -> None:
    # Past SQLAlchemy, which would take colons for parameters.
    op.get_bind().exec_driver_sql(statement)


def _sqlite() -> Iterator[str]:
    yield from _views()
    yield (
        "CREATE VIRTUAL TABLE search_index USING fts5(title, names, summary, body,"
        " tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')"
    )
    for name, table, event, body in _triggers():
        yield f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {body} END"


def _postgresql() -> Iterator[str]:
    yield (
        "CREATE FUNCTION search_plain(content text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$"
        f" SELECT {_plain('content')} $$"
    )
    yield _words()
    yield (
        "CREATE TABLE search_index (rowid bigint PRIMARY KEY REFERENCES search_document ON DELETE CASCADE,"
        " vector tsvector NOT NULL)"
    )
    yield "CREATE INDEX ix_search_index_vector ON search_index USING gin (vector)"
    yield from _views()
    for name, table, event, body in _triggers():
        condition, begin, statements = body.partition("BEGIN")
        # A dump is restored with an empty search path.
        yield (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS"
            f" $$ {begin}{statements} RETURN NULL; END $$"
        )
        yield f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION {name}()"


def _triggers() -> Iterator[tuple[str, str, str, str]]:
    """Name, table and event of each trigger, and its condition and body without the end."""
    for table in _IDS:
        body = f"{_insert(table, 'WHERE id = NEW.id')}; {_index(table, '= NEW.id')};"
        yield f"search_{table}_inserted", table, "INSERT", f"BEGIN {body}"
    for table, (columns, refreshes) in (*_CHANGES.items(), *_LINKS.items()):
        differs = "IS NOT" if _is_sqlite() else "IS DISTINCT FROM"
        changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in columns)
        rows = ("OLD", "NEW") if table in _LINKS else ("NEW",)
        body = " ".join(_refresh(refreshes, row) for row in rows)
        event = f"UPDATE OF {', '.join(columns)}"
        yield f"search_{table}_updated", table, event, f"WHEN ({changed}) BEGIN {body}"
    for table, (_, refreshes) in _LINKS.items():
        yield f"search_{table}_inserted", table, "INSERT", f"BEGIN {_refresh(refreshes, 'NEW')}"
        yield f"search_{table}_deleted", table, "DELETE", f"BEGIN {_refresh(refreshes, 'OLD')}"
    if _is_sqlite():
        body = "BEGIN DELETE FROM search_index WHERE rowid = OLD.id;"
        yield "search_document_deleted", "search_document", "DELETE", body


def _refresh(refreshes: tuple[_Refresh, ...], row: str) -> str:
    statements = []
    for table, condition in refreshes:
        which = condition.format(row=row)
        column = _IDS[table]
        documents = f"FROM search_document WHERE {column} {which}"
        if _is_sqlite():
            # A trigger cannot replace: `INSERT OR IGNORE`, where it is what fires, holds in it too.
            statements.append(f"DELETE FROM search_index WHERE rowid IN (SELECT id {documents})")
        else:
            # Whoever changes the same words at the same time goes first or after, and sees the other's.
            statements.append(f"PERFORM 1 {documents} ORDER BY id FOR UPDATE")
        statements.append(
            f"UPDATE search_document SET title = words.title FROM search_{table} AS words"
            f" WHERE search_document.{column} = words.id AND words.id {which}"
        )
        statements.append(_index(table, which))
    return "".join(f"{statement}; " for statement in statements)


def _insert(table: str, condition: str) -> str:
    return (
        f"INSERT INTO search_document (kind, {_IDS[table]}, title)"
        f" SELECT '{table}', id, title FROM search_{table} {condition} ORDER BY id"
    )


def _index(table: str, which: str) -> str:
    """Write the words of some documents into the index; on SQLite they must not be there yet."""
    condition = f"WHERE words.id {which}" if which else "WHERE true"
    rows = f"search_{table} AS words JOIN search_document AS document ON document.{_IDS[table]} = words.id {condition}"
    columns = ", ".join(f"words.{name}" for name in _TEXTS)
    if _is_sqlite():
        return (
            "INSERT INTO search_index (rowid, title, names, summary, body)"
            f" SELECT document.id, {columns} FROM {rows}"
        )
    vector = " || ".join(
        f"search_words(words.{name}, '{weight}')" for name, weight in zip(_TEXTS, "ABCD", strict=True)
    )
    return (
        f"INSERT INTO search_index (rowid, vector) SELECT document.id, {vector} FROM {rows}"
        " ON CONFLICT (rowid) DO UPDATE SET vector = excluded.vector"
    )


def _views() -> Iterator[str]:
    plain = _plain if _is_sqlite() else "search_plain({})".format
    yield (
        "CREATE VIEW search_course AS SELECT id, coalesce(title, key) AS title,"
        f" key || {_names(_COURSE_NAMES, 'course.id')} AS names,"
        f" {plain('short_description')} AS summary, {plain('full_description')} AS body FROM course"
    )
    title, summary, body = (f"coalesce(course_run.{name}, course.{name})" for name in _DESCRIPTIONS)
    yield (
        f"CREATE VIEW search_course_run AS SELECT course_run.id AS id, coalesce({title}, course_run.key) AS title,"
        # What all keys of one style begin with would be found in all of them.
        f" replace(course_run.key, 'course-v1:', '') || {_names(_COURSE_NAMES, 'course.id')} AS names,"
        f" {plain(summary)} AS summary, {plain(body)} AS body"
        " FROM course_run JOIN course ON course.id = course_run.course_id"
    )
    yield (
        f"CREATE VIEW search_program AS SELECT id, title, {_names(_PROGRAM_NAMES, 'program.id')} AS names,"
        f" {plain('subtitle')} AS summary, '' AS body FROM program"
    )


def _names(parts: tuple[str, ...], id_: str) -> str:
    """All names of some tables, in alphabetical order, each after a space."""
    joined = "group_concat(name, ' ')" if _is_sqlite() else "string_agg(name, ' ')"
    texts = []
    for name, source in zip(parts[::2], parts[1::2], strict=True):
        rows = f"SELECT DISTINCT {name} AS name FROM {source.format(course=id_, program=id_)} ORDER BY 1"
        texts.append(f"coalesce((SELECT ' ' || {joined} FROM ({rows}) AS names), '')")
    return " || ".join(texts)


def _plain(content: str) -> str:
    """HTML without its tags and entities."""
    cut = f"substr({content}, 1, {_LONGEST})"
    if not _is_sqlite():
        without_tags = f"regexp_replace({cut}, '<[a-zA-Z/!][^<>]*>', ' ', 'g')"
        return f"regexp_replace({without_tags}, '&[a-zA-Z0-9#]{{1,9}};', ' ', 'g')"
    entity = "substr(value, 1, instr(value, ';') - 1)"
    without_tags = _without(cut, "<", ">", "value GLOB '[a-zA-Z/!]*>*'")
    return _without(
        without_tags, "&", ";", f"instr(value, ';') BETWEEN 2 AND 10 AND {entity} NOT GLOB '*[^a-zA-Z0-9#]*'"
    )


def _without(content: str, opening: str, closing: str, condition: str) -> str:
    """A text in which a space stands for all that begins and ends with a character, on SQLite."""
    rest = f"' ' || substr(value, instr(value, '{closing}') + 1)"
    piece = f"CASE WHEN key = 0 THEN value WHEN {condition} THEN {rest} ELSE '{opening}' || value END"
    pieces = f"""json_each('[' || replace(json_quote({content}), '{opening}', '","') || ']')"""
    return f"(SELECT group_concat({piece}, '') FROM {pieces})"


def _words() -> str:
    """The function that makes words of a text as SQLite's tokenizer does, whatever the locale of the database.

    PostgreSQL's own parser would take addresses, numbers and hyphenated words apart.
    """
    upper, lower = _cases()
    # Most texts are plain, and taken apart in a quarter of the time.
    steps = {
        "plain": "octet_length(content) = length(content)",
        "decomposed": """lower(CASE WHEN plain THEN content ELSE normalize(content, NFD) END COLLATE "C")""",
        "bare": r"""CASE WHEN plain THEN decomposed
            ELSE regexp_replace(decomposed, '([a-z])[\u0300-\u036F]+', '\1', 'g') END""",
        "lowered": f"CASE WHEN bare ~ '[{upper}]' THEN translate(bare, '{upper}', '{lower}') ELSE bare END",
        "composed": "CASE WHEN plain THEN lowered ELSE normalize(lowered, NFC) END",
        "separators": f"CASE WHEN plain THEN '[^a-z0-9]+' ELSE '[{_separators()}]+' END",
    }
    laterals = " CROSS JOIN LATERAL ".join(
        f"(SELECT {step} AS {name}) AS {name}_" for name, step in steps.items()
    )
    return (
        "CREATE FUNCTION search_words(content text, weight text) RETURNS tsvector"
        " LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$"
        # Where texts are joined, a place is left out, so that no phrase reaches from one into the other.
        " SELECT coalesce(string_agg(left(word, 255) || ':' || least(place + 1, 16383) || weight, ' '), '')::tsvector"
        f" FROM {laterals} CROSS JOIN LATERAL regexp_split_to_table(composed, separators)"
        " WITH ORDINALITY AS token(word, place) WHERE word <> '' $$"
    )


def _cases() -> tuple[str, str]:
    """Letters that have no accents and two cases, and the lower ones of them."""
    letters = [chr(code) for code in range(0x80, 0xFFFF) if unicodedata.category(chr(code)) == "Lu"]
    pairs = [
        (letter, letter.lower())
        for letter in letters
        if len(letter.lower()) == 1 and letter.lower() != letter and not unicodedata.decomposition(letter)
    ]
    return "".join(upper for upper, _ in pairs), "".join(lower for _, lower in pairs)


def _separators() -> str:
    """What no word is made of, as in a bracket of a regular expression: all but letters and numbers."""
    planes = "".join(
        "w" if unicodedata.category(chr(code))[0] in "LN" or unicodedata.category(chr(code)) == "Co" else " "
        for code in range(0x20000)
    )
    spans = [match.span() for match in re.finditer(" +", planes)]
    return "".join(rf"\U{max(start, 1):08X}-\U{end - 1:08X}" for start, end in spans)
