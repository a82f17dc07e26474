"""`lyceum import …`: data of others."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.analytics.addresses import Countries
from app.cli.common import progress_bars, read_settings, record_change, told, with_database, with_session
from app.enterprise.catalogs import DEFAULT_TITLE
from app.imports.catalog import CatalogImport, Target, import_catalog
from app.imports.edx_package import import_edx_package
from app.imports.legacy_results import import_legacy_results
from app.imports.oulad import import_oulad
from app.imports.tracking_log import Days, import_logs

_SHOWN = 100
"""How many things of a kind are named one by one."""

EmitEvents = Annotated[
    bool, typer.Option("--emit-events", help="Write events, and tell webhooks, of what is new.")
]

app = typer.Typer(help="Import data sets.", no_args_is_help=True)


@app.command()
def oulad(
    directory: Annotated[Path, typer.Argument(help="Where the .csv or .csv.gz files are.", metavar="DIR")],
    emit_events: EmitEvents = False,
) -> None:
    """Import the Open University Learning Analytics data set. A second import changes nothing."""
    with progress_bars() as progress:
        summary = with_database(
            lambda database: import_oulad(database, directory, emits_events=emit_events, progress=progress)
        )
    _say(asdict(summary))


@app.command()
def catalog(
    files: Annotated[
        list[Path], typer.Argument(help="JSON files, plain or .json.gz; of one thing the last record counts.")
    ],
    catalog: Annotated[
        UUID | None, typer.Option(help="UUID of an enterprise catalog to put the records into.")
    ] = None,
    customer: Annotated[
        str | None,
        typer.Option(help="Slug of the customer whose catalog it is; it is made if it is not there."),
    ] = None,
    title: Annotated[
        str, typer.Option(help="Title of the customer's catalog, unless its UUID says which.")
    ] = DEFAULT_TITLE,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove from the catalog what the files do not hold.")
    ] = False,
    emit_events: EmitEvents = False,
) -> None:
    """Import courses, course runs and programs as course-discovery's API shows them.

    A file holds objects one after another, a list of them, or pages of the API.
    Rows that are there already are made to say what the files say; what they do
    not tell stays. A second import of the same files changes nothing.

    With --catalog or --customer the records become items of an enterprise catalog,
    in their order, after those that are there. What stands inside of another record,
    such as the runs of a course, does not.
    """
    target = None
    if catalog is not None or customer is not None:
        target = Target(catalog, customer, title, replace)
    elif replace:
        raise typer.BadParameter("--replace needs --catalog or --customer")

    async def work(session: AsyncSession) -> CatalogImport:
        imported = await import_catalog(
            session, files, target=target, emits_events=emit_events, progress=progress
        )
        for change in imported.changes:
            record_change(session, change)
        return imported

    with progress_bars() as progress:
        imported = with_session(work)
    if imported.changes:
        typer.echo(f"Catalog {imported.changes[-1].subject}: {told(imported.items)}.")
    _say(imported.written)


@app.command()
def edx_package(
    directory: Annotated[
        Path,
        typer.Argument(
            help="Where the .sql and .json files are, decrypted, plain or .gz: tab-separated text or"
            " dumps of MySQL.",
            metavar="DIR",
        ),
    ],
    emit_events: EmitEvents = False,
) -> None:
    """Import the tables of an edX research data package.

    Read are auth_user, auth_userprofile, student_courseenrollment,
    courseware_studentmodule and course_structure, as many as are there. Passwords
    are not imported, and nobody becomes staff or superuser. A second import
    changes nothing.
    """
    with progress_bars() as progress:
        summary = with_database(
            lambda database: import_edx_package(
                database, directory, emits_events=emit_events, progress=progress
            )
        )
    _list("Found", summary.found)
    _list("Not there", summary.missing)
    _list("Ignored", summary.ignored)
    _list("Names that others have here", [f"{name} is {other}" for name, other in summary.renamed.items()])
    _list("Without their e-mail address, which others have here", sorted(summary.addresses))
    _say(summary.written)


@app.command()
def legacy_results(
    url: Annotated[
        str,
        typer.Argument(
            help="sqlite:///PATH, postgresql://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME;"
            " MySQL needs the package's extra `mysql`.",
            envvar="LYCEUM_LEGACY_URL",
            metavar="URL",
        ),
    ],
) -> None:
    """Import the result store of the edX Data Analytics API, of which nothing is changed.

    Its tables become the series here, up to the last day they know. Whatever
    events here tell of is left alone. A second import changes nothing, a later one
    replaces what an earlier one brought.
    """
    with progress_bars() as progress:
        summary = with_database(lambda database: import_legacy_results(database, url, progress=progress))
    _list("Not there", summary.missing)
    for table, courses in summary.left.items():
        _list(f"Left alone in {table}, because of events here", sorted(courses))
    _say(summary.written)


def _list(title: str, names: Sequence[str]) -> None:
    """A line that names things, not too many."""
    if names:
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        typer.echo(f"{title}: {', '.join(names[:_SHOWN])}{more}.")


def _say(numbers: Mapping[str, int]) -> None:
    """One line about how many rows were written, by what they are."""
    written = [f"{rows} {number:,}" for rows, number in numbers.items() if number]
    typer.echo(
        f"Imported: {', '.join(written)}." if written else "Nothing to import: everything is there already."
    )


@app.command()
def tracking_log(
    files: Annotated[
        list[Path], typer.Argument(help="Logs, plain or gzip, in any order.", metavar="FILE...")
    ],
    since: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Leave out events before this UTC day."),
    ] = None,
    until: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Leave out events from this UTC day on."),
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Read lines again that are imported already; no event counts twice."),
    ] = False,
    emit_events: EmitEvents = False,
) -> None:
    """Import Open edX tracking logs, and bring every series up to date.

    An import that was stopped goes on where it was when it is run again, and a
    log that has grown is read from where it ended. Malformed lines are reported
    and passed over.
    """
    path = read_settings().country_database
    countries = Countries(path) if path else None
    days = Days(since and since.date(), until and until.date())
    with progress_bars() as progress:
        malformed = _Malformed()
        summaries = with_database(
            lambda database: import_logs(
                database,
                files,
                days=days,
                again=again,
                countries=countries,
                emits_events=emit_events,
                report=malformed.report,
                progress=progress,
            )
        )
    malformed.conclude()
    for summary in summaries:
        known = f", {summary.known_lines:,} of them imported before" if summary.known_lines else ""
        typer.echo(
            f"{summary.path}: {summary.lines:,} lines{known}: {summary.accepted:,} accepted,"
            f" {summary.ignored:,} ignored, {summary.malformed:,} malformed."
        )


class _Malformed:
    """Reports malformed lines on stderr, the first ones each, of the others the number."""

    def __init__(self) -> None:
        self._number = 0

    def report(self, path: Path, line: int, message: str) -> None:
        """Tell of a line."""
        self._number += 1
        if self._number <= _SHOWN:
            typer.echo(f"{path}:{line}: {message}", err=True)

    def conclude(self) -> None:
        """Tell of those that were not shown."""
        if self._number > _SHOWN:
            typer.echo(f"... and {self._number - _SHOWN:,} malformed lines more", err=True)
