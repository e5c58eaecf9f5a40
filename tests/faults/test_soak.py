"""A short soak with a fixed seed; `make soak` runs a long one."""

from drills.faults.people import People
from drills.faults.soak import Soak

_SECONDS = 25.0


def test_whatever_people_do_and_whatever_fails_everything_holds(people: People) -> None:
    soak = Soak(people, seed=1)

    assert soak.run(_SECONDS, quiet_every=_SECONDS) == ()

    assert soak.quiet == 1
    assert len(soak.failed) > 1
    for what in ("reserve", "release", "import hours"):
        assert soak.done[what]
