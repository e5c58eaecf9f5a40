"""From what the domain says to protobuf, and back."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from kit.errors import FieldError, Invalid
from kit.moments import moment_of
from kit.texts import Language
from kundeapp.consent.v1 import consents_pb2 as pb
from services.consent.domain import consents
from services.consent.domain.anchors import Anchor, Finding
from services.consent.domain.channels import Channel
from services.consent.domain.consents import Agreed, Switch
from services.consent.domain.ledger import Entry, Shown
from services.consent.domain.notices import LANGUAGES, Notice, Text
from services.consent.domain.purposes import Purpose
from services.consent.handlers.consents import Asked


def channel_of(number: int) -> str:
    """Returns the name of a channel, empty for none; a number that is unknown stays one."""
    if number == pb.CHANNEL_UNSPECIFIED:
        return ""
    known = pb.Channel.DESCRIPTOR.values_by_number.get(number)
    return known.name if known else str(number)


def channel_number(channel: str) -> pb.Channel.ValueType:
    """Returns a channel as it is told."""
    return pb.Channel.Value(channel) if channel else pb.CHANNEL_UNSPECIFIED


def purpose_of(purpose: pb.Purpose) -> Purpose:
    """Returns a purpose that was put.

    Raises:
        Invalid: If one of its channels is none.
    """
    channels = [channel_of(number) for number in purpose.channels]
    for at, channel in enumerate(channels):
        if channel not in Channel.__members__:
            raise Invalid(FieldError(f"purpose.channels[{at}]", "UNKNOWN_CHANNEL"))
    return Purpose(
        id=purpose.id,
        rank=purpose.rank,
        notice=purpose.notice,
        channels=[Channel(channel) for channel in channels],
        names={"nn": purpose.name_nn, "nb": purpose.name_nb, "en": purpose.name_en},
    )


def purpose_told(purpose: Purpose) -> pb.Purpose:
    """Returns a purpose as it is told."""
    return pb.Purpose(
        id=purpose.id,
        rank=purpose.rank,
        notice=purpose.notice,
        channels=map(channel_number, purpose.channels),
        **{f"name_{language}": purpose.names[language] for language in LANGUAGES},
    )


def texts_of(request: pb.PublishNoticeRequest) -> list[Text]:
    """Returns texts that are published; the ends of lines are those of Unix."""
    return [
        Text(text.language, text.title.strip(), text.body.replace("\r\n", "\n").strip())
        for text in request.texts
    ]


def notice_told(notice: Notice) -> pb.Notice:
    """Returns a version of a notice as it is told."""
    answer = pb.Notice(
        notice=notice.name,
        version=notice.version,
        is_material=notice.is_material,
        texts=[
            pb.Notice.Text(
                language=text.language,
                title=text.title,
                body=text.body,
                sha256=text.sha256.hex(),
            )
            for text in notice.texts
        ],
    )
    answer.published_at.FromDatetime(notice.published_at)
    return answer


def asked_of(change: pb.ChangeMyConsentsRequest.Change) -> Asked:
    """Returns a switch that was moved; a hash that is none is the hash of no text."""
    return Asked(
        purpose=change.purpose,
        channel=channel_of(change.channel),
        is_given=change.granted,
        shown=Shown(change.notice_version, _hash_of(change.notice_sha256), change.language),
        happened_at=moment_of(change, "happened_at"),
    )


def my_consents_of(agreed: list[Agreed], language: Language) -> pb.MyConsents:
    """Returns what somebody has agreed to, as it is shown."""
    return pb.MyConsents(
        consents=[_consent_of(each, language) for each in agreed],
        reachable=consents.club_is_reachable(agreed),
        message=consents.club_message(agreed, language),
    )


def decision_of(entry: Entry) -> pb.Decision:
    """Returns a row of the ledger as it is told."""
    decision = pb.Decision(
        position=entry.position,
        customer_id=str(entry.customer_id),
        purpose=entry.purpose,
        channel=channel_number(entry.channel),
        kind=pb.Decision.Kind.Value(entry.decision),
        notice_version=entry.notice_version,
        notice_sha256=entry.notice_sha256.hex(),
        language=entry.language,
        actor=pb.Decision.Actor.Value(entry.actor),
        source=entry.source,
        evidence=entry.evidence,
    )
    decision.happened_at.FromDatetime(entry.happened_at)
    decision.recorded_at.FromDatetime(entry.recorded_at)
    return decision


def anchors_of(request: pb.VerifyLedgerRequest) -> list[Anchor]:
    """Returns what the ledger was earlier; a digest that is none is one that was never right."""
    return [Anchor(each.position, _hash_of(each.digest)) for each in request.anchors]


def problem_of(finding: Finding) -> pb.VerifyLedgerResponse.Problem:
    """Returns what is wrong, as it is told."""
    return pb.VerifyLedgerResponse.Problem(
        kind=pb.VerifyLedgerResponse.Problem.Kind.Value(finding.fault),
        position=finding.position,
        last_position=finding.last_position,
        customer_id=str(finding.customer_id or ""),
        purpose=finding.purpose,
        channel=finding.channel,
    )


def stamp(moment: datetime) -> Timestamp:
    """Returns a moment as it travels."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def _consent_of(agreed: Agreed, language: Language) -> pb.MyConsents.Consent:
    purpose, text = agreed.purpose, agreed.notice.text(language)
    answer = pb.MyConsents.Consent(
        purpose=purpose.id,
        name=purpose.names[language],
        notice=purpose.notice,
        notice_version=agreed.notice.version,
        notice_sha256=text.sha256.hex(),
        language=text.language,
        reachable=agreed.is_reachable,
        message=agreed.message(language),
    )
    for (_, channel), switch in agreed.switches.items():
        if channel:
            answer.channels.append(_switch_of(channel, switch))
            continue
        answer.acknowledged = switch.is_on
        answer.outdated = switch.is_outdated
        if switch.decided_at is not None:
            answer.decided_at.FromDatetime(switch.decided_at)
    return answer


def _switch_of(channel: str, switch: Switch) -> pb.MyConsents.Switch:
    return pb.MyConsents.Switch(
        channel=channel_number(channel),
        granted=switch.is_on,
        decided_at=stamp(switch.decided_at) if switch.decided_at else None,
        outdated=switch.is_outdated,
    )


def _hash_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return text.encode()
