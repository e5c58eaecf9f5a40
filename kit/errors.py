"""The kinds of refusal that a use case may raise; pure Python, so that a domain may use them.

A service defines its own problems by subclassing a kind and naming a reason of
`kundeapp.errors.v1.Reason`, which holds the text that a person sees:

    class NotEnoughTickets(errors.FailedPrecondition):
        reason = "NOT_ENOUGH_TICKETS"

    raise NotEnoughTickets(available=3)
"""

import dataclasses
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import ClassVar


class Kind(Enum):
    """What a refusal means to the caller; `kit.status` maps each kind to a gRPC status."""

    INVALID = auto()
    MALFORMED = auto()
    NOT_FOUND = auto()
    CONFLICT = auto()
    ABORTED = auto()
    FAILED_PRECONDITION = auto()
    UNAUTHENTICATED = auto()
    DENIED = auto()
    TOO_MANY = auto()
    UNAVAILABLE = auto()


MOST_FIELDS = 20
"""How many wrong fields a refusal names: it travels as metadata, of which gRPC takes 8 KiB."""


@dataclasses.dataclass(frozen=True)
class FieldError:
    """One field, or one line of a file, that is wrong.

    Attributes:
        field: The field by its proto name, dotted where nested, or `line 17`.
        reason: A name of `kundeapp.errors.v1.Reason`, which holds the text.
        facts: What the text's placeholders stand for.
    """

    field: str
    reason: str
    facts: Mapping[str, str | int] = dataclasses.field(default_factory=dict[str, str | int])


class Problem(Exception):  # noqa: N818 - a problem, in the words of RFC 9457
    """A refusal that the caller is told about, in words of its own."""

    kind: ClassVar[Kind]
    reason: ClassVar[str]

    def __init__(self, *fields: FieldError, **facts: str | int) -> None:
        super().__init__(self.reason, facts, fields)
        self.facts = facts
        self.fields: Sequence[FieldError] = fields


class Invalid(Problem):
    """One or more fields are wrong; each is named, but for those beyond `MOST_FIELDS`."""

    kind = Kind.INVALID
    reason = "INVALID_FIELDS"

    def __init__(self, *fields: FieldError, **facts: str | int) -> None:
        told = fields[:MOST_FIELDS]
        super().__init__(*told, fields=", ".join(error.field for error in told), **facts)


class Malformed(Problem):
    """The request cannot be read at all; the fact `detail` says why."""

    kind = Kind.MALFORMED
    reason = "MALFORMED_REQUEST"


class NotFound(Problem):
    """There is no such thing, or it is none of the caller's."""

    kind = Kind.NOT_FOUND
    reason = "NOT_FOUND"


class Conflict(Problem):
    """Something like it exists already."""

    kind = Kind.CONFLICT


class Aborted(Problem):
    """Somebody else has changed it meanwhile: look at it anew, and try again."""

    kind = Kind.ABORTED


class FailedPrecondition(Problem):
    """The state of things does not allow it."""

    kind = Kind.FAILED_PRECONDITION


class Unauthenticated(Problem):
    """Nobody is logged in, or the proof is wrong."""

    kind = Kind.UNAUTHENTICATED
    reason = "UNAUTHENTICATED"


class Denied(Problem):
    """The caller is known and may not."""

    kind = Kind.DENIED
    reason = "PERMISSION_DENIED"


class TooMany(Problem):
    """The caller asks too often; the fact `retryAfter` says in seconds when to try again."""

    kind = Kind.TOO_MANY
    reason = "TOO_MANY_REQUESTS"


class Overloaded(Problem):
    """More is asked than can be done; the fact `retryAfter` says in seconds when to come back."""

    kind = Kind.UNAVAILABLE
    reason = "OVERLOADED"


class Unavailable(Problem):
    """A neighbour is out of reach; trying again later helps."""

    kind = Kind.UNAVAILABLE
    reason = "UNAVAILABLE"
