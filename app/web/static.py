"""The assets shipped in the package: scripts, styles and fonts of the pages."""

from pathlib import Path

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

routes: list[BaseRoute] = [
    Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static"),
]
