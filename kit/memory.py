"""How the process keeps its memory."""

import ctypes
import gc

# The parameters of mallopt, by their numbers in malloc.h.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3

_LARGEST_BUFFER = 32 * 2**20
_KEPT = 128 * 2**20

_NEW_OBJECTS = 10_000
"""After how many the collector looks for rings among them. By default it does after 700, several
times within one message of a thousand series, none of which are rings."""


def keep_large_buffers() -> None:
    """Lets glibc keep the buffers of large messages for the next ones.

    By default it hands them back to the kernel after each request, which then clears every page
    anew: a hundred page faults for a year of hours, a quarter of what such a request costs, and two
    thirds of what it takes to merge a day of 7,500 metering points. Another C library than glibc is
    left as it is.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST_BUFFER)
        mallopt(_TRIM_THRESHOLD, _KEPT)


def collect_rarely() -> None:
    """Spares the collector what it need not look through again and again: what is there by now."""
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
