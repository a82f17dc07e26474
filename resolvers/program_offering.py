"""What is known of programs by their runs, and of runs by their programs (Enterprise contract 8.2, 8.3)."""

import asyncio

from app.vocabulary import ProgramStatus
from resolvers.catalog import PROGRAM_TYPE, PROGRAMS_OF_RUN, RUNS_OF_PROGRAM
from resolvers.context import Context
from resolvers.languages import language_names
from resolvers.reading import related, row

_SHOWN = (ProgramStatus.ACTIVE, ProgramStatus.RETIRED)


async def program_types(context: Context, run: int) -> list[str]:
    """Names of the kinds of program that a run is part of, sorted, each once."""
    programs = await related(context, PROGRAMS_OF_RUN, run, ("status", "type_id"))
    ids = {program.type_id for program in programs if program.status in _SHOWN and program.type_id}
    kinds = await asyncio.gather(*(row(context, PROGRAM_TYPE, id_, ("name",)) for id_ in ids))
    return sorted({kind.name for kind in kinds})


async def languages(context: Context, program: int) -> list[str]:
    """Names of the languages of a program's published runs, each once, in the order of its courses."""
    runs = await related(context, RUNS_OF_PROGRAM, program, ("content_language",))
    return language_names([run.content_language for run in runs if run.content_language])
