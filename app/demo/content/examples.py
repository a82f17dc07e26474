"""The courses that the documents of the older APIs take as their examples, with the ids they use."""

from decimal import Decimal

from app.demo.content.types import Course, Problem, Run, Unit, choice, moment, problem, typed
from app.vocabulary import Pacing

# What the run `course-v1:edX+DemoX+Demo_Course` holds is the Enterprise API's example of a course
# run, word for word; so the course has no subject. The ids of modules are the Data Analytics API's.
DEMOX = Course(
    key="edX+DemoX",
    title="edX Demonstration Course",
    slug="edxdemoslug",
    level="Beginner",
    organizations=("edX",),
    subjects=(),
    short_description=(
        "A hands-on introduction to basic programming principles and practice relevant to modern data "
        "analysis, data mining, and machine learning."
    ),
    full_description=(
        "<p>The modern data analysis pipeline involves collection, preprocessing, storage, analysis, and "
        "interactive visualization of data.</p>\n<p>The goal of this course, part of the Analytics: "
        "Essential Tools and Methods MicroMasters program, is for you to learn how to build these components "
        "and connect them using modern tools and techniques.</p>"
    ),
    outcome="<p>You will have seen every kind of exercise the platform offers.</p>",
    syllabus="<p>Week 1: Getting started<br>Week 2: Exercises<br>Week 3: Working together</p>",
    learning_items=("How to find your way in a course", "How answers are checked", "How to talk to others"),
    weeks=3,
    effort=(5, 6),
    image_url="https://courses.edx.org/asset-v1:edX+DemoX+Demo_Course+type@asset+block@images_course_image.jpg",
    entitlement=Decimal("49.00"),
    units=(
        Unit(
            "Lesson 1 - Getting Started",
            "Welcome!",
            195,
            problem(
                "Multiple Choice Problem",
                choice(
                    "Which of the following countries has the largest population?",
                    "Russia",
                    "Indonesia",
                    "Brazil",
                    "Germany",
                    correct=1,
                ),
            ),
        ),
        Unit(
            "Homework - Question Styles",
            "Answering with numbers",
            262,
            problem(
                "Numerical Input",
                typed("Enter the numerical value of Pi to two decimals.", "3.14", "3.41", "3.15", "3"),
                typed("Enter the number of fingers on a human hand.", "5", "10", "4"),
            ),
        ),
        Unit(
            "Randomized Questions",
            "Why questions differ",
            88,
            Problem(
                "Average Speed",
                (
                    (
                        typed(
                            "A train goes 120 km in 2 hours. What is its speed in km/h?", "60", "240", "118"
                        ),
                    ),
                    (
                        typed(
                            "A train goes 150 km in 3 hours. What is its speed in km/h?", "50", "450", "147"
                        ),
                    ),
                    (
                        typed(
                            "A train goes 280 km in 4 hours. What is its speed in km/h?", "70", "1120", "284"
                        ),
                    ),
                ),
            ),
        ),
        Unit(
            "Lesson 2 - Let's Get Interactive!",
            "Labs and demos",
            311,
            Problem(
                "Shuffled Choices",
                (
                    (
                        choice(
                            "Which tool shows how often a value occurs?",
                            "Histogram",
                            "Compass",
                            "Thermometer",
                        ),
                    ),
                )
                * 3,
            ),
        ),
    ),
    runs=(
        Run(
            key="edX/DemoX/Demo_Course",
            start=moment("2013-02-05T05:00"),
            seats={"honor": Decimal(0), "verified": Decimal(49), "professional": Decimal(199)},
            staff=("amara-okafor", "henrik-lindqvist"),
            crowd=1.9,
            title="Open edX Demonstration Course",
            mobile=False,
            module_prefix="edX/DemoX/Demo_Course",
            blocks={
                "Multiple Choice Problem": "268b43628e6d45f79c52453a590f9829",
                "Numerical Input": "97fd93e33a18495488578e9e74fa4cae",
                "Homework - Question Styles": "5c6c207e16dd47208c29bd8d3e68861e",
            },
        ),
        Run(
            key="course-v1:edX+DemoX+Demo_Course",
            start=moment("2017-11-01T05:00"),
            enrollment_start=moment("2017-10-01"),
            seats={"audit": Decimal(0), "verified": Decimal(49)},
            staff=("amara-okafor", "henrik-lindqvist", "mei-tanaka", "daniel-reyes"),
            crowd=1.7,
            marketing_slug="edxdemoslug",
        ),
    ),
)


ENERGY = Course(
    key="UniversityX+UX.3.01x",
    title="Energy and the Environment",
    slug="energy-and-the-environment",
    level="Introductory",
    organizations=("UniversityX",),
    sponsors=("NordicX",),
    subjects=("energy-earth-sciences", "chemistry"),
    short_description="Where energy comes from, what it does, and what it leaves behind.",
    full_description=(
        "<p>Every part of modern life runs on energy. This course follows it from the source to the socket, "
        "and compares what each source costs the people and the planet.</p>"
    ),
    outcome="<p>You will be able to read an energy balance and to judge what is said about it.</p>",
    syllabus="<p>Units of energy; heat and work; the grid; storage; emissions.</p>",
    learning_items=("Convert between units of energy", "Read an energy balance", "Compare sources"),
    weeks=6,
    effort=(3, 5),
    entitlement=Decimal("79.00"),
    units=(
        Unit(
            "What Energy Is",
            "Joules and kilowatt hours",
            142,
            problem(
                "Units",
                typed("How many joules are one kilowatt hour? Answer in millions.", "3.6", "1", "36", "0.36"),
                choice("Which of these is a unit of power?", "Watt", "Joule", "Calorie", "Newton"),
            ),
        ),
        Unit(
            "Heat and Work",
            "A steam engine in a minute",
            66,
            problem(
                "Efficiency",
                typed(
                    "An engine takes 500 J of heat and does 150 J of work. Its efficiency in %?",
                    "30",
                    "70",
                    "333",
                ),
            ),
        ),
        Unit(
            "The Grid",
            "From the plant to the socket",
            378,
            problem(
                "Losses",
                choice(
                    "Why is power sent at high voltage?",
                    "To lose less of it as heat",
                    "To send it faster",
                    "Because generators make it so",
                ),
            ),
        ),
    ),
    runs=(
        Run(
            key="UniversityX/UX.3.01x/1T2015",
            start=moment("2015-01-13"),
            seats={"honor": Decimal(0), "verified": Decimal(79)},
            staff=("ruth-abrams", "samuel-osei"),
            crowd=0.7,
            transcripts=("en", "es-419"),
            blocks={
                "Joules and kilowatt hours": "02874e0ae0c74ae7b16faa5d6fdc8085",
                "A steam engine in a minute": "03454e0ae0c72ae7b16fab3d6fdc2143",
            },
        ),
        Run(
            key="course-v1:UniversityX+UX.3.01x+1T2025",
            start=moment("2025-01-13T15:00"),
            end=moment("2025-03-31T23:30"),
            enrollment_start=moment("2024-10-01"),
            enrollment_end=moment("2025-03-01"),
            pacing=Pacing.INSTRUCTOR_PACED,
            seats={"audit": Decimal(0), "verified": Decimal(79)},
            staff=("samuel-osei",),
            crowd=0.9,
            transcripts=("en",),
        ),
    ),
)

COURSES = (DEMOX, ENERGY)
