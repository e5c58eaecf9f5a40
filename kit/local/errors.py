"""What can keep a local process from starting, in words that say what to do."""

from pathlib import Path


class LocalError(Exception):
    """Something about this machine or folder keeps a local process from running."""


class PortBusyError(LocalError):
    """Another process listens on the port already."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(f"port {port}, for {name}, is in use by another process")
        self.name = name
        self.port = port


class FolderBusyError(LocalError):
    """Another process works in the folder already."""

    def __init__(self, folder: Path, holder: str) -> None:
        super().__init__(f"{folder} is in use by process {holder or 'unknown'}")
        self.folder = folder
        self.holder = holder


class NotStartedError(LocalError):
    """The process ended, or did not become ready in time."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}; the end of {log} says:\n{_tail(log)}")
        self.name = name
        self.log = log


def _tail(log: Path, lines: int = 8) -> str:
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return "  (nothing)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (nothing)"
