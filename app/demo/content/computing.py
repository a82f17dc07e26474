"""The demo's courses in computing and statistics."""

from decimal import Decimal

from app.demo.content.types import Course, Problem, Run, Unit, choice, moment, problem, typed
from app.vocabulary import Pacing

PYTHON = Course(
    key="NordicX+CS101x",
    title="Programming with Python",
    slug="programming-with-python",
    level="Introductory",
    organizations=("NordicX",),
    subjects=("computer-science",),
    short_description="Your first programs, from one line to a small game.",
    full_description="<p>No experience needed. Each week ends with a program that does something useful.</p>",
    outcome="<p>You will read and write programs of a few hundred lines.</p>",
    syllabus="<p>Values; decisions; loops; functions; lists and dictionaries; files.</p>",
    learning_items=("Read a program", "Write a function", "Find a mistake"),
    weeks=8,
    effort=(4, 7),
    entitlement=Decimal("69.00"),
    units=(
        Unit(
            "Values and Names",
            "Hello, world",
            156,
            problem(
                "Types",
                choice("What is the type of 3 / 2?", "float", "int", "str"),
                typed("What does 7 // 2 give?", "3", "3.5", "4"),
            ),
        ),
        Unit(
            "Loops",
            "Counting to ten",
            233,
            Problem(
                "Ranges",
                (
                    (typed("How often does `for i in range(5)` run?", "5", "4", "6"),),
                    (typed("How often does `for i in range(2, 8)` run?", "6", "8", "7"),),
                ),
            ),
        ),
        Unit(
            "Functions",
            "Giving a thing a name",
            298,
            problem(
                "Return Values",
                choice("What does a function without `return` give back?", "None", "0", "An error"),
            ),
        ),
        Unit(
            "Lists and Dictionaries",
            "Keeping many things",
            317,
            problem(
                "Look-ups",
                choice(
                    "Which look-up stays fast in a large collection?",
                    "By key in a dict",
                    "By value in a list",
                ),
                typed("What is the index of the first item of a list?", "0", "1"),
            ),
        ),
    ),
    runs=(
        Run(
            key="course-v1:NordicX+CS101x+2T2024",
            start=moment("2024-08-05T08:00"),
            end=moment("2024-10-27T22:00"),
            enrollment_end=moment("2024-09-30"),
            pacing=Pacing.INSTRUCTOR_PACED,
            seats={"honor": Decimal(0), "verified": Decimal(69)},
            staff=("ingrid-haugen",),
            crowd=1.0,
            transcripts=("en", "sv"),
        ),
        Run(
            key="course-v1:NordicX+CS101x+Open",
            start=moment("2024-11-04T08:00"),
            seats={"audit": Decimal(0), "verified": Decimal(69)},
            staff=("ingrid-haugen", "jussi-makinen"),
            crowd=1.8,
            transcripts=("en", "sv", "fi"),
        ),
    ),
)


ALGORITHMS = Course(
    key="NordicX+CS102x",
    title="Data Structures and Algorithms",
    slug="data-structures-and-algorithms",
    level="Intermediate",
    organizations=("NordicX", "RITx"),
    subjects=("computer-science",),
    short_description="Why the same task takes one program a second and another one a year.",
    full_description="<p>Lists, trees, graphs, and the art of counting steps before taking them.</p>",
    prerequisites_text="<p>Programming with Python or another first course in programming.</p>",
    prerequisites=("Programming with Python",),
    learning_items=("Estimate running times", "Choose a data structure"),
    weeks=10,
    effort=(6, 8),
    entitlement=Decimal("99.00"),
    units=(
        Unit(
            "Counting Steps",
            "Big O in ten minutes",
            612,
            problem(
                "Growth",
                choice("Which grows fastest?", "2^n", "n^3", "n log n", "n"),
                typed(
                    "A list of 1024 sorted items: how many steps has a binary search at most?",
                    "11",
                    "10",
                    "1024",
                ),
            ),
        ),
        Unit(
            "Trees",
            "Trees grow downwards",
            421,
            problem(
                "Height",
                typed("The least height, in edges, of a binary tree with 7 nodes?", "2", "3", "6"),
            ),
        ),
        Unit(
            "Graphs",
            "The shortest way",
            389,
            problem(
                "Search",
                choice(
                    "Which search finds a path with the fewest edges?",
                    "Breadth first",
                    "Depth first",
                    "Random walk",
                ),
            ),
        ),
    ),
    runs=(
        Run(
            key="course-v1:NordicX+CS102x+1T2025",
            start=moment("2025-02-17T08:00"),
            end=moment("2025-05-25T22:00"),
            enrollment_start=moment("2024-12-02"),
            enrollment_end=moment("2025-04-15"),
            pacing=Pacing.INSTRUCTOR_PACED,
            seats={"audit": Decimal(0), "verified": Decimal(99)},
            staff=("jussi-makinen",),
            crowd=0.9,
        ),
        Run(
            key="course-v1:NordicX+CS102x+1T2029",
            start=moment("2029-02-12T08:00"),
            enrollment_start=moment("2026-05-04"),
            pacing=Pacing.INSTRUCTOR_PACED,
            seats={"audit": Decimal(0), "verified": Decimal(99)},
            staff=("jussi-makinen",),
            crowd=0.4,
        ),
    ),
)


STATISTICS = Course(
    key="NordicX+ST201x",
    title="Statistics for Data Analysis",
    slug="statistics-for-data-analysis",
    level="Intermediate",
    organizations=("NordicX",),
    subjects=("data-analysis-statistics", "computer-science"),
    short_description="How to let numbers speak without putting words into their mouths.",
    full_description="<p>Averages, spread, chance and evidence, with real data sets every week.</p>",
    outcome="<p>You will test a claim with data and say how sure you are.</p>",
    learning_items=("Describe data", "Estimate", "Test a claim"),
    weeks=7,
    effort=(5, 8),
    entitlement=Decimal("99.00"),
    units=(
        Unit(
            "Describing Data",
            "The mean and its enemies",
            205,
            problem(
                "Averages",
                typed("The median of 1, 2, 2, 9, 30?", "2", "8.8", "9"),
                choice("Which average does one huge value move least?", "Median", "Mean"),
            ),
        ),
        Unit(
            "Chance",
            "Two dice",
            174,
            Problem(
                "Dice",
                (
                    (typed("The chance of a 6 with one die, in percent, rounded?", "17", "16", "6"),),
                    (typed("The chance of two sixes with two dice, in percent, rounded?", "3", "33", "36"),),
                    (typed("The chance of an even number with one die, in percent?", "50", "33", "3"),),
                ),
            ),
        ),
        Unit(
            "Evidence",
            "A tea lady and a statistician",
            440,
            problem(
                "Errors",
                choice(
                    "Seeing an effect that is not there is an error of which kind?",
                    "The first",
                    "The second",
                    "The third",
                ),
            ),
        ),
    ),
    runs=(
        Run(
            key="course-v1:NordicX+ST201x+Open",
            start=moment("2024-07-15"),
            seats={"audit": Decimal(0), "verified": Decimal(99), "credit": Decimal(300)},
            staff=("ingrid-haugen", "mei-tanaka"),
            crowd=1.2,
            transcripts=("en", "fi"),
        ),
    ),
)

COURSES = (PYTHON, ALGORITHMS, STATISTICS)
