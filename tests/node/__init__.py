"""Checks that npm's own tools make; `make test` installs them beside this file."""

import subprocess
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]


def node(script: str, *arguments: str) -> str:
    """Run `script`, a path below this folder, at the project's root; answer with what it prints.

    Fails the test with all that was printed when the script does.
    """
    command = ["node", str(Path(__file__).parent / script), *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
