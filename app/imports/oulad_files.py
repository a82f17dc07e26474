"""The files of the Open University Learning Analytics data set, checked against one another.

Described in Kuzilek, Hlosta, Zdrahal, "Open University Learning Analytics
dataset", Scientific Data 4:170171 (2017). Days in the files count from the
start of a presentation.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as shortened

from app.errors import BadUserInput
from app.imports.csv_table import Row, read_rows
from app.progress import Progress, silent
from app.vocabulary import EducationLevel, Gender

_PRESENTATION = ("code_module", "code_presentation")
_STUDENT = (*_PRESENTATION, "id_student")
_FACTS = (
    "gender",
    "region",
    "highest_education",
    "imd_band",
    "age_band",
    "num_of_prev_attempts",
    "studied_credits",
    "disability",
    "final_result",
)
_COLUMNS = {
    "courses": (*_PRESENTATION, "module_presentation_length"),
    "assessments": (*_PRESENTATION, "id_assessment", "assessment_type", "date", "weight"),
    "vle": ("id_site", *_PRESENTATION, "activity_type", "week_from", "week_to"),
    "studentRegistration": (*_STUDENT, "date_registration", "date_unregistration"),
    "studentAssessment": ("id_assessment", "id_student", "date_submitted", "is_banked"),
    "studentInfo": (*_STUDENT, *_FACTS),
}
_KEYS = {
    "courses": _PRESENTATION,
    "assessments": ("id_assessment",),
    "vle": ("id_site",),
    "studentRegistration": _STUDENT,
    "studentAssessment": ("id_assessment", "id_student"),
    "studentInfo": _STUDENT,
}
_IGNORED = {"studentAssessment": ("score",)}
"""Columns that only some copies have, and that are not imported."""

_MONTHS = {"B": 2, "J": 10}
_GENDERS = {"F": Gender.FEMALE, "M": Gender.MALE}
_EDUCATION_LEVELS = {
    "No Formal quals": EducationLevel.NONE,
    "Lower Than A Level": EducationLevel.JUNIOR_SECONDARY,
    "A Level or Equivalent": EducationLevel.SECONDARY,
    "HE Qualification": EducationLevel.BACHELORS,
    "Post Graduate Qualification": EducationLevel.MASTERS,
}
_RESULTS = {"Distinction": True, "Pass": True, "Fail": False, "Withdrawn": False}
_ASSESSMENT_TYPES = {"TMA": "TMA", "CMA": "CMA", "Exam": "Exam"}
_AGE_BANDS = dict.fromkeys(("0-35", "35-55", "55<="))
_YES_NO = dict.fromkeys(("Y", "N"))
_BITS = dict.fromkeys(("0", "1"))

_MAX_ID = 10**9
_MAX_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Assessment:
    """An assessment of a presentation; the type is TMA, CMA or Exam."""

    id: int
    type: str


@dataclass(frozen=True, slots=True)
class Site:
    """A resource of a presentation in the virtual learning environment."""

    id: int
    activity_type: str


@dataclass(frozen=True, slots=True)
class Submissions:
    """How many assessments of a presentation a student submitted, and the latest day."""

    count: int
    latest: dt.datetime


@dataclass(frozen=True, slots=True)
class Registration:
    """A student in a presentation. `facts` is what the data set says, in its own words."""

    student: int
    gender: Gender
    education_level: EducationLevel
    region: str
    passed: bool
    registered: dt.datetime
    unregistered: dt.datetime | None
    submissions: Submissions | None
    facts: dict[str, str]


@dataclass(eq=False, slots=True)
class Presentation:
    """A module as it was taught once: from its start, UTC, to its end."""

    module: str
    code: str
    start: dt.datetime
    end: dt.datetime
    assessments: list[Assessment] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)

    def day(self, number: int) -> dt.datetime:
        """The beginning of a day, counted from the start."""
        return self.start + dt.timedelta(days=number)


def read_presentations(directory: Path, progress: Progress = silent) -> list[Presentation]:
    """Everything the files say, by presentation in the order of their start and module.

    Reads `NAME.csv`, or else `NAME.csv.gz`. Raises `BadUserInput`, naming file,
    line and column, for a file that is missing, cut off or malformed, and for
    files that contradict one another.
    """
    if not directory.is_dir():
        raise BadUserInput(f"{directory} is not a directory")
    return _Reader(directory, progress).read()


class _Reader:
    def __init__(self, directory: Path, progress: Progress) -> None:
        self._directory = directory
        self._advance = progress("Reading files", len(_COLUMNS))
        self._presentations: dict[tuple[str, str], Presentation] = {}
        self._registrations: dict[tuple[Presentation, int], Row] = {}
        self._submissions: dict[tuple[Presentation, int], Submissions] = {}

    def read(self) -> list[Presentation]:
        courses = dict(self._read_courses())
        assessments = dict(self._read_assessments())
        self._read_sites()
        self._registrations = {self._student(row): row for row in self._rows("studentRegistration")}
        self._read_submissions(assessments)
        self._read_students()
        for presentation, row in courses.items():
            contents = {
                "assessments": presentation.assessments,
                "vle": presentation.sites,
                "studentInfo": presentation.registrations,
            }
            for name, content in contents.items():
                if not content:
                    raise row.refused("code_presentation", f"{_name(row)} has no row in {name}")
        return sorted(courses, key=lambda presentation: (presentation.start, presentation.module))

    def _rows(self, name: str) -> Iterator[Row]:
        candidates = [self._directory / f"{name}.csv", self._directory / f"{name}.csv.gz"]
        path = next((path for path in candidates if path.exists()), None)
        if path is None:
            raise BadUserInput(f"{self._directory} has no {name}.csv or {name}.csv.gz")
        yield from read_rows(path, _COLUMNS[name], key=_KEYS[name], ignored=_IGNORED.get(name, ()))
        self._advance(1)

    def _read_courses(self) -> Iterator[tuple[Presentation, Row]]:
        for row in self._rows("courses"):
            module = row.text("code_module", r"[A-Za-z0-9]{1,50}")
            code = row.text("code_presentation", r"(19|20)[0-9][0-9][BJ]")
            start = dt.datetime(int(code[:4]), _MONTHS[code[4]], 1, tzinfo=dt.UTC)
            length = row.integer("module_presentation_length", 1, _MAX_DAYS)
            presentation = Presentation(module, code, start, start + dt.timedelta(days=length))
            self._presentations[module, code] = presentation
            yield presentation, row

    def _read_assessments(self) -> Iterator[tuple[int, Presentation]]:
        for row in self._rows("assessments"):
            presentation = self._presentation(row)
            assessment = Assessment(
                row.integer("id_assessment", 0, _MAX_ID), row.choice("assessment_type", _ASSESSMENT_TYPES)
            )
            row.optional_integer("date", -_MAX_DAYS, _MAX_DAYS)
            row.text("weight", r"[0-9]{1,3}(\.[0-9]+)?")
            presentation.assessments.append(assessment)
            yield assessment.id, presentation

    def _read_sites(self) -> None:
        for row in self._rows("vle"):
            site = Site(row.integer("id_site", 0, _MAX_ID), row.text("activity_type", r"[a-z]{1,50}"))
            row.optional_integer("week_from", 0, _MAX_DAYS)
            row.optional_integer("week_to", 0, _MAX_DAYS)
            self._presentation(row).sites.append(site)

    def _read_submissions(self, assessments: dict[int, Presentation]) -> None:
        for row in self._rows("studentAssessment"):
            assessment = row.integer("id_assessment", 0, _MAX_ID)
            presentation = assessments.get(assessment)
            if presentation is None:
                raise row.refused("id_assessment", f"{assessment} is not in assessments")
            student = (presentation, row.integer("id_student", 0, _MAX_ID))
            if student not in self._registrations:
                raise row.refused("id_student", f"{student[1]} is not in studentRegistration")
            row.choice("is_banked", _BITS)
            day = presentation.day(row.integer("date_submitted", -_MAX_DAYS, _MAX_DAYS))
            so_far = self._submissions.get(student, Submissions(0, day))
            self._submissions[student] = Submissions(so_far.count + 1, max(so_far.latest, day))

    def _read_students(self) -> None:
        missing = self._registrations.copy()
        for row in self._rows("studentInfo"):
            student = self._student(row)
            if missing.pop(student, None) is None:
                raise row.refused("id_student", f"{_name(row)} is not in studentRegistration")
            student[0].registrations.append(self._registration(row, student))
        for row in missing.values():
            raise row.refused("id_student", f"{_name(row)} is not in studentInfo")

    def _registration(self, row: Row, student: tuple[Presentation, int]) -> Registration:
        row.choice("age_band", _AGE_BANDS)
        row.choice("disability", _YES_NO)
        row.text("imd_band", r"|[0-9]{1,2}-[0-9]{2,3}%?")
        row.integer("num_of_prev_attempts", 0, 100)
        row.integer("studied_credits", 0, 10_000)
        registered, unregistered = _dates(self._registrations[student], student[0])
        return Registration(
            student=student[1],
            gender=row.choice("gender", _GENDERS),
            education_level=row.choice("highest_education", _EDUCATION_LEVELS),
            region=row.text("region"),
            passed=row.choice("final_result", _RESULTS),
            registered=registered,
            unregistered=unregistered,
            submissions=self._submissions.get(student),
            facts={name: row[name] for name in _FACTS if row[name]},
        )

    def _presentation(self, row: Row) -> Presentation:
        try:
            return self._presentations[row["code_module"], row["code_presentation"]]
        except KeyError:
            known = any(row["code_module"] == module for module, _ in self._presentations)
            column = "code_presentation" if known else "code_module"
            raise row.refused(column, f"{shortened(_name(row))} is not in courses") from None

    def _student(self, row: Row) -> tuple[Presentation, int]:
        return self._presentation(row), row.integer("id_student", 0, _MAX_ID)


def _name(row: Row) -> str:
    return f"{row['code_module']} {row['code_presentation']}"


def _dates(row: Row, presentation: Presentation) -> tuple[dt.datetime, dt.datetime | None]:
    """When a student registered, at midnight, and unregistered, at noon.

    An unknown day of registration is the start, or the day of unregistration
    if that came first. The hours keep both in order on one day.
    """
    unregistration = row.optional_integer("date_unregistration", -_MAX_DAYS, _MAX_DAYS)
    registration = row.optional_integer("date_registration", -_MAX_DAYS, _MAX_DAYS)
    if registration is None:
        registration = min(0, 0 if unregistration is None else unregistration)
    registered = presentation.day(registration)
    if unregistration is None:
        return registered, None
    if unregistration < registration:
        raise row.refused("date_unregistration", f"{unregistration} is before date_registration")
    return registered, presentation.day(unregistration) + dt.timedelta(hours=12)
