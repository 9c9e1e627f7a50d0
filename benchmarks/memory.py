"""How much memory a server takes, all its processes together; read from /proc, so only on Linux."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Missing
from tests.support.server import Server


def processes(server: Server) -> Iterator[Path]:
    """Give the folder in /proc of each process of the server, which was started in a session of its own."""
    if not Path("/proc/self/clear_refs").exists():
        raise Missing("memory is read from /proc, which this system does not have")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name of the command, in parentheses, may hold spaces; the session is the fourth value after them.
            session = (folder / "stat").read_text().rpartition(")")[2].split()[3]
        except OSError:  # it has ended since
            continue
        if int(session) == server.process.pid:
            yield folder


def resident(server: Server) -> float:
    """Return the resident memory in MiB, what processes share counted for each."""
    return sum(status(folder, "VmRSS") for folder in processes(server))


def peak(server: Server) -> float:
    """Return the most that was resident since `forget_peak`, in MiB."""
    return sum(status(folder, "VmHWM") for folder in processes(server))


def forget_peak(server: Server) -> None:
    """Begin to look for the peak anew."""
    for folder in processes(server):
        (folder / "clear_refs").write_text("5")  # see proc_pid_clear_refs(5)


def status(folder: Path, name: str) -> float:
    """Read a value in KiB from the status of a process, in MiB; a process that is ending has none."""
    for line in (folder / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0
