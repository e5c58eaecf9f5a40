"""What somebody cannot do who tries codes, PINs and passwords."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from kit.database import Transaction
from kit.testing import all_have_come
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.domain.challenges import MOST_TRIES, Challenge, Codes, Purpose
from services.identity.domain.problems import CodeNoLongerWorks, WrongCode
from services.identity.domain.store import Store
from services.identity.domain.throttles import (
    CODE_TRIED,
    LOGIN_BY_ACCOUNT,
    LOGIN_BY_DEVICE,
    PIN_BY_NETWORK,
    PIN_BY_VALUE,
    Throttle,
    Try,
)
from services.identity.handlers import codes
from services.identity.handlers.recovery import reset_password
from services.identity.storage import Post, PostgresStore
from tests.integration.identity.world import (
    EMAIL,
    PASSWORD,
    Identity,
    StoresOf,
    customers_file,
    outcome,
    refused,
)

NEW_PASSWORD = "heilt andre tilfeldige ord"
GUESSES = 50


async def forget(identity: Identity, email: str = EMAIL) -> pb.Verification:
    return await identity.call("ForgetPassword", pb.ForgetPasswordRequest(email=email))


async def reset(
    identity: Identity, verification_id: str, code: str, password: str = NEW_PASSWORD
) -> None:
    request = pb.ResetPasswordRequest(
        verification_id=verification_id, code=code, new_password=password
    )
    await identity.call("ResetPassword", request)


@pytest.fixture
async def account(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001")


@pytest.mark.usefixtures("account")
async def test_nobody_sets_a_password_without_the_code(identity: Identity) -> None:
    asked = await forget(identity)
    right = await identity.code("password-code", to=EMAIL)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    with refused("WRONG_CODE"):
        await reset(identity, asked.id, wrong)
    with refused("CODE_NO_LONGER_WORKS"):
        await reset(identity, str(identity.ids.new_id()), right)
    with refused("CODE_NO_LONGER_WORKS"):
        await reset(identity, "no id", right)

    assert await identity.log_in(password=PASSWORD)


@pytest.mark.usefixtures("account")
async def test_an_empty_or_repeated_answer_opens_nothing_and_costs_no_try(
    identity: Identity,
) -> None:
    asked = await forget(identity)
    for _ in range(MOST_TRIES + 1):
        with refused("INVALID_FIELDS") as refusal:
            await reset(identity, asked.id, "  ")
        assert refusal.fields == [("code", "REQUIRED_FIELD")]
    code = await identity.code("password-code", to=EMAIL)
    await reset(identity, asked.id, code)
    with refused("CODE_NO_LONGER_WORKS"):
        await reset(identity, asked.id, code, password="endå eit anna passord")

    assert await identity.log_in(password=NEW_PASSWORD)


class CountingCodes(Codes):
    """Counts how many codes are looked at."""

    looked_at = 0

    def match(self, challenge: Challenge, code: str, contact_code: str) -> bool:
        self.looked_at += 1
        return super().match(challenge, code, contact_code)


class NaiveStore(PostgresStore):
    """Reads first and writes later, as one would without thinking of the others."""

    everybody_has_read: asyncio.Barrier

    async def count_challenge_try(
        self, challenge_id: UUID, purpose: Purpose, now: datetime
    ) -> Challenge | None:
        tries = await self._connection.fetchval(
            "SELECT tries FROM challenge WHERE id = $1", challenge_id
        )
        await all_have_come(self.everybody_has_read)
        if tries >= MOST_TRIES:
            return None
        await self._connection.execute("UPDATE challenge SET tries = 0 WHERE id = $1", challenge_id)
        return await super().count_challenge_try(challenge_id, purpose, now)

    async def end_challenge(self, challenge_id: UUID, now: datetime) -> bool:
        ended = await self._connection.fetchval(
            "SELECT ended_at FROM challenge WHERE id = $1", challenge_id
        )
        await all_have_come(self.everybody_has_read)
        await super().end_challenge(challenge_id, now)
        return ended is None

    async def count_tries(self, tries: Sequence[Try], now: datetime) -> timedelta | None:
        del tries, now
        return None


async def looked_at_in_fifty_guesses(
    identity: Identity, store_of: Callable[[Transaction, Post], Store], at_once: int
) -> int:
    asked = await forget(identity)
    NaiveStore.everybody_has_read = asyncio.Barrier(at_once)
    counting = CountingCodes(identity.keyed("code"), identity.ids)
    with identity.cheap_hashes() as hashes:
        made = identity.servicer(hashes, StoresOf(identity.database, store_of)).desk
    desk = codes.Desk(made.gate, counting, made.ids)

    async def guess() -> None:
        with pytest.raises((WrongCode, CodeNoLongerWorks)):
            await codes.prove(desk, Purpose.PASSWORD, codes.Answer(asked.id, "no code"))

    await asyncio.gather(*(guess() for _ in range(at_once)))
    return counting.looked_at


@pytest.mark.usefixtures("account")
async def test_of_fifty_guesses_at_once_exactly_five_are_looked_at(identity: Identity) -> None:
    assert await looked_at_in_fifty_guesses(identity, PostgresStore, GUESSES) == MOST_TRIES


@pytest.mark.usefixtures("account")
async def test_without_counting_under_the_lock_more_would_be_looked_at(identity: Identity) -> None:
    # As many as have a connection each.
    assert await looked_at_in_fifty_guesses(identity, NaiveStore, 10) > MOST_TRIES


@pytest.mark.usefixtures("account")
async def test_of_fifty_guesses_at_once_over_grpc_five_are_counted_and_then_the_right_one_is_none(
    identity: Identity,
) -> None:
    asked = await forget(identity)

    outcomes = await asyncio.gather(
        *(outcome(reset(identity, asked.id, "no code")) for _ in range(GUESSES))
    )
    assert outcomes.count("WRONG_CODE") == MOST_TRIES
    assert outcomes.count("CODE_NO_LONGER_WORKS") == GUESSES - MOST_TRIES
    with refused("CODE_NO_LONGER_WORKS"):
        await reset(identity, asked.id, await identity.code("password-code", to=EMAIL))


async def resets_with_one_code_at_once(
    identity: Identity, store_of: Callable[[Transaction, Post], Store]
) -> int:
    asked = await forget(identity)
    code = await identity.code("password-code", to=EMAIL)
    stores = StoresOf(identity.database, store_of)
    with identity.cheap_hashes() as hashes:
        desk = identity.servicer(hashes).desk
        challenge = await codes.prove(desk, Purpose.PASSWORD, codes.Answer(asked.id, code))
    NaiveStore.everybody_has_read = asyncio.Barrier(2)

    async def use() -> bool:
        try:
            async with stores() as store:
                await reset_password(store, desk, challenge, "a hash")
        except CodeNoLongerWorks:
            return False
        return True

    return sum(await asyncio.gather(use(), use()))


@pytest.mark.usefixtures("account")
async def test_the_right_code_twice_at_once_succeeds_once(identity: Identity) -> None:
    assert await resets_with_one_code_at_once(identity, PostgresStore) == 1


@pytest.mark.usefixtures("account")
async def test_without_the_lock_it_would_succeed_twice(identity: Identity) -> None:
    assert await resets_with_one_code_at_once(identity, NaiveStore) == 2


@pytest.mark.usefixtures("account")
async def test_a_new_code_kills_the_one_before(identity: Identity) -> None:
    first = await forget(identity)
    old = await identity.code("password-code", to=EMAIL)
    second = await forget(identity)

    with refused("CODE_NO_LONGER_WORKS"):
        await reset(identity, first.id, old)
    await reset(identity, second.id, await identity.code("password-code", to=EMAIL))


@pytest.mark.usefixtures("account")
async def test_a_code_works_for_ten_minutes(identity: Identity) -> None:
    asked = await forget(identity)
    code = await identity.code("password-code", to=EMAIL)
    identity.clock.advance(timedelta(minutes=10))

    with refused("CODE_NO_LONGER_WORKS"):
        await reset(identity, asked.id, code)


@pytest.mark.usefixtures("account")
async def test_a_code_opens_nothing_but_what_it_was_asked_for(identity: Identity) -> None:
    asked = await forget(identity)
    code = await identity.code("password-code", to=EMAIL)
    request = pb.ConfirmCustomerRecoveryRequest(verification_id=asked.id, code=code)

    with refused("CODE_NO_LONGER_WORKS"):
        await identity.call("ConfirmCustomerRecovery", request)


@pytest.mark.usefixtures("account")
async def test_ten_codes_a_day_are_tried_for_a_subject_however_often_it_asks(
    identity: Identity,
) -> None:
    for _ in range(2):
        asked = await forget(identity)
        for _ in range(MOST_TRIES):
            with refused("WRONG_CODE"):
                await reset(identity, asked.id, "no code")
    asked = await forget(identity)
    code = await identity.code("password-code", to=EMAIL)

    with refused("TOO_MANY_REQUESTS"):
        await reset(identity, asked.id, code)
    identity.clock.advance(CODE_TRIED.within)
    asked = await forget(identity)
    await reset(identity, asked.id, await identity.code("password-code", to=EMAIL))


async def test_one_pin_on_ten_thousand_customers_opens_no_account_is_throttled_and_seen(
    identity: Identity,
) -> None:
    customers = 10_000
    await identity.import_customers(customers_file(customers))

    async def guess(number: int, network: str) -> str:
        request = pb.RegisterAccountRequest(
            customer_number=str(100_000 + number),
            pin="11112222",
            email="tjuv@example.no",
            password=PASSWORD,
        )
        return await outcome(identity.call("RegisterAccount", request, network=network))

    seen = {throttle: throttled(throttle) for throttle in (PIN_BY_NETWORK, PIN_BY_VALUE)}
    from_one = [await guess(number, "198.51.100.1") for number in range(100)]
    from_many = [await guess(number, f"203.0.113.{number}") for number in range(100, customers, 99)]

    assert from_one.count("WRONG_CUSTOMER_NUMBER_OR_PIN") == PIN_BY_NETWORK.most
    assert from_one.count("TOO_MANY_REQUESTS") == 100 - PIN_BY_NETWORK.most
    assert set(from_many) == {"TOO_MANY_REQUESTS"}
    assert await identity.fetch("SELECT FROM account") == []
    for throttle, before in seen.items():
        assert throttled(throttle) > before


def throttled(throttle: Throttle) -> float:
    """What an alert watches."""
    labels = {"throttle": throttle.name}
    return REGISTRY.get_sample_value("kundeapp_identity_throttled_total", labels) or 0


@pytest.mark.usefixtures("account")
async def test_a_thousand_failed_logins_do_not_lock_a_known_device_out(identity: Identity) -> None:
    phone = await identity.log_in()
    wrong = pb.CreateSessionRequest(email=EMAIL, password="eit feil passord")

    async def attack(number: int) -> str:
        network = f"198.51.{number % 200}.{number // 200}"
        return await outcome(identity.call("CreateSession", wrong, network=network))

    outcomes = [await attack(number) for number in range(1000)]

    assert outcomes.count("WRONG_CREDENTIALS") == LOGIN_BY_ACCOUNT.most
    assert outcomes.count("TOO_MANY_REQUESTS") == 1000 - LOGIN_BY_ACCOUNT.most
    right = pb.CreateSessionRequest(email=EMAIL, password=PASSWORD)
    assert await outcome(identity.call("CreateSession", right)) == "TOO_MANY_REQUESTS"
    right.device_token = phone.device_token
    session = await identity.call("CreateSession", right)
    assert session.access_token
    assert not session.device_token


@pytest.mark.usefixtures("account")
async def test_a_known_device_has_ten_tries_of_its_own(identity: Identity) -> None:
    phone = await identity.log_in()
    request = pb.CreateSessionRequest(
        email=EMAIL, password="eit feil passord", device_token=phone.device_token
    )
    outcomes = [
        await outcome(identity.call("CreateSession", request))
        for _ in range(LOGIN_BY_DEVICE.most + 1)
    ]

    assert outcomes == ["WRONG_CREDENTIALS"] * LOGIN_BY_DEVICE.most + ["TOO_MANY_REQUESTS"]
    assert await identity.log_in()


@pytest.mark.usefixtures("account")
async def test_a_device_of_one_account_is_unknown_to_another(identity: Identity) -> None:
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")
    phone = await identity.log_in()
    request = pb.CreateSessionRequest(
        email="ola@example.no", password="eit feil passord", device_token=phone.device_token
    )
    for _ in range(LOGIN_BY_ACCOUNT.most):
        await outcome(identity.call("CreateSession", request))

    with refused("TOO_MANY_REQUESTS"):
        await identity.log_in("ola@example.no")


@pytest.mark.usefixtures("account")
async def test_right_passwords_use_up_no_tries(identity: Identity) -> None:
    for _ in range(LOGIN_BY_ACCOUNT.most + 1):
        await identity.log_in()


@pytest.mark.usefixtures("account")
async def test_whoever_is_refused_is_told_when_to_try_again(identity: Identity) -> None:
    for _ in range(LOGIN_BY_ACCOUNT.most):
        with refused("WRONG_CREDENTIALS"):
            await identity.log_in(password="eit feil passord")
    identity.clock.advance(timedelta(minutes=20))
    with refused("TOO_MANY_REQUESTS") as refusal:
        await identity.log_in()

    assert refusal.facts == {"retryAfter": str(40 * 60)}
    identity.clock.advance(timedelta(minutes=40))
    assert await identity.log_in()


@pytest.mark.usefixtures("account")
async def test_a_login_from_a_new_device_is_told_to_the_owner_and_the_first_is_not(
    identity: Identity,
) -> None:
    phone = await identity.log_in()
    again = pb.CreateSessionRequest(email=EMAIL, password=PASSWORD, device_token=phone.device_token)
    await identity.call("CreateSession", again)
    assert await identity.letters("new-device") == []
    await identity.log_in()

    [letter] = await identity.letters("new-device")
    assert letter["To"] == EMAIL


@pytest.mark.usefixtures("account")
async def test_after_a_reset_no_device_is_known_and_no_refresh_works(identity: Identity) -> None:
    phone = await identity.log_in()
    asked = await forget(identity)
    await reset(identity, asked.id, await identity.code("password-code", to=EMAIL))
    request = pb.CreateSessionRequest(
        email=EMAIL, password=NEW_PASSWORD, device_token=phone.device_token
    )

    with refused("SESSION_ENDED"):
        await identity.refresh(phone.refresh_token)
    assert (await identity.call("CreateSession", request)).device_token


@pytest.mark.usefixtures("account")
async def test_a_change_of_the_email_that_was_begun_before_a_reset_is_dead(
    identity: Identity,
) -> None:
    thief = await identity.log_in()
    asked = await identity.call(
        "ChangeEmail", pb.ChangeEmailRequest(new_email="tjuv@example.no"), session=thief
    )
    kept = await identity.code("email-code", to="tjuv@example.no")
    recovery = await forget(identity)
    await reset(identity, recovery.id, await identity.code("password-code", to=EMAIL))
    owner = await identity.log_in(password=NEW_PASSWORD)
    confirmation = pb.ConfirmEmailRequest(verification_id=asked.id, code=kept)

    for session in (thief, owner):
        with refused("CODE_NO_LONGER_WORKS"):
            await identity.call("ConfirmEmail", confirmation, session=session)
    assert (await identity.me(owner)).email == EMAIL


@pytest.mark.usefixtures("account")
async def test_a_reused_refresh_token_ends_the_session_and_its_owner_is_told(
    identity: Identity,
) -> None:
    session = await identity.log_in()
    await identity.refresh(session.refresh_token)
    identity.clock.advance(timedelta(seconds=31))
    with refused("SESSION_ENDED"):
        await identity.refresh(session.refresh_token)
    with refused("SESSION_ENDED"):
        await identity.refresh(session.refresh_token)

    [letter] = await identity.letters("session-reused")
    assert letter["To"] == EMAIL


@pytest.mark.usefixtures("account")
async def test_a_browser_is_logged_out_when_idle_and_after_half_a_day(identity: Identity) -> None:
    request = pb.CreateSessionRequest(email=EMAIL, password=PASSWORD, client=pb.WEB)
    idle = await identity.call("CreateSession", request)
    busy = await identity.call("CreateSession", request)
    assert busy.client == pb.WEB
    identity.clock.advance(timedelta(minutes=29))
    busy = await identity.refresh(busy.refresh_token)
    assert busy.client == pb.WEB
    identity.clock.advance(timedelta(minutes=1))
    with refused("SESSION_ENDED"):
        await identity.refresh(idle.refresh_token)

    for _ in range(23):
        busy = await identity.refresh(busy.refresh_token)
        identity.clock.advance(timedelta(minutes=29))
    identity.clock.advance(timedelta(minutes=23))
    with refused("SESSION_ENDED"):
        await identity.refresh(busy.refresh_token)
