"""What Linux knows of processes: CPU time, memory, parents, and the cores they may run on."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads, and of its children, living and gone."""
    try:
        fields = _stat(pid)[1]
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        # Gone since it was listed; its parent has counted it.
        return 0
    return sum(map(int, fields[11:15])) / _TICKS + sum(_child_seconds(int(child)) for child in children)


def peak_memory(pid: int) -> int:
    """The most memory that a process ever had resident, in bytes."""
    return _memory(pid, "VmHWM")


def start_peak(pid: int) -> int:
    """Let the peak count from now on; gives the memory that a process has resident now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _memory(pid, "VmRSS")


def position(pid: int, path: Path) -> int:
    """How far a process has read a file, in bytes; 0 unless it has it open."""
    found = 0
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            if descriptor.readlink() == path.resolve():
                info = Path(f"/proc/{pid}/fdinfo/{descriptor.name}").read_text()
                found = max(found, int(info.split()[1]))
    except OSError:
        # The process, or what it had open, is gone since it was listed.
        pass
    return found


def parent(pid: int, name: str) -> int | None:
    """The parent of a process; None when no process of that name has the id on this machine."""
    try:
        found, fields = _stat(pid)
    except OSError:
        return None
    return int(fields[1]) if found == name else None


def pin(core: int, pid: int = 0) -> None:
    """Let a process, by default this one, run on one core only."""
    os.sched_setaffinity(pid, {core})


def cores() -> tuple[int, int]:
    """A core for the server and one for the load; the same where there is only one."""
    allowed = os.sched_getaffinity(0)
    return min(allowed), max(allowed)


def _memory(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise LookupError(f"process {pid} has no memory")


def _child_seconds(pid: int) -> float:
    """As `cpu_seconds`, and to the nanosecond for a process without threads and children.

    A database has many of them, and each does little of what is measured.
    """
    try:
        fields = _stat(pid)[1]
        nanoseconds = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except OSError:
        return cpu_seconds(pid)
    alone = fields[17] == "1" and not any(map(int, fields[13:15]))
    return nanoseconds / 1e9 if alone else cpu_seconds(pid)


def _stat(pid: int) -> tuple[str, list[str]]:
    """Name and further fields of a process, the state first (proc(5), field 3 and on)."""
    head, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    return head.partition("(")[2], rest.split()
