"""Small disks of their own for PostgreSQL and NATS, which can be full or stand still.

A file system in a file, mounted as a loop device: Linux lets root alone do that. It is mounted for
this process and its children only, so that it is gone with them, however they end.
"""

import contextlib
import ctypes
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_MIB = 2**20
_BALLAST = "ballast"
_LEAST_BYTES = 512
_TOOLS = ("mkfs.ext4", "mount", "umount", "fsfreeze", "unshare")


@functools.cache
def why_not() -> str:
    """Returns why there can be no such disks here, empty if there can: it tries one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root on Linux may mount a disk"
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=_PATH) is None]
    if missing:
        return f"missing: {', '.join(missing)}"
    with tempfile.TemporaryDirectory() as folder:
        image = _image(Path(folder) / "tried", mib=1)
        # In a container root may be kept from it.
        tried = subprocess.run(  # noqa: S603 - the command is ours
            ("unshare", "--mount", "mount", "-o", "loop", str(image), folder),  # noqa: S607 - by PATH
            env={"PATH": _PATH},
            capture_output=True,
            text=True,
            check=False,
        )
    return tried.stderr.strip()


_PATH = f"{os.defpath}:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Disk:
    """A disk.

    Attributes:
        folder: Where it is mounted.
    """

    folder: Path

    def fill(self) -> None:
        """Takes all space, as something else on the same disk would."""
        with (self.folder / _BALLAST).open("wb") as file:
            size, at = shutil.disk_usage(self.folder).free, 0
            while size >= _LEAST_BYTES:
                try:
                    os.posix_fallocate(file.fileno(), at, size)
                    at += size
                except OSError:  # not in one piece, or somebody else was faster
                    size //= 2

    def empty(self) -> None:
        """Gives the space back."""
        (self.folder / _BALLAST).unlink(missing_ok=True)

    def hang(self, seconds: float) -> "subprocess.Popen[bytes]":
        """Has writes wait for a while; it ends by itself, even if this process does not live."""
        script = 'fsfreeze --freeze "$1" && sleep "$2"; fsfreeze --unfreeze "$1"'
        return subprocess.Popen(  # noqa: S603 - the command is ours
            ("/bin/sh", "-c", script, "hang", str(self.folder), str(seconds)),
            env={"PATH": _PATH},
            start_new_session=True,
        )


@contextlib.contextmanager
def mounted(folder: Path, mib: int) -> Generator[Disk]:
    """Mounts a new disk on a folder, for as long as the context is open."""
    folder.mkdir(parents=True, exist_ok=True)
    image = _image(folder, mib)
    _unshare_mounts()
    _run(("mount", "-o", "loop", str(image), str(folder)))
    try:
        yield Disk(folder)
    finally:
        _run(("umount", "--lazy", str(folder)))
        image.unlink()


def _image(folder: Path, mib: int) -> Path:
    """Makes the file that holds a disk."""
    image = folder.with_name(f"{folder.name}.disk")
    with image.open("wb") as file:
        file.truncate(mib * _MIB)
    _run(("mkfs.ext4", "-q", "-F", "-m", "0", str(image)))
    return image


def _unshare_mounts() -> None:
    """Has nobody else see what is mounted from now on (unshare(2))."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS):
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    _run(("mount", "--make-rprivate", "/"))


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(  # noqa: S603 - the command is ours
        command, env={"PATH": _PATH}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
