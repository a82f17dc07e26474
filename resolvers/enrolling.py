"""Enrolling: the rules of Enrollment contract 4.4, and the events that every change leaves."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.analytics.enrollment import changing_enrollments
from app.auth.audit import record
from app.auth.viewer import Viewer
from app.db.models import (
    CourseRun,
    Enrollment,
    EnrollmentAttribute,
    EnrollmentEvent,
    Event,
    Seat,
    User,
    now,
)
from app.db.models.tables import table_of
from app.errors import BadUserInput, EnrollmentClosed, Forbidden, ModeUnavailable, NotFound
from app.vocabulary import RUN_KEY, SCOPE_ATTRIBUTE, ClosedReason, EnrollmentEventType, WebhookEvent
from app.webhooks.emit import emit
from resolvers.access import visible
from resolvers.context import Context
from resolvers.links import enroll_through, link_to
from resolvers.modes import AUDIT, modes

_FREE = (AUDIT, "honor")
"""Modes that everybody may enroll in, the preferred one first."""

_CREDIT, _PROVIDER = "credit", ("credit", "provider_id")
_LONGEST = {"namespace": 100, "name": 100, "value": 1024}
_MOST_ATTRIBUTES = 100


@dataclass(frozen=True)
class Attribute:
    """A fact about an enrollment that has no column of its own."""

    namespace: str
    name: str
    value: str


@dataclass(frozen=True)
class Wish:
    """What an enrollment shall be. What is None is left to the rules."""

    mode: str | None = None
    is_active: bool | None = None
    attributes: Sequence[Attribute] = ()
    email_opt_in: bool | None = None
    force: bool = False


@dataclass(frozen=True)
class Saved:
    """An enrollment as it is now, and whether it was created."""

    id: int
    created: bool


async def enroll(
    context: Context,
    run_key: str,
    username: str | None,
    wish: Wish,
    *,
    customer: UUID | None = None,
    validate_only: bool = False,
) -> Saved | None:
    """Enroll a user, the viewer unless named, in a course run; None when that was only checked.

    With an enterprise customer it is through the user's link to it. The checks are
    in the order of contract 4.4; that of the link comes after that of the rights.
    Raises `BadUserInput`, `NotFound`, `Forbidden`, `ModeUnavailable` and `EnrollmentClosed`.
    """
    viewer = context.viewer
    async with context.write() as session:
        run = await visible_run(session, viewer, run_key)
        learner = await user_to_act_for(session, viewer, username)
        _check_rights(viewer, wish)
        link = None if customer is None else await link_to(session, viewer, customer, learner)
        saved = await _enroll(session, viewer, run, learner, wish, validate_only=validate_only)
        if link and saved and await enroll_through(session, link, saved.id) and viewer.user_id != learner.id:
            record(
                session,
                str(viewer.username),
                "enterprise_enrollment.create",
                f"{learner.username} in {run.key}",
                enterprise_customer=str(customer),
            )
        return saved


async def update(context: Context, id: int, wish: Wish) -> Saved:
    """Change an enrollment; only staff may. What the wish leaves out stays.

    Raises `BadUserInput`, `NotFound`, `Forbidden` and `ModeUnavailable`.
    """
    viewer = context.viewer
    async with context.write() as session:
        enrollment: Enrollment | None = await session.scalar(
            select(Enrollment).where(
                col(Enrollment.id) == id, visible(viewer, Enrollment, table_of(Enrollment))
            )
        )
        if enrollment is None:
            raise NotFound("There is no such enrollment", field="id")
        if not viewer.is_staff:
            raise Forbidden("Only staff may change an enrollment", field="id")
        learner = await session.get_one(User, enrollment.user_id, with_for_update={"key_share": True})
        # Others may have changed it until the learner was locked.
        await session.refresh(enrollment)
        run = await session.get_one(CourseRun, enrollment.run_id)
        await _offered(session, run, wish)
        _check_attributes(wish)
        mode = _changed_mode(enrollment, wish)
        active = enrollment.is_active if wish.is_active is None else wish.is_active
        return await _save(session, viewer, run, learner, enrollment, mode, active, wish)


async def visible_run(session: AsyncSession, viewer: Viewer, key: str) -> CourseRun:
    """The course run with a key, to enroll in. Raises `BadUserInput` for what is no key, and `NotFound`."""
    if not RUN_KEY.fullmatch(key):
        raise BadUserInput("Not a key such as course-v1:Org+Course+Run or Org/Course/Run", field="runKey")
    # Whose catalog has a run that is not published reads about it, no more.
    viewer = replace(viewer, reads_catalogs=False)
    run: CourseRun | None = await session.scalar(
        select(CourseRun).where(col(CourseRun.key) == key, visible(viewer, CourseRun, table_of(CourseRun)))
    )
    if run is None:
        raise NotFound(f"There is no course run {key}", field="runKey")
    return run


async def user_to_act_for(session: AsyncSession, viewer: Viewer, username: str | None) -> User:
    """The user of a name, the viewer unless named, locked: of a user one thing changes at a time.

    Raises `NotFound`; who is not staff finds himself only.
    """
    name = viewer.username if username is None else username
    user: User | None = None
    if viewer.is_staff or name == viewer.username:
        user = await session.scalar(
            select(User).where(col(User.username) == name).with_for_update(key_share=True)
        )
    if user is None:
        raise NotFound(f"There is no user {name}", field="username")
    return user


def _check_rights(viewer: Viewer, wish: Wish) -> None:
    if viewer.is_staff:
        return
    if wish.mode not in (None, *_FREE):
        raise Forbidden(f"Only staff may enroll in the mode {wish.mode:.100}", field="mode")
    if wish.is_active is False:
        raise Forbidden("Only staff may deactivate an enrollment", field="isActive")


async def _enroll(
    session: AsyncSession, viewer: Viewer, run: CourseRun, learner: User, wish: Wish, *, validate_only: bool
) -> Saved | None:
    enrollment: Enrollment | None = await session.scalar(
        select(Enrollment).where(col(Enrollment.run_id) == run.id, col(Enrollment.user_id) == learner.id)
    )
    offered = await _offered(session, run, wish)
    _check_attributes(wish)
    # Who leaves need not be let in.
    if wish.is_active is not False and not (viewer.is_staff and wish.force):
        await _check_open(session, run, learner)
    if enrollment is None or not (viewer.is_staff or enrollment.is_active):
        mode = _default(run, offered) if wish.mode is None else wish.mode
    elif viewer.is_staff:
        mode = _changed_mode(enrollment, wish)
    else:
        return None if validate_only else Saved(enrollment.id, created=False)
    if validate_only:
        return None
    # Absent means active (contract R-13).
    return await _save(session, viewer, run, learner, enrollment, mode, wish.is_active is not False, wish)


async def _offered(session: AsyncSession, run: CourseRun, wish: Wish) -> Collection[str]:
    """The modes that the run is offered in; who deactivates may name one that is offered no longer."""
    seats = await session.scalars(select(Seat).where(col(Seat.run_id) == run.id).order_by(col(Seat.id)))
    offered = {mode.slug for mode in modes(seats, now(), include_expired=wish.is_active is False)}
    if wish.mode is not None and wish.mode not in offered:
        raise ModeUnavailable(f"{run.key} is not offered in the mode {wish.mode:.100}", run.id)
    return offered


def _default(run: CourseRun, offered: Collection[str]) -> str:
    for mode in _FREE:
        if mode in offered:
            return mode
    raise ModeUnavailable(f"{run.key} is not offered in a free mode; name one", run.id)


def _changed_mode(enrollment: Enrollment, wish: Wish) -> str:
    mode = enrollment.mode if wish.mode is None else wish.mode
    if wish.is_active is False and mode != enrollment.mode:
        raise BadUserInput("The mode cannot change while the enrollment is deactivated", field="mode")
    return mode


def _check_attributes(wish: Wish) -> None:
    given = wish.attributes
    if given and wish.mode == _CREDIT and _PROVIDER not in ((it.namespace, it.name) for it in given):
        raise BadUserInput("Credit needs the attribute credit:provider_id", field="attributes")
    if len(given) > _MOST_ATTRIBUTES:
        raise BadUserInput(f"At most {_MOST_ATTRIBUTES} attributes", field="attributes")
    for number, attribute in enumerate(given):
        for name, longest in _LONGEST.items():
            if not (name == "value" or getattr(attribute, name)) or len(getattr(attribute, name)) > longest:
                least = 0 if name == "value" else 1
                raise BadUserInput(
                    f"Must have {least} to {longest} characters", field=f"attributes.{number}.{name}"
                )


async def _check_open(session: AsyncSession, run: CourseRun, learner: User) -> None:
    moment = now()
    if run.enrollment_start is not None and moment < run.enrollment_start:
        raise EnrollmentClosed("Enrollment has not begun", ClosedReason.CLOSED)
    if run.enrollment_end is not None and moment >= run.enrollment_end:
        raise EnrollmentClosed("Enrollment has ended", ClosedReason.CLOSED)
    if run.enrollment_limit is not None:
        # Locked, so that of several learners at a time only one gets the last place.
        await session.refresh(run, with_for_update={"key_share": True})
        others = select(func.count()).where(
            col(Enrollment.run_id) == run.id,
            col(Enrollment.user_id) != learner.id,
            col(Enrollment.is_active),
        )
        if (await session.scalar(others) or 0) >= run.enrollment_limit:
            raise EnrollmentClosed("All places are taken", ClosedReason.FULL)
    if run.invite_only:
        raise EnrollmentClosed("Only who is invited may enroll", ClosedReason.INVITE_ONLY)


async def _save(
    session: AsyncSession,
    viewer: Viewer,
    run: CourseRun,
    learner: User,
    enrollment: Enrollment | None,
    mode: str,
    active: bool,
    wish: Wish,
) -> Saved:
    """Make an enrollment what it shall be. What is so already leaves no event."""
    moment = await _moment(session, run, learner)
    created = enrollment is None
    if enrollment is None:
        types = [EnrollmentEventType.ACTIVATED] + [EnrollmentEventType.DEACTIVATED] * (not active)
        enrollment = Enrollment(run_id=run.id, user_id=learner.id, mode=mode, created=moment)
        session.add(enrollment)
    else:
        types = [EnrollmentEventType.MODE_CHANGED] * (mode != enrollment.mode)
        if active != enrollment.is_active:
            types.append(EnrollmentEventType.ACTIVATED if active else EnrollmentEventType.DEACTIVATED)
    enrollment.mode = mode
    if active != enrollment.is_active:
        enrollment.is_active = active
        enrollment.unenrolled_at = None if active else moment
    await session.flush()
    async with changing_enrollments(await session.connection(), [learner.id], [run.id]):
        session.add_all(
            EnrollmentEvent(run_id=run.id, user_id=learner.id, occurred_at=moment, type=type_, mode=mode)
            for type_ in types
        )
        await session.flush()
    changed = await _set_attributes(session, enrollment, wish)
    names = [f"enrollment.{type_}" for type_ in types]
    facts = {"enrollment_id": enrollment.id, "mode": mode}
    if created:
        names[0] = WebhookEvent.USER_ENROLLED
        scopes = [it.value for it in wish.attributes if (it.namespace, it.name) == SCOPE_ATTRIBUTE]
        facts |= {"scope": scopes[-1]} if scopes else {}
    await emit(
        session,
        *(
            Event(
                type=name,
                occurred_at=moment,
                user_id=learner.id,
                run_id=run.id,
                course_id=run.course_id,
                payload=facts,
            )
            for name in names
        ),
    )
    if viewer.user_id != learner.id and (types or changed):
        record(
            session,
            str(viewer.username),
            "enrollment.create" if created else "enrollment.update",
            f"{learner.username} in {run.key}",
            mode=mode,
            is_active=active,
            attributes=changed,
        )
    return Saved(enrollment.id, created)


async def _moment(session: AsyncSession, run: CourseRun, learner: User) -> dt.datetime:
    """Now, but after every event of the enrollment: they count in the order of their instants."""
    last = await session.scalar(
        select(func.max(col(EnrollmentEvent.occurred_at))).where(
            col(EnrollmentEvent.run_id) == run.id, col(EnrollmentEvent.user_id) == learner.id
        )
    )
    return now() if last is None else max(now(), last + dt.timedelta(microseconds=1))


async def _set_attributes(session: AsyncSession, enrollment: Enrollment, wish: Wish) -> list[str]:
    """Add and replace attributes; the names of those that are others now."""
    given = {(it.namespace, it.name): it.value for it in wish.attributes}
    if wish.email_opt_in is not None:
        given["email", "opt_in"] = str(wish.email_opt_in).lower()
    changed = []
    for (namespace, name), value in given.items():
        kept = await session.get(EnrollmentAttribute, (enrollment.id, namespace, name))
        if kept is None or kept.value != value:
            changed.append(f"{namespace}:{name}")
            await session.merge(
                EnrollmentAttribute(enrollment_id=enrollment.id, namespace=namespace, name=name, value=value)
            )
    return changed
