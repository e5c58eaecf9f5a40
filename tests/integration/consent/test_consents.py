"""What customers agree to: shown, changed, withdrawn, and handed out."""

import json
from datetime import timedelta
from uuid import uuid4

import grpc
import pytest

from kundeapp.consent.v1 import consents_pb2 as pb
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest
from services.consent.servicer import privacy
from tests.integration.consent.people import People, reachable
from tests.integration.consent.world import NOW, Consent, Customer, House, Shown, no, refused

CLUB = "kraftklubben"
KARI, OLA = Customer(), Customer()
CHANNELS = ("EMAIL", "SMS", "PHONE", "PUSH", "POST")


@pytest.fixture
async def shown(consent: Consent, neighbourhood: People) -> Shown:
    for customer in (KARI, OLA):
        await neighbourhood.know(customer.id, reachable(account_id=customer.account_id))
    await consent.publish_shipped()
    return await consent.show(KARI)


async def test_nothing_is_agreed_to_at_first_and_that_no_news_can_be_sent_is_said_plainly(
    consent: Consent, shown: Shown
) -> None:
    names = [each.name for each in shown.told.consents]
    assert names == ["Personvernerklæring", "Generell samtykke", "Kraftklubben"]
    assert not any(shown.is_on(purpose, each) for purpose in (CLUB, "general") for each in CHANNELS)
    assert not shown.of("privacy-statement").acknowledged
    assert not shown.told.reachable
    assert shown.told.message.startswith("Vi kan ikkje sende deg nyheiter om Kraftklubben.")
    in_english = await consent.show(KARI, language="en")
    assert in_english.told.message.startswith("We cannot send you news about Kraftklubben.")
    assert in_english.of("general").name == "General consent"
    assert in_english.of(CLUB).notice_sha256 != shown.of(CLUB).notice_sha256


async def test_several_switches_are_moved_at_once_and_the_answer_is_what_then_holds(
    consent: Consent, shown: Shown
) -> None:
    after = await consent.change(
        KARI,
        shown.yes("privacy-statement"),
        shown.yes(CLUB, "EMAIL"),
        shown.yes(CLUB, "SMS"),
        no("general", "POST"),
    )

    assert after.of("privacy-statement").acknowledged
    assert after.of("privacy-statement").decided_at.seconds == NOW.timestamp()
    assert [each for each in CHANNELS if after.is_on(CLUB, each)] == ["EMAIL", "SMS"]
    assert after.switch(CLUB, "EMAIL").decided_at.seconds == NOW.timestamp()
    assert not after.switch(CLUB, "POST").HasField("decided_at")
    assert after.switch("general", "POST").HasField("decided_at")
    assert (after.told.reachable, after.told.message) == (True, "")
    assert (after.of(CLUB).reachable, after.of(CLUB).message) == (True, "")
    assert not after.of("general").reachable
    assert "Generell samtykke" in after.of("general").message
    assert (await consent.show(KARI)).told == after.told
    assert not (await consent.show(OLA)).told.reachable


async def test_a_yes_to_a_text_that_was_changed_is_refused_and_a_no_is_not(
    consent: Consent, shown: Shown, house: House
) -> None:
    await consent.change(KARI, shown.yes(CLUB, "SMS"))
    await consent.republish(CLUB, is_material=False, nn="Ein annan tekst.")

    with refused("NOTICE_CHANGED") as refusing:
        await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    assert refusing.refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusing.refusal.facts == {"notice": CLUB, "currentVersion": "2"}

    stale = shown.yes(CLUB, "SMS")
    stale.granted = False
    assert not (await consent.change(KARI, stale)).is_on(CLUB, "SMS")
    assert len(await house.entries()) == 2


@pytest.mark.parametrize(
    "said",
    [
        pb.ChangeMyConsentsRequest.Change(notice_sha256="00" * 32),
        pb.ChangeMyConsentsRequest.Change(notice_sha256="no hash"),
        pb.ChangeMyConsentsRequest.Change(language="nb"),
        pb.ChangeMyConsentsRequest.Change(language="sv"),
        pb.ChangeMyConsentsRequest.Change(notice_version=2),
    ],
    ids=["another text", "no hash", "another language", "no language of ours", "no version"],
)
async def test_a_yes_to_a_text_that_was_never_shown_is_refused(
    consent: Consent, shown: Shown, said: pb.ChangeMyConsentsRequest.Change
) -> None:
    yes = shown.yes(CLUB, "EMAIL")
    yes.MergeFrom(said)
    with refused("NOTICE_CHANGED"):
        await consent.change(KARI, yes)


async def test_all_of_a_request_is_done_or_nothing(
    consent: Consent, shown: Shown, house: House
) -> None:
    wrong = shown.yes(CLUB, "SMS")
    wrong.notice_sha256 = "00" * 32
    with refused("NOTICE_CHANGED"):
        await consent.change(KARI, no(CLUB, "EMAIL"), shown.yes("general", "EMAIL"), wrong)
    assert await house.entries() == []


async def test_what_is_wrong_with_changes_is_named(consent: Consent, shown: Shown) -> None:
    bare = no(CLUB, "PUSH")
    bare.granted = True
    late = shown.yes(CLUB, "EMAIL", NOW - timedelta(days=31))
    early = shown.yes(CLUB, "SMS", NOW + timedelta(minutes=6))
    strange = no(CLUB, "POST")
    strange.channel = 77  # pyright: ignore[reportAttributeAccessIssue]
    with refused("INVALID_FIELDS") as refusing:
        await consent.change(
            KARI, no("ukjend"), no(CLUB), no("privacy-statement", "SMS"), bare, late, early, strange
        )
    assert refusing.refusal.fields == [
        ("changes[0].purpose", "UNKNOWN_PURPOSE"),
        ("changes[1].channel", "UNKNOWN_CHANNEL"),
        ("changes[2].channel", "UNKNOWN_CHANNEL"),
        ("changes[3].notice_version", "REQUIRED_FIELD"),
        ("changes[3].notice_sha256", "REQUIRED_FIELD"),
        ("changes[3].language", "REQUIRED_FIELD"),
        ("changes[4].happened_at", "TOO_LONG_AGO"),
        ("changes[5].happened_at", "IN_FUTURE"),
        ("changes[6].channel", "UNKNOWN_CHANNEL"),
    ]
    with refused("INVALID_FIELDS") as refusing:
        await consent.change(KARI, no(CLUB, "SMS"), shown.yes(CLUB, "SMS"))
    assert refusing.refusal.fields == [("changes[1].channel", "DECIDED_TWICE")]
    with refused("INVALID_FIELDS") as refusing:
        await consent.change(KARI)
    assert refusing.refusal.fields == [("changes", "REQUIRED_FIELD")]


async def test_a_clock_that_is_a_little_fast_is_put_right(
    consent: Consent, shown: Shown, house: House
) -> None:
    await consent.change(KARI, shown.yes(CLUB, "EMAIL", NOW + timedelta(minutes=4)))
    [entry] = await house.entries()
    assert entry.happened_at == NOW


async def test_a_no_counts_whatever_its_clock_says(
    consent: Consent, shown: Shown, house: House
) -> None:
    given = await consent.change(KARI, shown.yes(CLUB, "EMAIL"), shown.yes(CLUB, "SMS"))
    assert given.told.reachable
    after = await consent.change(
        KARI,
        no(CLUB, "EMAIL", NOW - timedelta(days=90)),
        no(CLUB, "SMS", NOW + timedelta(days=90)),
    )
    assert not after.told.reachable
    email, sms = (await house.entries())[2:]
    assert email.happened_at == NOW - timedelta(days=30)
    assert sms.happened_at == NOW


async def test_a_withdrawal_wins_over_an_earlier_yes_of_a_device_without_a_network(
    consent: Consent, shown: Shown
) -> None:
    await consent.change(KARI, no(CLUB, "EMAIL", NOW - timedelta(hours=1)))
    after = await consent.change(KARI, shown.yes(CLUB, "EMAIL", NOW - timedelta(hours=2)))
    assert not after.is_on(CLUB, "EMAIL")
    history = await consent.stub.ListMyConsentHistory(
        pb.ListMyConsentHistoryRequest(), metadata=consent.metadata(KARI)
    )
    kinds = [(pb.Decision.Kind.Name(each.kind), each.source) for each in history.decisions]
    assert kinds == [
        ("WITHDRAWN", "CONFLICT"),
        ("GIVEN", "SELF_SERVICE"),
        ("WITHDRAWN", "SELF_SERVICE"),
    ]


async def test_a_material_change_takes_old_grants_out(consent: Consent, shown: Shown) -> None:
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"), shown.yes("privacy-statement"))
    await consent.republish(CLUB, is_material=True, nn="No deler vi med andre.")
    await consent.republish("privacy-statement", is_material=True, nb="Mer om deg.")
    await consent.republish(CLUB, is_material=False, nn="No deler vi med andre!")

    after = await consent.show(KARI)
    switch = after.switch(CLUB, "EMAIL")
    assert (switch.granted, switch.outdated) == (False, True)
    assert not after.told.reachable
    assert "er endra" in after.of(CLUB).message
    assert (after.of("privacy-statement").acknowledged, after.of("privacy-statement").outdated) == (
        False,
        True,
    )
    assert not after.switch(CLUB, "SMS").outdated

    again = await consent.change(KARI, after.yes(CLUB, "EMAIL"))
    assert again.is_on(CLUB, "EMAIL")
    assert not again.switch(CLUB, "EMAIL").outdated


async def test_a_typo_or_a_new_language_takes_nothing_out(consent: Consent, shown: Shown) -> None:
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    await consent.republish(CLUB, is_material=False, nn="Ein betre tekst.")
    after = await consent.show(KARI)
    assert after.is_on(CLUB, "EMAIL")
    assert after.of(CLUB).notice_version == 2


async def test_all_is_withdrawn_at_once_but_what_was_acknowledged(
    consent: Consent, shown: Shown, house: House
) -> None:
    await consent.change(
        KARI, shown.yes("privacy-statement"), shown.yes(CLUB, "SMS"), shown.yes("general", "EMAIL")
    )
    request = pb.WithdrawAllMyConsentsRequest()
    await consent.stub.WithdrawAllMyConsents(request, metadata=consent.metadata(KARI))
    after = Shown(
        await consent.stub.WithdrawAllMyConsents(request, metadata=consent.metadata(KARI))
    )
    assert after.of("privacy-statement").acknowledged
    assert not any(after.is_on(purpose, each) for purpose in (CLUB, "general") for each in CHANNELS)
    assert len(await house.entries()) == 3 + 10


async def test_a_channel_that_is_no_longer_asked_for_is_withdrawn_too(
    consent: Consent, shown: Shown, house: House
) -> None:
    await consent.change(KARI, shown.yes(CLUB, "POST"))
    purpose = next(
        each
        for each in (await consent.stub.ListPurposes(pb.ListPurposesRequest())).purposes
        if each.id == CLUB
    )
    purpose.channels.remove(pb.POST)
    await consent.stub.PutPurpose(pb.PutPurposeRequest(purpose=purpose), metadata=consent.staff())
    await consent.stub.WithdrawAllMyConsents(
        pb.WithdrawAllMyConsentsRequest(), metadata=consent.metadata(KARI)
    )
    assert (await house.holds(KARI.id))[CLUB, "POST"] == "WITHDRAWN"


async def test_an_account_gives_for_all_its_customers_and_has_given_what_is_given_for_each(
    consent: Consent, shown: Shown, house: House
) -> None:
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    assert not (await consent.show(KARI, OLA)).is_on(CLUB, "EMAIL")

    both = pb.ChangeMyConsentsRequest(changes=[shown.yes(CLUB, "EMAIL"), shown.yes(CLUB, "SMS")])
    await consent.stub.ChangeMyConsents(both, metadata=consent.metadata(KARI, OLA))
    assert (await consent.show(KARI, OLA)).is_on(CLUB, "EMAIL")
    assert await house.holds(OLA.id) == {(CLUB, "EMAIL"): "GIVEN", (CLUB, "SMS"): "GIVEN"}
    assert len(await house.entries()) == 4


async def test_an_account_of_no_customer_or_of_one_who_is_erased_decides_nothing(
    consent: Consent, shown: Shown
) -> None:
    staff = consent.staff("CUSTOMER_SERVICE")
    assert not Shown(
        await consent.stub.GetMyConsents(pb.GetMyConsentsRequest(), metadata=staff)
    ).told.reachable
    request = pb.ChangeMyConsentsRequest(changes=[shown.yes(CLUB, "EMAIL")])
    with refused("NOBODY_TO_DECIDE_FOR"):
        await consent.stub.ChangeMyConsents(request, metadata=staff)
    await consent.tell_erased(KARI.id)
    with refused("NOBODY_TO_DECIDE_FOR"):
        await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    # For the one who is left, it is done.
    await consent.stub.ChangeMyConsents(request, metadata=consent.metadata(KARI, OLA))
    assert (await consent.show(OLA)).is_on(CLUB, "EMAIL")


async def test_the_history_is_read_in_pages_and_of_the_caller_only(
    consent: Consent, shown: Shown
) -> None:
    await consent.change(OLA, shown.yes(CLUB, "EMAIL"))
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"), no(CLUB, "SMS"), no(CLUB, "POST"))
    positions, token = list[int](), ""
    while True:
        page = await consent.stub.ListMyConsentHistory(
            pb.ListMyConsentHistoryRequest(page_size=2, page_token=token),
            metadata=consent.metadata(KARI),
        )
        positions += [each.position for each in page.decisions]
        token = page.next_page_token
        if not token:
            break
    assert positions == [4, 3, 2]
    for token in ("x", "-1", str(2**63), "٣x"):
        request = pb.ListMyConsentHistoryRequest(page_token=token)
        with refused("INVALID_FIELDS"):
            await consent.stub.ListMyConsentHistory(request, metadata=consent.metadata(KARI))


async def test_a_receipt_says_who_processes_what_for_what_and_by_which_text(
    consent: Consent, shown: Shown
) -> None:
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"), no(CLUB, "SMS"))
    await consent.change(OLA, shown.yes("general", "POST"))
    phone = pb.WithdrawForCustomerRequest.Pair(purpose=CLUB, channel=pb.PHONE)
    await consent.stub.WithdrawForCustomer(
        pb.WithdrawForCustomerRequest(customer_id=str(KARI.id), reason="Ringde.", pairs=[phone]),
        metadata=consent.staff("CUSTOMER_SERVICE"),
    )
    receipt = await consent.stub.GetMyConsentReceipt(
        pb.GetMyConsentReceiptRequest(), metadata=consent.metadata(KARI)
    )
    assert receipt.schema_version == "ISO/IEC TS 27560:2023"
    [controller] = receipt.parties
    settings = consent.settings
    assert controller.party_name == settings.controller_name
    assert controller.party_contact == settings.controller_contact
    [record] = receipt.consent_records
    assert record.pii_principal_id == str(KARI.id)
    assert record.record_id == f"{KARI.id}/4"
    [processing] = record.pii_processing
    assert processing.purpose == CLUB
    assert processing.privacy_notice.endswith("/v1/notices/kraftklubben?version=1")
    given, withdrawn, by_staff = processing.events
    assert (given.entity_id, by_staff.entity_id) == ("pii_principal", "pii_controller")
    assert (given.event_state, given.channel) == ("consent_given", pb.EMAIL)
    assert given.privacy_notice_sha256 == shown.of(CLUB).notice_sha256
    assert (withdrawn.event_state, withdrawn.record_position) == ("consent_withdrawn", 2)

    file = await consent.stub.GetMyConsentReceiptFile(
        pb.GetMyConsentReceiptFileRequest(), metadata=consent.metadata(KARI)
    )
    assert file.content_type == "application/json"
    said = json.loads(file.data)
    assert said["parties"][0]["party_name"] == settings.controller_name
    assert said["consent_records"][0]["pii_processing"][0]["events"][0]["channel"] == "EMAIL"


async def test_customer_service_withdraws_for_who_calls_and_says_why(
    consent: Consent, shown: Shown, house: House
) -> None:
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"), shown.yes(CLUB, "SMS"))
    staff = uuid4()

    async def withdraw(**more: object) -> pb.WithdrawForCustomerResponse:
        request = pb.WithdrawForCustomerRequest(
            **{"customer_id": str(KARI.id), "reason": "Ringde oss.", **more}  # pyright: ignore[reportArgumentType]
        )
        metadata = consent.staff("CUSTOMER_SERVICE", account_id=staff)
        return await consent.stub.WithdrawForCustomer(request, metadata=metadata)

    email = pb.WithdrawForCustomerRequest.Pair(purpose=CLUB, channel=pb.EMAIL)
    [decision] = (await withdraw(pairs=[email])).decisions
    assert (decision.source, decision.actor) == ("STAFF", pb.Decision.STAFF)
    assert (await consent.show(KARI)).is_on(CLUB, "SMS")
    assert len((await withdraw()).decisions) == 9
    assert not (await consent.show(KARI)).told.reachable
    assert (await house.entries())[-1].actor_id == staff
    actions = await house.sql(
        "SELECT staff_account_id, customer_id, action, reason FROM staff_action"
    )
    assert [tuple(each) for each in actions] == [
        (staff, KARI.id, "WithdrawForCustomer", "Ringde oss.")
    ] * 2

    with refused("NOT_FOUND"):
        await withdraw(customer_id=str(uuid4()))
    for more, field in (
        ({"reason": " "}, "reason"),
        ({"customer_id": "17"}, "customer_id"),
        ({"pairs": [pb.WithdrawForCustomerRequest.Pair(purpose="ukjend")]}, "pairs[0].purpose"),
    ):
        with refused("INVALID_FIELDS") as refusing:
            await withdraw(**more)
        assert [name for name, _ in refusing.refusal.fields] == [field]
    assert len(await house.sql("SELECT FROM staff_action")) == 2


async def test_a_retry_gets_the_first_answer_and_does_nothing_twice(
    consent: Consent, shown: Shown, house: House
) -> None:
    first = await consent.change(KARI, shown.yes(CLUB, "EMAIL"), key="a")
    await consent.change(KARI, no(CLUB, "EMAIL"), key="b")
    assert (await consent.change(KARI, shown.yes(CLUB, "EMAIL"), key="a")).told == first.told
    assert len(await house.entries()) == 2
    assert not (await consent.show(KARI)).is_on(CLUB, "EMAIL")


async def test_all_of_it_is_in_the_export_of_its_owner(
    consent: Consent, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "RECORDS_A_PAGE", 4)
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    await consent.change(KARI, no(CLUB, "EMAIL"))
    await consent.change(OLA, shown.yes(CLUB, "EMAIL"))
    request = pb.WithdrawForCustomerRequest(customer_id=str(KARI.id), reason="Ringde oss.")
    await consent.stub.WithdrawForCustomer(request, metadata=consent.staff("CUSTOMER_SERVICE"))

    sections, token = dict[str, list[dict[str, object]]](), ""
    while True:
        part = await consent.stub.ExportMyData(
            ExportMyDataRequest(page_token=token), metadata=consent.metadata(KARI)
        )
        for name, records in json.loads(part.sections_json).items():
            sections.setdefault(name, []).extend(records)
        token = part.next_page_token
        if not token:
            break
    assert set(sections) == {
        "consents",
        "contacts",
        "messages",
        "consentHistory",
        "staffActions",
    }
    assert len(sections["consents"]) == 10
    assert len(sections["consentHistory"]) == 2 + 9
    assert {each["customerId"] for each in sections["consentHistory"]} == {str(KARI.id)}
    assert [each["reason"] for each in sections["staffActions"]] == ["Ringde oss."]
