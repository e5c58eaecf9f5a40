"""The ledger as staff and operators see it: imports, and checks."""

from collections.abc import AsyncIterator

import prometheus_client

from kit.server import Call
from kundeapp.consent.v1 import consents_pb2 as pb
from services.consent.handlers import imports, verification
from services.consent.servicer import messages
from services.consent.servicer.part import Part

_findings = prometheus_client.Counter(
    "kundeapp_consent_ledger_findings_total", "What checks have found wrong with the ledger."
)
_verified = prometheus_client.Gauge(
    "kundeapp_consent_ledger_verified_timestamp_seconds",
    "When a check of the ledger last came to its end.",
)


class Records(Part):
    """The ledger as staff and operators see it."""

    async def ImportConsents(
        self, requests: AsyncIterator[pb.ImportConsentsRequest], call: Call
    ) -> pb.ImportConsentsReport:
        """Takes in what was decided elsewhere."""
        pieces = (request.data async for request in requests)
        report = await imports.import_consents(self.stores, self.clock, call.caller.account, pieces)
        return pb.ImportConsentsReport(
            rows=report.rows,
            recorded=report.recorded,
            unchanged=report.rows - report.recorded,
        )

    async def VerifyLedger(
        self, request: pb.VerifyLedgerRequest, _call: Call
    ) -> pb.VerifyLedgerResponse:
        """Checks a part of the ledger."""
        known = messages.anchors_of(request)
        async with self.stores() as store:
            part = await verification.verify(store, known, request.page_token)
        _findings.inc(len(part.findings))
        if not part.next_token:
            _verified.set(self.clock.now().timestamp())
        answer = pb.VerifyLedgerResponse(
            problems=map(messages.problem_of, part.findings),
            rows=part.rows,
            next_page_token=part.next_token,
        )
        if part.anchor is not None:
            answer.anchor.position = part.anchor.position
            answer.anchor.digest = part.anchor.digest.hex()
        return answer
