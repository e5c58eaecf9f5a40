"""Changing the e-mail and the mobile number of an account."""

from uuid import UUID

from kit.checks import check, required
from kit.errors import FieldError, Invalid
from kit.noted import note
from services.identity.domain import contact, sessions
from services.identity.domain.accounts import UNDO_WITHIN, Account, EmailChange
from services.identity.domain.challenges import Challenge, Purpose
from services.identity.domain.letters import Address, Channel, Letter
from services.identity.domain.problems import EmailInUse, NoUndo
from services.identity.domain.store import Store
from services.identity.handlers import codes
from services.identity.handlers.accounts import get_me
from services.identity.handlers.checks import email_error
from services.identity.handlers.codes import About, Asked, Asker, Desk, Sending
from services.identity.handlers.sessions import end_all_sessions


async def begin_email_change(store: Store, desk: Desk, asker: Asker, email: str) -> Asked:
    """Asks the owner of an account for a code that went to the new e-mail.

    Whoever owns that is told if it is another account's already; the answer does not tell.

    Raises:
        Invalid: If it is no e-mail address.
        TooManyTries: If too many codes were sent there, or asked for from here.
    """
    check(email_error(email, "new_email"))
    to = codes.email_address(email)
    is_taken = await store.email_is_taken(to.value, desk.now(), but_by=asker.account_id)
    kind = "email-known" if is_taken else "email-code"
    about = About(Purpose.EMAIL, f"account:{asker.account_id}")
    return await codes.ask(store, desk, asker, about, Sending(kind, to, desk.codes.new()))


async def confirm_email(store: Store, desk: Desk, challenge: Challenge) -> Account:
    """Changes the e-mail of an account whose code was right.

    The old address gets a link that undoes it within a week.

    Raises:
        CodeNoLongerWorks: If the code was used by now.
        EmailInUse: If another account uses the e-mail by now.
    """
    account = await get_me(store, await _used_by(store, desk, challenge))
    now, token = desk.now(), desk.ids.token()
    is_free = not await store.email_is_taken(challenge.contact, now, but_by=account.id)
    if not is_free or not await store.change_email(account.id, challenge.contact):
        raise EmailInUse
    change = EmailChange(account.id, account.email, changed_at=now)
    await store.add_email_change(change, sessions.hash_of(token))
    await store.send(
        account.letter(
            "email-changed",
            when=now.isoformat(),
            until=(now + UNDO_WITHIN).isoformat(),
            token=token,
        )
    )
    changed = await get_me(store, account.id)
    store.publish(*changed.contact_changes())
    return changed


async def undo_email_change(store: Store, desk: Desk, token: str) -> None:
    """Gives an account its old e-mail back, for whoever reads that.

    Whoever changed it knew the password, so no password is right until a new one is chosen; all
    sessions end, and no device is known any longer. Later changes of the e-mail are undone with it,
    and passkeys, an authenticator app and linked providers that came since then are taken off.

    Raises:
        Invalid: If the token is missing.
        NoUndo: If there is no such change, or no longer.
    """
    check(required("token", token))
    now = desk.now()
    change = await store.take_email_change(sessions.hash_of(token), now)
    if change is None or not await store.change_email(change.account_id, change.old_email):
        raise NoUndo
    note(account=change.account_id)
    await store.forget_password(change.account_id)
    await store.remove_factors_since(change.account_id, change.changed_at)
    await store.end_challenges_of(change.account_id, now)
    await store.forget_devices(change.account_id)
    await end_all_sessions(store, desk.gate.clock, change.account_id)
    account = await get_me(store, change.account_id)
    store.publish(*account.contact_changes())
    await store.send(account.letter("email-restored", when=now.isoformat()))


async def begin_mobile_change(store: Store, desk: Desk, asker: Asker, mobile: str) -> Asked:
    """Asks the owner of an account for a code that went to the new mobile number.

    Raises:
        Invalid: If it is no mobile number.
        TooManyTries: If too many codes were sent there, or asked for from here.
        CannotBeSent: If no SMS are sent.
    """
    number = contact.mobile_number(mobile)
    if number is None:
        raise Invalid(FieldError("mobile", "MOBILE_INVALID"))
    sending = Sending("mobile-code", Address(Channel.SMS, number), desk.codes.new())
    about = About(Purpose.MOBILE, f"account:{asker.account_id}")
    return await codes.ask(store, desk, asker, about, sending)


async def confirm_mobile(store: Store, desk: Desk, challenge: Challenge) -> Account:
    """Changes the mobile number of an account whose code was right, and tells its owner.

    Numbers are handed on to other people: an account that has confirmed it before loses it.

    Raises:
        CodeNoLongerWorks: If the code was used by now.
    """
    account_id = await _used_by(store, desk, challenge)
    holder_id = await store.lock_mobile(challenge.contact, account_id)
    if holder_id is not None:
        await _take_mobile(store, desk, holder_id)
    account = await get_me(store, account_id)
    await store.change_mobile(account.id, challenge.contact)
    store.publish(*account.contact_changes())
    facts = {"when": desk.now().isoformat()}
    await store.send(account.letter("mobile-changed", **facts))
    if account.mobile:
        to = Address(Channel.SMS, account.mobile)
        await store.send(Letter("mobile-changed", to, account.language, facts))
    return await get_me(store, account.id)


async def _take_mobile(store: Store, desk: Desk, account_id: UUID) -> None:
    """Takes the mobile number off an account, and tells its owner."""
    account = await get_me(store, account_id)
    await store.change_mobile(account.id, "")
    store.publish(*account.contact_changes())
    await store.send(account.letter("mobile-lost", when=desk.now().isoformat()))


async def _used_by(store: Store, desk: Desk, challenge: Challenge) -> UUID:
    """Ends a challenge whose code was right, and returns whose account it is about."""
    if challenge.account_id is None:
        raise LookupError("a change of a contact without an account")
    await codes.use(store, desk, challenge)
    return challenge.account_id
