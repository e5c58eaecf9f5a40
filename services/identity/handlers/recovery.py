"""Finding a lost customer number or PIN, and choosing a new password for a forgotten one."""

from dataclasses import dataclass, field, replace

from kit.checks import check, required
from kit.errors import FieldError, Invalid
from kit.noted import note
from services.identity.domain import contact, passwords
from services.identity.domain.challenges import Challenge, Purpose
from services.identity.domain.customers import Customer
from services.identity.domain.letters import Address, Channel, Letter
from services.identity.domain.store import Store
from services.identity.handlers import codes
from services.identity.handlers.checks import email_error
from services.identity.handlers.codes import About, Asked, Asker, Desk, Sending
from services.identity.handlers.registration import contact_on_file
from services.identity.handlers.sessions import end_all_sessions


@dataclass(frozen=True, slots=True)
class Recovered:
    """A customer, and the PIN that was made."""

    customer: Customer
    pin: str = field(repr=False)


async def begin_customer_recovery(store: Store, desk: Desk, asker: Asker, written: str) -> Asked:
    """Asks whoever reads a contact for a code.

    A contact that is nobody's takes the same steps, and so the same time.

    Raises:
        Invalid: If it is neither an e-mail address nor a mobile number.
        TooManyTries: If too many codes were sent there, or asked for from here.
        CannotBeSent: If no SMS are sent.
    """
    to = _address(written)
    known = await store.has_contact(to)
    about = About(Purpose.CUSTOMER_NUMBER, f"contact:{codes.key(to)}")
    sending = Sending("customer-number-code", to, desk.codes.new())
    return await codes.ask(store, desk, asker, about, sending, wanted=known)


async def confirm_customer_recovery(
    store: Store, desk: Desk, challenge: Challenge
) -> list[Recovered]:
    """Returns the customers of a contact whose code was right, each with a fresh PIN.

    The customers are told at another contact on file, if there is one.

    Raises:
        CodeNoLongerWorks: If the code was used by now.
    """
    await codes.use(store, desk, challenge)
    to = _address(challenge.contact)
    known = await store.customers_by_contact(to)
    recovered = [Recovered(each, desk.gate.pins.new()) for each in known]
    await store.change_customers(
        [
            replace(each.customer, pin=desk.gate.pins.at_rest(each.customer.number, each.pin))
            for each in recovered
        ]
    )
    facts = {"when": desk.now().isoformat()}
    others = {_other_contact(each, to) for each in known} - {None}
    await store.send(
        *(Letter("pin-renewed", other, challenge.language, facts) for other in others if other)
    )
    return recovered


async def begin_password_reset(store: Store, desk: Desk, asker: Asker, email: str) -> Asked:
    """Asks whoever reads an e-mail for a code.

    An e-mail that is no account's takes the same steps, and so the same time.

    Raises:
        Invalid: If it is no e-mail address.
        TooManyTries: If too many codes were sent there, or asked for from here.
    """
    check(email_error(email))
    to = codes.email_address(email)
    known = await store.has_account(to.value)
    about = About(Purpose.PASSWORD, f"contact:{codes.key(to)}")
    sending = Sending("password-code", to, desk.codes.new())
    return await codes.ask(store, desk, asker, about, sending, wanted=known)


async def hash_new_password(desk: Desk, challenge: Challenge, new: str) -> str:
    """Returns a new password as it is kept; no connection is held meanwhile.

    Raises:
        Invalid: If the password is refused; the code can be shown again with another one.
        Overloaded: If too many passwords wait to be hashed.
    """
    new = passwords.normalise(new)
    check(desk.gate.rules.error_in(new, challenge.contact, "new_password"))
    return await desk.gate.hashes.hash(new)


async def reset_password(
    store: Store, desk: Desk, challenge: Challenge, password_hash: str
) -> None:
    """Chooses a new password for an account whose code was right.

    All sessions end, no device is known any longer, and what was begun under the old password, such
    as a change of the e-mail, ends with it.

    Raises:
        CodeNoLongerWorks: If the code was used by now.
    """
    await codes.use(store, desk, challenge)
    credentials = await store.credentials(challenge.contact)
    account = credentials and await store.account(credentials.account_id)
    if account is None:
        return
    note(account=account.id)
    await store.change_password(account.id, password_hash)
    await store.end_challenges_of(account.id, desk.now())
    await store.forget_devices(account.id)
    await end_all_sessions(store, desk.gate.clock, account.id)
    await store.send(account.letter("password-changed", when=desk.now().isoformat()))


def _address(written: str) -> Address:
    """Returns the address that somebody wrote.

    Raises:
        Invalid: If it is neither an e-mail address nor a mobile number.
    """
    check(required("contact", written))
    if contact.is_email(written.strip()):
        return codes.email_address(written)
    mobile = contact.mobile_number(written)
    if mobile is None:
        raise Invalid(FieldError("contact", "CONTACT_INVALID"))
    return Address(Channel.SMS, mobile)


def _other_contact(customer: Customer, used: Address) -> Address | None:
    """Returns where a customer hears of what somebody did who reads one of the contacts."""
    if used.channel is Channel.SMS:
        return Address(Channel.EMAIL, customer.email) if customer.email else None
    return contact_on_file(customer) if customer.mobile else None
