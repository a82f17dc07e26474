"""The demo's organizations, people, courses and what surrounds courses, as rows."""

import datetime as dt
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import (
    Course,
    CourseOrganization,
    CourseSubject,
    Entitlement,
    Organization,
    Person,
    Subject,
)
from app.demo.content import types
from app.demo.content.institutions import ORGANIZATIONS, PEOPLE, SUBJECTS
from app.demo.content.offers import COURSES
from app.demo.rows import MADE, Ids, Row, add, add_by, demo_uuid
from app.vocabulary import OrganizationRole

PARTNER = "edx"


async def write_organizations(connection: AsyncConnection) -> Ids:
    """Write the organizations."""
    columns: Row = dict.fromkeys(name for name in Organization.model_fields if name != "id")
    rows = [
        columns | {"tags": [], "uuid": demo_uuid("organization", content["key"])} | content
        for content in ORGANIZATIONS
    ]
    return await add_by(connection, "key", Organization, rows)


async def write_people(connection: AsyncConnection, organizations: Ids) -> Ids:
    """Write the people who teach."""
    names = {content["key"]: content["name"] for content in ORGANIZATIONS}
    rows = [
        {
            "uuid": UUID(uuid) if uuid else demo_uuid("person", slug),
            "slug": slug,
            "salutation": salutation,
            "given_name": given_name,
            "family_name": family_name,
            "bio": f"<p>{given_name} {family_name} teaches at {names[organization]}.</p>",
            "email": f"{slug}@example.org",
            "profile_image_url": f"https://images.example.org/person/{slug}.jpg",
            "position_title": "Professor" if salutation == "Prof." else "Lecturer",
            "position_organization_name": names[organization],
            "organization_id": organizations[organization],
            "blog_url": f"https://blog.example.org/{slug}" if salutation == "Dr." else None,
            "works": [f"{family_name}: Notes from the Classroom"] if salutation == "Prof." else [],
        }
        for slug, salutation, given_name, family_name, organization, uuid in PEOPLE
    ]
    return await add_by(connection, "slug", Person, rows)


async def write_courses(connection: AsyncConnection, organizations: Ids) -> Ids:
    """Write subjects, and courses with their organizations, subjects and entitlements."""
    subjects = await add_by(connection, "slug", Subject, [_subject(*content) for content in SUBJECTS])
    courses = await add_by(
        connection, "key", Course, [_course(n, course) for n, course in enumerate(COURSES)]
    )
    await add(
        connection,
        CourseOrganization,
        [
            {
                "course_id": courses[course.key],
                "organization_id": organizations[key],
                "role": role,
                "position": position,
            }
            for course in COURSES
            for role, keys in (
                (OrganizationRole.OWNER, course.organizations),
                (OrganizationRole.SPONSOR, course.sponsors),
            )
            for position, key in enumerate(keys)
        ],
    )
    await add(
        connection,
        CourseSubject,
        [
            {"course_id": courses[course.key], "subject_id": subjects[slug], "position": position}
            for course in COURSES
            for position, slug in enumerate(course.subjects)
        ],
    )
    await add(
        connection,
        Entitlement,
        [
            {
                "course_id": courses[course.key],
                "mode": "verified",
                "price": course.entitlement,
                "currency": "USD",
                "sku": demo_uuid("entitlement", course.key).hex[:7].upper(),
            }
            for course in COURSES
            if course.entitlement is not None
        ],
    )
    return courses


def _subject(slug: str, name: str, subtitle: str) -> Row:
    return {
        "uuid": demo_uuid("subject", slug),
        "slug": slug,
        "name": name,
        "subtitle": subtitle,
        "description": f"<p>{subtitle}.</p>",
        "banner_image_url": f"https://images.example.org/subject/{slug}-banner.jpg",
        "card_image_url": f"https://images.example.org/subject/{slug}.jpg",
    }


def _course(number: int, course: types.Course) -> Row:
    image = course.image_url or f"https://images.example.org/course/{course.slug}.jpg"
    filmed = course.entitlement is not None
    return {
        "uuid": demo_uuid("course", course.key),
        "key": course.key,
        "title": course.title,
        "short_description": course.short_description,
        "full_description": course.full_description,
        "outcome": course.outcome,
        "syllabus": course.syllabus,
        "prerequisites_text": course.prerequisites_text,
        "prerequisites": list(course.prerequisites),
        "expected_learning_items": list(course.learning_items),
        "level_type": course.level,
        "image_url": image,
        "image_description": course.title,
        "image_width": 378,
        "image_height": 225,
        "original_image_url": image,
        "video_url": f"https://videos.example.org/{course.slug}.mp4" if filmed else None,
        "video_description": f"About {course.title}" if filmed else None,
        "video_image_url": f"https://images.example.org/video/{course.slug}.jpg" if filmed else None,
        "marketing_slug": course.slug,
        "partner": PARTNER,
        "created": MADE + dt.timedelta(hours=number),
        "modified": MADE + dt.timedelta(days=100 + number),
    }
