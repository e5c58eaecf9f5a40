"""Becomes another program that ends with its parent, and that need not be root.

Run as a script, by path, before any import of ours: `launch.py PARENT SIGNAL UID GID COMMAND…`.
UID and GID are -1 to stay who we are. A stub instead of subprocess' `preexec_fn`, which may
deadlock in a parent with threads, and instead of its `user=`, which would need a Python that
the other user can reach.
"""

import ctypes
import os
import struct
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def main(parent: int, death_signal: int, uid: int, gid: int, command: list[str]) -> None:
    """Replaces this process by `command`.

    Args:
        parent: The process to end with.
        death_signal: What to be sent when the parent ends. Only Linux can do that; elsewhere the
            parent's next start finds what was left by its record.
        uid: The user to become, or -1.
        gid: The group to become, or -1.
        command: The program, by absolute path, and its arguments.
    """
    libc = _linux()
    if uid >= 0:
        _become(uid, gid, libc)
    if libc is not None:
        # After the change of user, which would clear it.
        libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent has ended")
    os.execv(command[0], command)  # noqa: S606  # no shell: that is the point


def _linux() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def _become(uid: int, gid: int, libc: ctypes.CDLL | None) -> None:
    """Becomes another user who still may pass through folders that only root can open.

    A clone under /root or in a private temporary folder would be out of reach otherwise.
    """
    if libc is not None:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if libc is not None:
        mask = 1 << _CAP_DAC_OVERRIDE
        header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
        # Effective, permitted and inheritable, the low 32 bits of each and then the high ones.
        data = struct.pack("6I", mask, mask, mask, 0, 0, 0)
        libc.capset(header, data)
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    _parent, _signal, _uid, _gid = map(int, sys.argv[1:5])
    main(_parent, _signal, _uid, _gid, sys.argv[5:])
