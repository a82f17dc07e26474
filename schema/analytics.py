"""Series of a course run, and the numbers of its problems, subsections and videos."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

import strawberry

from resolvers import analytics, catalog, series
from resolvers.context import Context, PageLimits
from resolvers.days import Range
from schema.catalog import CourseRun
from schema.enums import Activity, Bucket, Dimension, EducationLevel
from schema.filters import ModuleOrder, ModuleWhere
from schema.plain import Series
from schema.relay import Connection, ContextInfo, Multiplier, Node, connection, field, to_one
from schema.selection import columns

_Start = Annotated[dt.date | None, strawberry.argument(description="First day.")]
_End = Annotated[dt.date | None, strawberry.argument(description="Day after the last one.")]
_Every = Annotated[
    Bucket,
    strawberry.argument(
        description="How often there is a row: it tells the end of the last day of its week or month"
        " that is in the range, and `date` is that day."
    ),
]
_IncludeToday = Annotated[
    bool, strawberry.argument(description="Whether the running day may be the last one, as it is so far.")
]
_RANGE = (
    " Days are UTC, and complete unless today is included. Without a range the newest day;"
    " with one bound all days on that side of it."
)


def _date(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _rows(groups: int) -> Multiplier:
    """The most rows that a series with so many groups can have."""

    def multiplier(arguments: Mapping[str, Any], limits: PageLimits) -> int:
        start, end = _date(arguments.get("start")), _date(arguments.get("end"))
        range_ = Range(start, end, arguments.get("includeToday") is True)
        every = arguments.get("every")
        bucket = Bucket.__members__.get(every, Bucket.DAY) if isinstance(every, str) else Bucket.DAY
        today = dt.datetime.now(dt.UTC).date()
        return groups * range_.most(bucket, today, limits.max_series_days)

    return multiplier


def _series(numbers: series.Numbers, description: str, *, groups: int = 1) -> Any:
    """A field that is a series of a run, with a row for each bucket and group."""

    def resolve(
        root: Any,
        info: ContextInfo,
        start: _Start = None,
        end: _End = None,
        every: _Every = Bucket.DAY,
        include_today: _IncludeToday = False,
    ) -> Any:
        return numbers.load(info.context, root.id, Range(start, end, include_today), every, columns(info))

    return strawberry.field(
        resolver=resolve,
        description=description,
        metadata={"needs": ("id",), "multiplier": _rows(groups), "plain": Series(numbers)},
    )


def _computed(read: Callable[[Context, int], Any], description: str, *, items: int) -> Any:
    """A field that is computed rows of a problem, subsection or video."""

    def resolve(root: Any, info: ContextInfo) -> Any:
        return read(info.context, root.id)

    return strawberry.field(
        resolver=resolve,
        description=description,
        metadata={"needs": ("id",), "multiplier": lambda arguments, limits: items},
    )


@strawberry.type(description="How many learners were enrolled at the end of a day.")
class EnrollmentDay:
    date: dt.date = field("The UTC day; of a week or month, the last one of it.")
    count: int = field("Learners enrolled at the end of the day.")
    cumulative_count: int = field("Learners who were ever enrolled up to then.")
    computed_at: dt.datetime = field("When this was computed.")


@strawberry.type(description="How many learners of a group were enrolled, over days without a change.")
class EnrollmentSpan:
    since: dt.date = field("The first of the days, UTC.")
    until: dt.date = field("The day after the last one.")
    value: str | None = field("What the group has in common, such as `verified`; null for who gave nothing.")
    count: int = field("Learners enrolled at the end of each of the days.")
    cumulative_count: int = field("Learners who were ever enrolled up to then.")
    computed_at: dt.datetime = field("When this was computed.")


@strawberry.type(description="How many learners were enrolled at the end of a day, by enrollment mode.")
class EnrollmentByModeDay(EnrollmentDay):
    audit: int = field("In mode `audit`.")
    honor: int = field("In mode `honor`.")
    verified: int = field("In mode `verified`.")
    professional: int = field("In mode `professional`.")
    no_id_professional: int = field("In mode `no-id-professional`.")
    credit: int = field("In mode `credit`.")
    masters: int = field("In mode `masters`.")
    other_modes: int = field("In any other mode.")
    cumulative_audit: int = field("Ever enrolled, and in mode `audit` last.")
    cumulative_honor: int = field("Ever enrolled, and in mode `honor` last.")
    cumulative_verified: int = field("Ever enrolled, and in mode `verified` last.")
    cumulative_professional: int = field("Ever enrolled, and in mode `professional` last.")
    cumulative_no_id_professional: int = field("Ever enrolled, and in mode `no-id-professional` last.")
    cumulative_credit: int = field("Ever enrolled, and in mode `credit` last.")
    cumulative_masters: int = field("Ever enrolled, and in mode `masters` last.")
    cumulative_other_modes: int = field("Ever enrolled, and in any other mode last.")


@strawberry.type(description="How many learners were enrolled at the end of a day, by gender.")
class EnrollmentByGenderDay(EnrollmentDay):
    female: int = field("Female learners.")
    male: int = field("Male learners.")
    other: int = field("Learners of another gender.")
    unknown: int = field("Learners who gave none.")
    cumulative_female: int = field("Female learners who were ever enrolled up to then.")
    cumulative_male: int = field("Male learners who were ever enrolled up to then.")
    cumulative_other: int = field("Learners of another gender who were ever enrolled up to then.")
    cumulative_unknown: int = field("Learners who gave none and were ever enrolled up to then.")


@strawberry.type(description="How many learners born in a year were enrolled at the end of a day.")
class EnrollmentByBirthYearDay(EnrollmentDay):
    birth_year: int | None = field("The year; null for learners who gave none.")


@strawberry.type(description="How many learners of an education were enrolled at the end of a day.")
class EnrollmentByEducationDay(EnrollmentDay):
    education_level: EducationLevel | None = field("The education; null for learners who gave none.")


@strawberry.type(description="How many learners of a country were enrolled at the end of a day.")
class EnrollmentByCountryDay(EnrollmentDay):
    country: str | None = field("ISO 3166 alpha-2 code; null where it is not known.")


@strawberry.type(description="How many learners did something in a week.")
class ActivityWeek:
    week: dt.date = field("The Monday that the week begins with, UTC.")
    any: int = field("Learners who did anything.")
    attempted_problem: int = field("Learners who answered a problem.")
    played_video: int = field("Learners who played a video.")
    posted_forum: int = field("Learners who posted in the forum.")
    computed_at: dt.datetime = field("When this was computed.")


@strawberry.type(description="How many learners have a grade on a problem.")
class GradeCount:
    grade: float = field("Points reached.")
    max_grade: float = field("Points that could be reached.")
    count: int = field("Learners.")
    computed_at: dt.datetime = field("When this was computed.")


@strawberry.type(description="How many learners gave an answer to a part of a problem.")
class AnswerCount:
    part_id: str = field("Id of the part.")
    value_id: str | None = field("Id of the choice, for choices.")
    answer_value: str | None = field("The answer; lists are `[a|b]`.")
    variant: int | None = field("Seed of a randomized problem.")
    consolidated_variant: bool = field("Whether several variants are counted together.")
    correct: bool | None = field("Whether the answer is right.")
    question_text: str | None = field("The question.")
    problem_display_name: str | None = field("Title of the problem when it was answered.")
    first_response_count: int = field("Learners whose first answer this was.")
    last_response_count: int = field("Learners whose last answer this is.")
    computed_at: dt.datetime = field("When this was computed.")


@strawberry.type(description="How often a subsection was opened.")
class SubsectionOpens:
    learners: int = field("Learners who opened it.")
    views: int = field("Times it was opened.")
    computed_at: dt.datetime = field("When this was computed.")


@strawberry.type(description="Who watched a video.")
class VideoViews:
    duration: int | None = field("Length in seconds; null when not known.")
    segment_length: int = field("Length of a segment in seconds.")
    users_at_start: int = field("Learners who watched the first segment.")
    users_at_end: int = field("Learners who watched to the end, or nearly.")
    computed_at: dt.datetime = field("When this was computed.")


@strawberry.type(description="Who watched a segment of a video.")
class VideoSegment:
    segment: int = field("Number of the segment, from 0.")
    num_users: int = field("Learners who watched it.")
    num_views: int = field("Times it was watched.")
    computed_at: dt.datetime = field("When this was computed.")


@strawberry.type(description="A problem of a course run, and how learners answered it.")
class Problem(Node):
    usage_key: str = field("Native key of the module; unique in its run only.")
    display_name: str | None = field("Title.")
    run: CourseRun = to_one(catalog.COURSE_RUN, "run_id", "The course run.")
    grades: list[GradeCount] = _computed(
        analytics.grades, "Learners by the grade that they have now.", items=20
    )

    @strawberry.field(
        description="Learners by their answer.",
        metadata={"needs": ("id",), "multiplier": lambda arguments, limits: 50},
    )
    async def answers(
        root: Any,  # noqa: N805
        info: ContextInfo,
        consolidated: Annotated[
            bool,
            strawberry.argument(
                description="Whether variants of the same answer are counted together, in parts where"
                " they differ in nothing else."
            ),
        ] = True,
    ) -> list[AnswerCount]:
        found = await analytics.answers(info.context, root.id, merged=consolidated)
        return cast(list[AnswerCount], found)


@strawberry.type(description="A subsection of a course run, and who opened it.")
class Subsection(Node):
    usage_key: str = field("Native key of the module; unique in its run only.")
    display_name: str | None = field("Title.")
    run: CourseRun = to_one(catalog.COURSE_RUN, "run_id", "The course run.")
    opens: SubsectionOpens | None = _computed(
        analytics.opens, "How often it was opened; null when never computed.", items=1
    )


@strawberry.type(description="A video of a course run, and who watched it.")
class Video(Node):
    usage_key: str = field("Native key of the module; unique in its run only.")
    encoded_id: str | None = field("The id that the player reports; pipeline ids end with it.")
    display_name: str | None = field("Title.")
    run: CourseRun = to_one(catalog.COURSE_RUN, "run_id", "The course run.")
    views: VideoViews | None = _computed(
        analytics.views, "Who watched it; null when never computed.", items=1
    )
    timeline: list[VideoSegment] = _computed(
        analytics.timeline, "Segments that anybody watched, in order, up to the final one.", items=500
    )


@strawberry.type(description="Everything computed about a course run.")
class Analytics:
    enrollment_daily: list[EnrollmentDay] = _series(series.ENROLLMENT, "Enrolled learners by day." + _RANGE)
    enrollment_by_mode: list[EnrollmentByModeDay] = _series(
        series.BY_MODE, "Enrolled learners by day and enrollment mode." + _RANGE
    )
    enrollment_by_gender: list[EnrollmentByGenderDay] = _series(
        series.BY_GENDER, "Enrolled learners by day and gender." + _RANGE
    )
    enrollment_by_birth_year: list[EnrollmentByBirthYearDay] = _series(
        series.BY_BIRTH_YEAR,
        "Enrolled learners by day and year of birth." + _RANGE,
        groups=50,
    )
    enrollment_by_education: list[EnrollmentByEducationDay] = _series(
        series.BY_EDUCATION, "Enrolled learners by day and education." + _RANGE, groups=10
    )
    enrollment_by_country: list[EnrollmentByCountryDay] = _series(
        series.BY_COUNTRY, "Enrolled learners by day and country." + _RANGE, groups=50
    )

    @strawberry.field(
        description="The same as stretches of days without a change, by group: short, however long the range."
        + _RANGE,
        metadata={"multiplier": _rows(10)},
    )
    def enrollment_spans(
        root: Any,  # noqa: N805
        info: ContextInfo,
        by: Annotated[Dimension, strawberry.argument(description="What learners are grouped by.")],
        start: _Start = None,
        end: _End = None,
        include_today: _IncludeToday = False,
    ) -> list[EnrollmentSpan]:
        range_ = Range(start, end, include_today)
        found = series.enrollment_spans(info.context, root.id, by, range_, columns(info))
        return cast(list[EnrollmentSpan], found)

    @strawberry.field(
        description="Active learners by week from Monday to Sunday, UTC; only weeks inside the range, and"
        " complete unless today is included. Without a range the newest week with activity.",
        metadata={"multiplier": _rows(1)},
    )
    def activity_weekly(
        root: Any,  # noqa: N805
        info: ContextInfo,
        start: _Start = None,
        end: _End = None,
        include_today: Annotated[
            bool,
            strawberry.argument(description="Whether the running week may be the last one, as it is so far."),
        ] = False,
    ) -> list[ActivityWeek]:
        range_ = Range(start, end, include_today)
        return cast(list[ActivityWeek], series.activity(info.context, root.id, range_, columns(info)))

    @strawberry.field(
        description="The newest complete week in which learners did something; null when there is none."
    )
    async def latest_activity(
        root: Any,  # noqa: N805
        info: ContextInfo,
        activity: Annotated[Activity, strawberry.argument(description="What they did.")] = Activity.ANY,
    ) -> ActivityWeek | None:
        found = await series.latest_activity(info.context, root.id, activity, columns(info))
        return cast(ActivityWeek | None, found)

    problems: Connection[Problem] = connection(
        analytics.PROBLEMS_OF_RUN, ModuleWhere, ModuleOrder, "Problems of the run."
    )
    subsections: Connection[Subsection] = connection(
        analytics.SUBSECTIONS_OF_RUN, ModuleWhere, ModuleOrder, "Subsections of the run."
    )
    videos: Connection[Video] = connection(
        analytics.VIDEOS_OF_RUN, ModuleWhere, ModuleOrder, "Videos of the run."
    )
