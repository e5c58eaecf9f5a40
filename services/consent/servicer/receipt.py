"""A receipt of what holds, in the structure of ISO/IEC TS 27560:2023.

A receipt has the records of its principal; a record says what is processed for which purposes, by
whom, and with which events. Names are those of the standard where it has one.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from kit.texts import Language
from kundeapp.consent.v1 import consents_pb2 as pb
from services.consent.domain.consents import Agreed
from services.consent.domain.controller import Controller
from services.consent.domain.ledger import Actor, Decision, Entry
from services.consent.servicer.messages import channel_number, stamp

SCHEMA: Final = "ISO/IEC TS 27560:2023"

_CONTROLLER = "controller"
_CONSENT = "consent: GDPR art. 6(1)(a), markedsføringsloven § 15"
_INFORMED = "information: GDPR art. 13, acknowledged"
_STATES = {
    Decision.GIVEN: "consent_given",
    Decision.WITHDRAWN: "consent_withdrawn",
    Decision.EXPIRED: "consent_expired",
}
_PROCESSED = {
    "EMAIL": "email_address",
    "SMS": "mobile_number",
    "PHONE": "phone_number",
    "PUSH": "device_of_the_app",
    "POST": "postal_address",
}
_WITHDRAW: Final = {
    "nn": "Under «Min profil» i appen eller på {url}, eller hos kundeservice.",
    "nb": "Under «Min profil» i appen eller på {url}, eller hos kundeservice.",
    "en": "Under “Min profil” in the app or at {url}, or by customer service.",
}


def receipt_of(  # noqa: PLR0917 - what a receipt is made of
    receipt_id: UUID,
    now: datetime,
    controller: Controller,
    agreed: Sequence[Agreed],
    entries: Sequence[Entry],
    language: Language,
) -> pb.ConsentReceipt:
    """Returns a receipt.

    Args:
        receipt_id: What it is called.
        now: The present moment.
        controller: The company.
        agreed: The purposes, with the current versions of their notices.
        entries: The rows that hold, by customer and position.
        language: The language to write in.
    """
    return pb.ConsentReceipt(
        schema_version=SCHEMA,
        receipt_id=str(receipt_id),
        receipt_time=stamp(now),
        parties=[
            pb.ConsentReceipt.Party(
                party_id=_CONTROLLER,
                party_name=controller.name,
                party_role="pii_controller",
                party_contact=controller.contact,
                party_url=controller.url,
            )
        ],
        consent_records=[
            _record(customer_id, list(rows), controller, agreed, language)
            for customer_id, rows in groupby(entries, lambda entry: entry.customer_id)
        ],
    )


def _record(
    customer_id: UUID,
    entries: Sequence[Entry],
    controller: Controller,
    agreed: Sequence[Agreed],
    language: Language,
) -> pb.ConsentReceipt.Record:
    processing = [
        _processing(each, rows, controller, language)
        for each in agreed
        if (rows := [entry for entry in entries if entry.purpose == each.purpose.id])
    ]
    return pb.ConsentReceipt.Record(
        schema_version=SCHEMA,
        record_id=f"{customer_id}/{entries[-1].position}",
        pii_principal_id=str(customer_id),
        pii_processing=processing,
    )


def _processing(
    agreed: Agreed, entries: Sequence[Entry], controller: Controller, language: Language
) -> pb.ConsentReceipt.Record.PiiProcessing:
    purpose, notice = agreed.purpose, agreed.notice
    return pb.ConsentReceipt.Record.PiiProcessing(
        purpose=purpose.id,
        purpose_name=purpose.names[language],
        lawful_basis=_CONSENT if purpose.channels else _INFORMED,
        privacy_notice=f"{controller.url}/v1/notices/{notice.name}?version={notice.version}",
        pii_information=[_PROCESSED[channel] for channel in purpose.channels],
        pii_controllers=[_CONTROLLER],
        withdrawal_method=_WITHDRAW[language].format(url=controller.url),
        jurisdiction="NO",
        events=map(_event, entries),
    )


def _event(entry: Entry) -> pb.ConsentReceipt.Record.PiiProcessing.Event:
    is_own = entry.actor is Actor.CUSTOMER
    return pb.ConsentReceipt.Record.PiiProcessing.Event(
        event_time=stamp(entry.happened_at),
        event_state=_STATES[entry.decision],
        channel=channel_number(entry.channel),
        entity_id="pii_principal" if is_own else "pii_controller",
        privacy_notice_version=entry.notice_version,
        privacy_notice_sha256=entry.notice_sha256.hex(),
        language=entry.language,
        record_position=entry.position,
    )
