"""Being told to end, which a server tells its application of only when nothing is left to answer."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_Handler = Callable[[int, FrameType | None], object]


@contextmanager
def when_told_to_end(act: Callable[[], None]) -> Iterator[None]:
    """Have something done as soon as a signal ends the process, before its server deals with the signal."""
    loop = asyncio.get_running_loop()
    replaced: dict[int, _Handler] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        replaced[number](number, frame)

    # Python lets no other thread do this.
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if callable(handler):
                replaced[number] = handler
                signal.signal(number, handle)
    try:
        yield
    finally:
        for replaced_number, handler in replaced.items():
            signal.signal(replaced_number, handler)
