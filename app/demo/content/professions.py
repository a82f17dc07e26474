"""The demo's courses for professionals."""

from decimal import Decimal

from app.demo.content.types import Course, Run, Unit, choice, moment, problem, typed
from app.vocabulary import Pacing

PROJECTS = Course(
    key="RITx+PM9003x",
    title="International Project Management",
    slug="international-project-management",
    level="Advanced",
    organizations=("RITx",),
    subjects=("business-management",),
    short_description="Leading projects whose people live in different countries, hours and habits.",
    full_description=(
        "<p>Projects fail at borders: of language, law and calendar. Learn to plan, to agree and to deliver "
        "across them.</p>"
    ),
    outcome="<p>You will run a project plan that holds in three time zones.</p>",
    prerequisites_text="<p>A first course in project management, or two years of practice.</p>",
    prerequisites=("Project Management Basics",),
    weeks=8,
    effort=(6, 10),
    entitlement=Decimal("149.00"),
    units=(
        Unit(
            "Scope across Borders",
            "One plan, three laws",
            405,
            problem(
                "Stakeholders",
                choice(
                    "Who decides on a change of scope?",
                    "The change board",
                    "The loudest customer",
                    "Any engineer",
                ),
            ),
        ),
        Unit(
            "Time",
            "The critical path",
            332,
            problem(
                "Critical Path",
                typed("Tasks of 3, 5 and 4 days follow each other. How long is the path?", "12", "5", "60"),
                typed("The middle task is two days late. How late is the project, in days?", "2", "0", "14"),
            ),
        ),
        Unit(
            "Risk",
            "What could go wrong",
            254,
            problem(
                "Exposure",
                typed("A loss of 20,000 has a chance of 10 %. What is its exposure?", "2000", "20000", "200"),
            ),
        ),
    ),
    runs=(
        Run(
            key="course-v1:RITx+PM9003x+3T2024",
            start=moment("2024-09-02T14:00"),
            end=moment("2024-12-15T23:00"),
            enrollment_start=moment("2024-07-01"),
            enrollment_end=moment("2024-11-15"),
            pacing=Pacing.INSTRUCTOR_PACED,
            seats={"audit": Decimal(0), "verified": Decimal(149)},
            staff=("priya-raman",),
            crowd=0.6,
        ),
        Run(
            key="course-v1:RITx+PM9003x+1T2026",
            start=moment("2026-01-12T14:00"),
            enrollment_start=moment("2025-10-01"),
            seats={"professional": Decimal(399)},
            staff=("priya-raman", "victor-chen"),
            crowd=0.5,
            transcripts=("en", "zh-hans"),
        ),
    ),
)


SECURITY = Course(
    key="RITx+CYB501x",
    title="Cybersecurity Fundamentals",
    slug="cybersecurity-fundamentals",
    level="Intermediate",
    organizations=("RITx",),
    subjects=("computer-science", "business-management"),
    short_description="What attackers do, and how ordinary teams stop them.",
    full_description="<p>Threats, defences and the habits of teams that sleep well.</p>",
    outcome="<p>You will find the three weakest points of a system and close them.</p>",
    learning_items=("Model threats", "Store passwords", "Answer an incident"),
    weeks=8,
    effort=(8, 10),
    units=(
        Unit(
            "Threats",
            "Who would want that?",
            267,
            problem(
                "Phishing",
                choice(
                    "What do most successful attacks begin with?",
                    "A message to a person",
                    "A broken cipher",
                    "A stolen computer",
                ),
            ),
        ),
        Unit(
            "Secrets",
            "How to store a password",
            301,
            problem(
                "Hashing",
                choice("What makes equal passwords look different?", "A salt", "A longer hash", "Base64"),
                choice("Which function suits passwords?", "argon2id", "SHA-1", "CRC-32"),
            ),
        ),
        Unit(
            "Incidents",
            "The first hour",
            222,
            problem(
                "Order of Steps",
                choice("What comes first?", "Contain the damage", "Write the report", "Blame somebody"),
            ),
        ),
    ),
    runs=(
        Run(
            key="course-v1:RITx+CYB501x+Open",
            start=moment("2025-09-01T14:00"),
            enrollment_start=moment("2025-06-02"),
            seats={"professional": Decimal(499)},
            staff=("victor-chen",),
            crowd=0.6,
            transcripts=("en",),
        ),
    ),
)

COURSES = (PROJECTS, SECURITY)
