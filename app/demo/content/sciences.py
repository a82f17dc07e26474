"""The demo's courses in the sciences and in ethics."""

from decimal import Decimal

from app.demo.content.types import Course, Run, Unit, choice, moment, problem, typed
from app.vocabulary import Pacing, RunStatus

ECOSYSTEMS = Course(
    key="AndesX+BIO110x",
    title="Biología de los ecosistemas",
    slug="biologia-de-los-ecosistemas",
    level="Introductory",
    organizations=("AndesX",),
    subjects=("biology-life-sciences",),
    language="es",
    short_description="Cómo conviven las especies, del páramo a la selva.",
    full_description="<p>Un viaje por los ecosistemas andinos y por las redes que los sostienen.</p>",
    outcome="<p>Podrás describir la red trófica de un lugar que conoces.</p>",
    learning_items=("Redes tróficas", "Ciclos de la materia", "Conservación"),
    weeks=6,
    effort=(3, 4),
    entitlement=Decimal("39.00"),
    units=(
        Unit(
            "Redes tróficas",
            "¿Quién come a quién?",
            248,
            problem(
                "Niveles tróficos",
                choice("¿Qué organismos son productores?", "Las plantas", "Los hongos", "Los pumas"),
            ),
        ),
        Unit(
            "El agua",
            "El páramo, fábrica de agua",
            193,
            problem(
                "El ciclo del agua",
                choice("¿Cómo vuelve el agua del bosque al aire?", "Por transpiración", "Por infiltración"),
                typed("¿A cuántos grados Celsius hierve el agua al nivel del mar?", "100", "90", "212"),
            ),
        ),
        Unit(
            "Conservación",
            "El oso de anteojos",
            276,
            problem(
                "Especies clave",
                choice(
                    "Una especie clave es la que…",
                    "sostiene a muchas otras",
                    "es la más grande",
                    "es la más rara",
                ),
            ),
        ),
    ),
    runs=(
        Run(
            key="course-v1:AndesX+BIO110x+2T2025",
            start=moment("2025-04-07T13:00"),
            enrollment_start=moment("2025-02-03"),
            seats={"audit": Decimal(0), "verified": Decimal(39)},
            staff=("lucia-quispe",),
            crowd=0.7,
            transcripts=("es-419",),
        ),
    ),
)


CHEMISTRY = Course(
    key="UniversityX+CHEM100x",
    title="Introduction to Chemistry",
    slug="introduction-to-chemistry",
    level="High School",
    organizations=("UniversityX",),
    subjects=("chemistry",),
    short_description="Atoms, bonds and reactions, with things from your kitchen.",
    full_description="<p>Vinegar, baking powder and a candle are enough to see most of chemistry.</p>",
    learning_items=("Read the periodic table", "Balance an equation", "Know an acid when you see it"),
    weeks=9,
    effort=(4, 6),
    entitlement=Decimal("49.00"),
    units=(
        Unit(
            "Atoms",
            "The periodic table",
            299,
            problem(
                "Elements",
                choice("Which element has the symbol Na?", "Sodium", "Nitrogen", "Nickel"),
                typed("How many protons has carbon?", "6", "12", "4"),
            ),
        ),
        Unit(
            "Reactions",
            "A candle burns",
            187,
            problem(
                "Balancing",
                typed("2 H2 + x O2 gives 2 H2O. What is x?", "1", "2", "0.5"),
            ),
        ),
        Unit(
            "Acids",
            "Vinegar and red cabbage",
            216,
            problem("pH", choice("Which pH is the most acidic?", "1", "7", "14")),
        ),
    ),
    runs=(
        Run(
            key="course-v1:UniversityX+CHEM100x+3T2025",
            start=moment("2025-09-08T12:00"),
            end=moment("2025-12-14T23:00"),
            enrollment_start=moment("2025-06-16"),
            enrollment_end=moment("2025-11-01"),
            pacing=Pacing.INSTRUCTOR_PACED,
            seats={"audit": Decimal(0), "verified": Decimal(49)},
            staff=("ruth-abrams",),
            crowd=0.9,
            transcripts=("en",),
        ),
        Run(
            key="course-v1:UniversityX+CHEM100x+3T2028",
            start=moment("2028-09-11T12:00"),
            end=moment("2028-12-17T23:00"),
            enrollment_start=moment("2028-06-01"),
            pacing=Pacing.INSTRUCTOR_PACED,
            seats={"audit": Decimal(0), "verified": Decimal(49)},
            staff=("ruth-abrams",),
        ),
    ),
)


ETHICS = Course(
    key="UniversityX+PHIL50x",
    title="Ethics of Technology",
    slug="ethics-of-technology",
    level="Introductory",
    organizations=("UniversityX",),
    subjects=("philosophy-ethics", "computer-science"),
    short_description="Just because we can?",
    full_description="<p>Old questions in new devices: duty, consequence and character.</p>",
    weeks=6,
    effort=(2, 4),
    units=(
        Unit(
            "Duty and Consequence",
            "The trolley and the car",
            333,
            problem(
                "Positions",
                choice("Who judges acts by their results?", "A consequentialist", "A Kantian", "A stoic"),
            ),
        ),
    ),
    runs=(
        Run(
            key="course-v1:UniversityX+PHIL50x+Draft",
            start=moment("2027-01-18"),
            seats={"audit": Decimal(0)},
            staff=("samuel-osei",),
            status=RunStatus.UNPUBLISHED,
        ),
    ),
)

COURSES = (ECOSYSTEMS, CHEMISTRY, ETHICS)
