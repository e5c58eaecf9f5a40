"""How the process keeps its memory."""

import ctypes

# The parameters of mallopt, by their numbers in malloc.h.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3

_LARGEST_BUFFER = 32 * 2**20
_KEPT = 128 * 2**20


def keep_large_buffers() -> None:
    """Lets glibc keep the buffers of large answers for the next ones.

    By default it hands them back to the kernel after each request, which then clears every page
    anew: a hundred page faults for a year of hours, a quarter of what such a request costs. Another
    C library than glibc is left as it is.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST_BUFFER)
        mallopt(_TRIM_THRESHOLD, _KEPT)
