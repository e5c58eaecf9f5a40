"""Everything that is fuzzed; and what reads something and is not, with the reason."""

from collections.abc import Mapping, Sequence
from typing import Final

from tests.fuzz import bus, chassis, consent, events, identity, mail, metering, web
from tests.fuzz.target import Target

TARGETS: Final[Sequence[Target]] = [
    target
    for part in (metering, identity, consent, events, bus, web, mail, chassis)
    for target in part.TARGETS
]

_OURS = "a message of another service of ours, whose certificate says so"
_STORED = "what the same service has stored"
_SHIPPED = "a file that is shipped with the suite"
_LOCAL = "a file or an answer of the local run, on a developer's machine"
_ASKED = "`rpcs.py` sends hostile requests to every RPC"
_WRITES = "it reads nothing: the call that looks like it writes"

NOT_FUZZED: Final[Mapping[str, str]] = {
    "kit/inbox.py:Effect.take_once": "`bus.py` has every consumer hear hostile events",
    "services/*/consumers.py:*": "`bus.py` has every consumer hear hostile events",
    "services/*/servicer/*": _ASKED,
    "services/identity/handlers/*": _ASKED,
    "kit/operations.py:*": _ASKED,
    "kit/export.py:staff_actions*": _ASKED,
    "services/*/storage/*": _STORED,
    "services/consent/handlers/details.py:*": _STORED,
    "services/consent/handlers/writing.py:_fact": _STORED,
    "services/identity/sealing.py:Seal.open": _STORED,
    "kit/courier/sealing.py:Seal.open": _STORED,
    "kit/courier/message.py:*": "what the letters of our own services are held to",
    "kit/idempotency.py:Key.opened": _STORED,
    "services/*/identity.py:*": _OURS,
    "services/consent/event_service.py:*": _OURS,
    "gateway/bootstrap.py:*": _OURS,
    "gateway/export.py:*": _OURS,
    "gateway/transcoder/columns.py:*": _OURS,
    "kit/status.py:status_from": _OURS,
    "cli/*/reports.py:*": _OURS,
    "cli/consent/recipients_reports.py:*": _OURS,
    "cli/operations/doctor.py:*": _OURS,
    "cli/operations/findings.py:*": _OURS,
    "services/identity/letters.py:_letters": _SHIPPED,
    "services/consent/letters/writing.py:_toml": _SHIPPED,
    "kit/asyncapi.py:*": _SHIPPED,
    "kit/comments.py:*": _SHIPPED,
    "kit/tls.py:Identity.validity": "the process's own certificate",
    "kit/local/*": _LOCAL,
    "cli/local/*": _LOCAL,
    "cli/demo/*": _LOCAL,
    "cli/config.py:*": _LOCAL,
    "cli/staff.py:*": _LOCAL,
    "cli/session.py:*": "what the command itself has kept in the folder of whoever runs it",
    "gateway/cookies.py:setting": _WRITES,
    "services/events/domain/tickets.py:ticket_id_of": _WRITES,
    "services/identity/sealing.py:Seal.close": _WRITES,
}
"""By what `parsers.py` calls it, with `*` for anything."""
