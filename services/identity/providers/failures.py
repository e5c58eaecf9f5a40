"""The two ways in which a provider fails: it does not answer, or its answer does not hold.

What they say is logged, and so holds no code, no token and nothing of a person.
"""


class NoAnswer(Exception):  # noqa: N818 - names what happened
    """The provider did not answer, or not as a provider does."""


class DoesNotHold(Exception):  # noqa: N818 - names what it found
    """What came back is forged, for somebody else, of another login, or out of its time."""


class UnknownKey(DoesNotHold):
    """A token names a key that is not known; a newer set may have it."""
