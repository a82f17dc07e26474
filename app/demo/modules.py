"""The modules of a demo run, named as the platform names them."""

from dataclasses import dataclass

from app.demo.content.types import Course, Module, Run, Unit
from app.demo.rows import demo_uuid
from app.vocabulary import ModuleCategory


@dataclass(frozen=True)
class Lesson:
    """A unit of a course as it stands in one run."""

    unit: Unit
    subsection: Module
    video: Module
    problem: Module

    @property
    def modules(self) -> tuple[Module, ...]:
        """All modules, in their order."""
        return self.subsection, self.video, self.problem


def lessons(course: Course, run: Run) -> tuple[Lesson, ...]:
    """The units of a course with the modules of a run."""

    def module(category: ModuleCategory, name: str) -> Module:
        block = run.blocks.get(name) or demo_uuid(category, f"{run.key} {name}").hex
        key = _usage_key(run, category, block)
        return Module(key, category, name, html_id(key) if category is ModuleCategory.VIDEO else None)

    return tuple(
        Lesson(
            unit,
            module(ModuleCategory.SUBSECTION, unit.name),
            module(ModuleCategory.VIDEO, unit.video),
            module(ModuleCategory.PROBLEM, unit.problem.name),
        )
        for unit in course.units
    )


def html_id(usage_key: str) -> str:
    """The id of a module in a page: a flattened `i4x` key, or the bare block id of a new course."""
    if usage_key.startswith("i4x://"):
        return usage_key.replace("://", "-").replace("/", "-").replace(".", "_")
    return usage_key.rpartition("@")[2]


def part_id(usage_key: str, index: int) -> str:
    """The id of a part of a problem (Data Analytics contract A11)."""
    return f"{html_id(usage_key)}_{index + 2}_1"


def _usage_key(run: Run, category: ModuleCategory, block: str) -> str:
    if run.key.startswith("course-v1:"):
        return f"block-v1:{run.key.removeprefix('course-v1:')}+type@{category}+block@{block}"
    return f"i4x://{run.module_prefix or run.key.rpartition('/')[0]}/{category}/{block}"
