"""What is made of the courses: programs, and the catalogs of enterprise customers."""

from dataclasses import dataclass
from uuid import UUID

from app.demo.content import computing, examples, health, professions, sciences
from app.vocabulary import ConsentPolicy

COURSES = (
    *examples.COURSES,
    *health.COURSES,
    *professions.COURSES,
    *computing.COURSES,
    *sciences.COURSES,
)

PROGRAM_TYPES = (
    ("professional-certificate", "Professional Certificate", False),
    ("micromasters", "MicroMasters", True),
    ("xseries", "XSeries", False),
)
"""Slug, name, and whether learners are coached."""


@dataclass(frozen=True)
class Program:
    """Courses taken together, by key; `excluded` are runs of theirs that do not count."""

    title: str
    slug: str
    subtitle: str
    type: str
    organizations: tuple[str, ...]
    courses: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    one_click_purchase: bool = False


PROGRAMS = (
    Program(
        title="Working with Data",
        slug="working-with-data",
        subtitle="From the first program to a tested claim.",
        type="professional-certificate",
        organizations=("edX", "NordicX"),
        courses=("edX+DemoX", "NordicX+CS101x", "NordicX+ST201x"),
        excluded=("edX/DemoX/Demo_Course",),
        one_click_purchase=True,
    ),
    Program(
        title="Engineering Teams",
        slug="engineering-teams",
        subtitle="Build software, secure it, and lead the people who do.",
        type="micromasters",
        organizations=("RITx", "NordicX"),
        courses=("NordicX+CS102x", "RITx+CYB501x", "RITx+PM9003x"),
    ),
    Program(
        title="Body and Planet",
        slug="body-and-planet",
        subtitle="Health, food and the world they depend on.",
        type="xseries",
        organizations=("MyUni", "UniversityX", "AndesX"),
        courses=("MyUni+Sport101x", "MyUni+NUT200x", "UniversityX+UX.3.01x", "AndesX+BIO110x"),
    ),
)


@dataclass(frozen=True)
class Catalog:
    """What a customer offers: runs and courses by key, programs by slug; `subjects` makes a query of it."""

    uuid: UUID | None
    title: str
    runs: tuple[str, ...] = ()
    courses: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    publishes_audit_urls: bool = False


@dataclass(frozen=True)
class Customer:
    """An enterprise customer and how many learners it has."""

    name: str
    slug: str
    site_id: int
    consent_policy: ConsentPolicy
    reports_audit_data: bool
    learners: int
    catalogs: tuple[Catalog, ...]
    uuid: UUID | None = None
    saml_provider: str | None = None


CUSTOMERS = (
    Customer(
        uuid=UUID("58152f7f-6d0e-41cf-862d-0a27c6fad72c"),
        name="Degreed Company",
        slug="degreed-company",
        site_id=1,
        consent_policy=ConsentPolicy.AT_ENROLLMENT,
        reports_audit_data=False,
        learners=120,
        saml_provider="degreed",
        catalogs=(
            Catalog(
                uuid=UUID("0e871df0-6e43-4cfc-92cc-357ebf1fda75"),
                title="All Content",
                runs=("course-v1:edX+DemoX+Demo_Course",),
                courses=tuple(course.key for course in COURSES),
                programs=("working-with-data",),
            ),
        ),
    ),
    Customer(
        name="Café Lumière & Söhne",
        slug="cafe-lumiere",
        site_id=2,
        consent_policy=ConsentPolicy.EXTERNALLY_MANAGED,
        reports_audit_data=True,
        learners=60,
        catalogs=(
            Catalog(
                uuid=UUID("3f56a21c-76c8-47c0-add8-a99714d40d94"),
                title="Health and Management",
                courses=("MyUni+Sport101x", "MyUni+NUT200x", "RITx+PM9003x"),
                programs=("body-and-planet",),
            ),
            Catalog(
                uuid=None,
                title="Computing",
                courses=tuple(c.key for c in COURSES if "computer-science" in c.subjects),
                subjects=("computer-science",),
                publishes_audit_urls=True,
            ),
        ),
    ),
)
