"""The files of an edX research data package, or of a platform's own dump: which there are, and their rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import BadUserInput
from app.imports.sql_tables import TableRow, is_dump, read_dump, read_tabbed

USERS, PROFILES = "auth_user", "auth_userprofile"
ENROLLMENTS, STATES = "student_courseenrollment", "courseware_studentmodule"
STRUCTURE = "course_structure"

_COLUMNS = {
    USERS: (
        *("id", "username", "first_name", "last_name", "email", "password", "is_staff", "is_active"),
        *("is_superuser", "last_login", "date_joined"),
    ),
    PROFILES: (
        *("id", "user_id", "name", "language", "location", "meta", "courseware", "gender"),
        *("mailing_address", "year_of_birth", "level_of_education", "goals", "allow_certificate"),
        *("country", "city"),
    ),
    ENROLLMENTS: ("id", "user_id", "course_id", "created", "is_active", "mode"),
    STATES: (
        *("id", "module_type", "module_id", "student_id", "state", "grade", "created", "modified"),
        *("max_grade", "done", "course_id"),
    ),
}
"""The tables that are read, with their columns in the order of the EdX Research Guide."""

_NAME = re.compile(rf"(?:.*-)?({'|'.join([PROFILES, *_COLUMNS, STRUCTURE])})(?:-.*)?\.(sql|json)(?:\.gz)?")


@dataclass
class Package:
    """The files of a directory by what they hold, and the names of what is not read.

    `dumps` hold any tables, the files of `tables` one each.
    """

    tables: dict[str, list[Path]] = field(default_factory=dict)
    dumps: list[Path] = field(default_factory=list)
    structures: list[Path] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)

    @property
    def missing(self) -> list[str]:
        """What could have been there and is not."""
        return [name for name in (*_COLUMNS, STRUCTURE) if name not in self.found]

    def rows(self, table: str) -> Iterator[TableRow]:
        """The rows of a table, of all files that have it. Raises `BadUserInput` for files that are broken."""
        for path in self.tables.get(table, ()):
            yield from read_tabbed(path)
        for path in self.dumps:
            for name, row in read_dump(path, _COLUMNS):
                if row is None:
                    self.ignored.add(f"{name} in {path.name}")
                else:
                    self.found.add(name)
                    if name == table:
                        yield row


def open_package(directory: Path) -> Package:
    """What a directory holds. Raises `BadUserInput` if it is none, or holds nothing that is read."""
    if not directory.is_dir():
        raise BadUserInput(f"{directory} is not a directory")
    package = Package()
    for path in sorted(path for path in directory.iterdir() if path.is_file()):
        name = _NAME.fullmatch(path.name)
        kind = name and name[1]
        if name and kind == STRUCTURE and name[2] == "json":
            package.structures.append(path)
        elif path.suffixes[-2:] != [".sql", ".gz"] and path.suffix != ".sql":
            package.ignored.add(path.name)
        elif is_dump(path):
            package.dumps.append(path)
        elif kind in _COLUMNS:
            package.tables.setdefault(str(kind), []).append(path)
            package.found.add(str(kind))
        else:
            package.ignored.add(path.name)
    if package.structures:
        package.found.add(STRUCTURE)
    if not (package.tables or package.dumps or package.structures):
        raise BadUserInput(f"{directory} holds no .sql file of {', '.join(_COLUMNS)} and no {STRUCTURE}")
    return package
