"""What is held about the caller."""

from collections.abc import Sequence

from kit.export import RECORDS_A_PAGE, Part, Record, Section, page, staff_actions, whole
from kit.server import Call
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest, ExportMyDataResponse
from services.consent.domain.ledger import Entry
from services.consent.handlers.consents import position_of
from services.consent.servicer import part


class Privacy(part.Part):
    """What is held about the caller."""

    async def ExportMyData(self, request: ExportMyDataRequest, call: Call) -> ExportMyDataResponse:
        """Hands out what is held about the caller."""
        customers = call.caller.customer_ids
        async with self.database.transaction() as transaction:
            store = self.store_of(transaction)

            async def consents() -> Sequence[Record]:
                return await store.exported_consents(customers)

            async def history(position: str) -> Part:
                entries = await store.entries_of(customers, position_of(position), RECORDS_A_PAGE)
                is_last = len(entries) < RECORDS_A_PAGE
                following = "" if is_last else str(entries[-1].position)
                return Part([_record(entry) for entry in entries], following)

            async def contacts() -> Sequence[Record]:
                return await store.exported_contacts(customers)

            async def messages() -> Sequence[Record]:
                return await store.exported_notifications(customers)

            sections = (
                whole("consents", consents),
                whole("contacts", contacts),
                Section("consentHistory", history),
                whole("messages", messages),
                staff_actions(transaction.connection, customers),
            )
            return await page(request, call, self.clock.now(), sections)


def _record(entry: Entry) -> Record:
    return {
        "position": entry.position,
        "customerId": entry.customer_id,
        "purpose": entry.purpose,
        "channel": entry.channel,
        "decision": entry.decision,
        "noticeVersion": entry.notice_version,
        "noticeSha256": entry.notice_sha256.hex(),
        "language": entry.language,
        "actor": entry.actor,
        "source": entry.source,
        "evidence": entry.evidence,
        "happenedAt": entry.happened_at,
        "recordedAt": entry.recorded_at,
    }
