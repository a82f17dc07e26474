"""What is known of programs by their runs, and of runs by their programs (Enterprise contract 8.2, 8.3)."""

from typing import Any

from app.db.reader import Record
from app.vocabulary import ProgramStatus
from loaders.factory import Loader
from resolvers.catalog import PROGRAM_TYPE, PROGRAMS_OF_RUN, RUNS_OF_PROGRAM
from resolvers.context import Context
from resolvers.reading import related_loader, row_loader

_SHOWN = (ProgramStatus.ACTIVE, ProgramStatus.RETIRED)


def program_types_loader(context: Context) -> Loader[list[str]]:
    """A loader of the names of the kinds of program that a run is part of, sorted, each once."""

    async def load(runs: list[int]) -> list[list[str]]:
        programs = await related_loader(context, PROGRAMS_OF_RUN, ("status", "type_id")).all(runs)
        types = [
            {program.type_id for program in of_run if program.status in _SHOWN and program.type_id}
            for of_run in programs
        ]
        ids = sorted(set().union(*types))
        found: list[Any] = await row_loader(context, PROGRAM_TYPE, ("name",)).all(ids)
        names = {id_: kind.name for id_, kind in zip(ids, found, strict=True)}
        return [sorted({names[id_] for id_ in of_run}) for of_run in types]

    return context.loaders.worked_out(program_types_loader, load)


def published_loader(context: Context) -> Loader[list[Record]]:
    """A loader of what `course_offering.languages` needs of a program's published runs, by its courses."""
    return related_loader(context, RUNS_OF_PROGRAM, ("content_language",))
