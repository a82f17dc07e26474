"""Telling whoever waits how far long work has come."""

from collections.abc import Callable
from typing import Protocol

Advance = Callable[[int], None]
"""Reports that so many more units are done."""


class Progress(Protocol):
    """Shows the progress of one step after another."""

    def __call__(self, step: str, total: int) -> Advance:
        """Begin a step of `total` units; the one before it is finished."""
        ...


def silent(step: str, total: int) -> Advance:
    """Progress that nobody watches."""
    return lambda units: None
