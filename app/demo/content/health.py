"""The demo's courses on sport and food."""

from decimal import Decimal

from app.demo.content.types import Course, Run, Unit, choice, moment, problem, typed
from app.vocabulary import Pacing

SPORT = Course(
    key="MyUni+Sport101x",
    title="Sport Science: Training and Recovery",
    slug="sport-science",
    level="Introductory",
    organizations=("MyUni",),
    subjects=("health-safety", "biology-life-sciences"),
    short_description="What training does to the body, and why rest is half of it.",
    full_description=(
        "<p>Plan a training week that makes you fitter and not ill. Coaches and physicians explain what "
        "happens in muscle, heart and head.</p>"
    ),
    outcome="<p>You will write a training plan for yourself and defend it.</p>",
    learning_items=("Measure effort", "Plan load and rest", "Recognise overtraining"),
    weeks=5,
    effort=(2, 4),
    entitlement=Decimal("59.00"),
    units=(
        Unit(
            "Effort",
            "Finding your pulse",
            121,
            problem(
                "Heart Rate",
                typed(
                    "A common estimate of the greatest heart rate at 40 years, per minute?",
                    "180",
                    "220",
                    "160",
                ),
            ),
        ),
        Unit(
            "Load and Rest",
            "The week of a runner",
            344,
            problem(
                "Supercompensation",
                choice(
                    "When does the body get stronger?", "While resting", "While training", "Before training"
                ),
                choice(
                    "How soon should a hard session follow another?",
                    "After a day or two",
                    "At once",
                    "After a month",
                ),
            ),
        ),
        Unit(
            "Too Much",
            "A conversation with a physician",
            287,
            problem(
                "Overtraining",
                choice(
                    "Which of these is an early sign of overtraining?",
                    "A raised pulse in the morning",
                    "Hunger",
                    "Good sleep",
                ),
            ),
        ),
    ),
    runs=(
        Run(
            key="course-v1:MyUni+Sport101x+3T2024",
            start=moment("2024-09-16T09:00"),
            end=moment("2024-11-10T23:00"),
            enrollment_start=moment("2024-07-08"),
            enrollment_end=moment("2024-10-20"),
            pacing=Pacing.INSTRUCTOR_PACED,
            seats={"audit": Decimal(0), "verified": Decimal(59)},
            staff=("leila-haddad", "tom-gallagher"),
            crowd=0.8,
            transcripts=("en",),
        ),
        Run(
            key="course-v1:MyUni+Sport101x+Open",
            start=moment("2025-02-03"),
            enrollment_start=moment("2024-12-01"),
            seats={"audit": Decimal(0), "verified": Decimal(59)},
            staff=("leila-haddad", "tom-gallagher"),
            crowd=1.1,
            transcripts=("en", "fr"),
        ),
    ),
)


NUTRITION = Course(
    key="MyUni+NUT200x",
    title="Nutrition and Health",
    slug="nutrition-and-health",
    level="Introductory",
    organizations=("MyUni",),
    sponsors=("AndesX",),
    subjects=("health-safety",),
    short_description="What is known about food, what is guessed, and what is sold.",
    full_description="<p>Read a label, a headline and a study, and tell them apart.</p>",
    outcome="<p>You will judge a claim about food by its evidence.</p>",
    learning_items=("Read a label", "Plan a balanced week", "Judge a study"),
    weeks=5,
    effort=(2, 3),
    entitlement=Decimal("49.00"),
    units=(
        Unit(
            "Energy and Nutrients",
            "What is in a sandwich",
            164,
            problem(
                "Energy Density",
                choice("Which gives the most energy per gram?", "Fat", "Protein", "Starch"),
            ),
        ),
        Unit(
            "Labels",
            "The small print",
            207,
            problem(
                "Servings",
                typed("A serving of 30 g has 120 kcal. How many kcal has 100 g?", "400", "360", "120"),
                choice("In which order are ingredients listed?", "By weight", "By alphabet", "By price"),
            ),
        ),
        Unit(
            "Studies",
            "Does coffee help?",
            318,
            problem(
                "Evidence",
                choice(
                    "Which study says most about cause?", "A randomised trial", "A survey", "A case report"
                ),
            ),
        ),
    ),
    runs=(
        Run(
            key="course-v1:MyUni+NUT200x+Open",
            start=moment("2024-10-14"),
            enrollment_start=moment("2024-08-19"),
            seats={"audit": Decimal(0), "verified": Decimal(49)},
            staff=("leila-haddad",),
            crowd=1.3,
            transcripts=("en", "es-419"),
        ),
    ),
)

COURSES = (SPORT, NUTRITION)
