"""Organizations, subjects and the people who teach."""

from typing import Any
from uuid import UUID

# The edX organization, its logo and its four people are those of the Enterprise API's example.
ORGANIZATIONS: tuple[dict[str, Any], ...] = (
    {
        "uuid": UUID("12de950c-6fae-49f7-aaa9-778c2fbdae56"),
        "key": "edX",
        "name": "edX",
        "description": "<p>Courses about online learning itself.</p>",
        "homepage_url": "https://www.edx.org",
        "marketing_url": "https://www.edx.org/school/edx",
        "logo_image_url": "https://www.edx.org/sites/default/files/school/image/logo/gtx-logo-200x101.png",
        "tags": ["charter"],
    },
    {
        "key": "UniversityX",
        "name": "University of the North Shore",
        "description": "<p>A research university with a hundred years of teaching by the sea.</p>",
        "homepage_url": "https://universityx.example.org",
        "marketing_url": "https://courses.example.org/school/universityx",
        "logo_image_url": "https://images.example.org/logo/universityx.png",
        "certificate_logo_image_url": "https://images.example.org/certificate/universityx.png",
        "tags": ["research", "founder"],
    },
    {
        "key": "MyUni",
        "name": "Midland University of Health and Sport",
        "description": "<p>Health, nutrition and sport, taught by people who practise them.</p>",
        "homepage_url": "https://myuni.example.org",
        "marketing_url": "https://courses.example.org/school/myuni",
        "logo_image_url": "https://images.example.org/logo/myuni.png",
    },
    {
        "key": "RITx",
        "name": "Riverside Institute of Technology",
        "description": "<p>Engineering and management for working professionals.</p>",
        "homepage_url": "https://ritx.example.org",
        "marketing_url": "https://courses.example.org/school/ritx",
        "logo_image_url": "https://images.example.org/logo/ritx.png",
        "tags": ["engineering"],
    },
    {
        "key": "NordicX",
        "name": "Nordic School of Computing",
        "description": "<p>Computing and statistics for everybody.</p>",
        "homepage_url": "https://nordicx.example.org",
        "marketing_url": "https://courses.example.org/school/nordicx",
        "logo_image_url": "https://images.example.org/logo/nordicx.png",
    },
    {
        "key": "AndesX",
        "name": "Universidad de la Cordillera",
        "description": "<p>Ciencias de la vida en los Andes.</p>",
        "homepage_url": "https://andesx.example.org",
        "logo_image_url": None,
    },
)

SUBJECTS = (
    ("computer-science", "Computer Science", "From the first program to secure systems"),
    ("data-analysis-statistics", "Data Analysis & Statistics", "Learning from numbers"),
    ("business-management", "Business & Management", "Leading people and projects"),
    ("health-safety", "Health & Safety", "Body, nutrition and sport"),
    ("biology-life-sciences", "Biology & Life Sciences", "How living things work together"),
    ("chemistry", "Chemistry", "What matter is made of"),
    ("energy-earth-sciences", "Energy & Earth Sciences", "The planet and what drives it"),
    ("philosophy-ethics", "Philosophy & Ethics", "Thinking about how to act"),
)
"""Slug, name and subtitle."""

PEOPLE: tuple[tuple[str, str, str, str, str, str | None], ...] = (
    ("amara-okafor", "Dr.", "Amara", "Okafor", "edX", "a1b2c3d4-3185-4233-a323-2fbeb401cb82"),
    ("henrik-lindqvist", "Prof.", "Henrik", "Lindqvist", "edX", "a1b2c3d4-4ebe-4e5c-b0a2-2ff630c0dae0"),
    ("mei-tanaka", "Dr.", "Mei", "Tanaka", "edX", "b2c3d4e5-bf58-47cf-ae9a-994c0eb22062"),
    ("daniel-reyes", "Mr.", "Daniel", "Reyes", "edX", "1111a42a-b667-4664-bdaa-4754e1cfd480"),
    ("ruth-abrams", "Prof.", "Ruth", "Abrams", "UniversityX", None),
    ("samuel-osei", "Dr.", "Samuel", "Osei", "UniversityX", None),
    ("ingrid-haugen", "Prof.", "Ingrid", "Haugen", "NordicX", None),
    ("jussi-makinen", "Dr.", "Jussi", "Mäkinen", "NordicX", None),
    ("leila-haddad", "Dr.", "Leila", "Haddad", "MyUni", None),
    ("tom-gallagher", "Mr.", "Tom", "Gallagher", "MyUni", None),
    ("priya-raman", "Prof.", "Priya", "Raman", "RITx", None),
    ("victor-chen", "Dr.", "Victor", "Chen", "RITx", None),
    ("lucia-quispe", "Dra.", "Lucía", "Quispe", "AndesX", None),
)
"""Slug, salutation, given and family name, organization, and a UUID where it must be a certain one."""
