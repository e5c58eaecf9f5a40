"""From what the domain says to protobuf."""

from uuid import UUID

from kit.server import Call
from kundeapp.access.v1 import access_pb2
from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1 import second_factors_pb2
from services.identity.domain.accounts import Account
from services.identity.domain.customers import Customer
from services.identity.domain.reach import AccountContact, CustomerContacts
from services.identity.domain.sessions import Client, Login, Visitor
from services.identity.handlers.care import CustomerRecord
from services.identity.handlers.codes import Asked, Asker
from services.identity.handlers.passkeys import Answer
from services.identity.handlers.recovery import Recovered
from services.identity.handlers.sessions import OpenSession


def account_of(account: Account) -> pb.Account:
    """Returns an account as it is told."""
    return pb.Account(
        id=str(account.id),
        email=account.email,
        customers=map(customer_of, account.customers),
        roles=[access_pb2.Staff.Role.Value(role) for role in sorted(account.roles)],
        mobile=account.mobile,
        language=account.language,
    )


def customer_of(customer: Customer) -> pb.Customer:
    """Returns a customer as it is told."""
    return pb.Customer(
        id=str(customer.id),
        customer_number=customer.number,
        name=customer.name,
        status=pb.Customer.Status.Value(customer.status),
    )


def contacts_of(contacts: CustomerContacts) -> pb.CustomerContacts:
    """Returns how a customer is reached."""
    customer = contacts.customer
    return pb.CustomerContacts(
        customer_id=str(customer.id),
        customer_number=customer.number,
        name=customer.name,
        status=pb.Customer.Status.Value(customer.status),
        account_id=str(customer.account_id) if customer.account_id else "",
        language=contacts.language,
        email=contacts.email,
        email_confirmed=contacts.email_is_confirmed,
        mobile=contacts.mobile,
        mobile_confirmed=contacts.mobile_is_confirmed,
    )


def staff_contact_of(contact: AccountContact) -> pb.ListStaffContactsResponse.StaffContact:
    """Returns how a member of staff is reached."""
    return pb.ListStaffContactsResponse.StaffContact(
        account_id=str(contact.account_id), email=contact.email, language=contact.language
    )


def record_of(record: CustomerRecord) -> pb.CustomerRecord:
    """Returns what the register says of a customer."""
    return pb.CustomerRecord(
        customer=customer_of(record.customer),
        email=record.customer.email,
        mobile=record.customer.mobile,
        account_email=record.account_email,
    )


def session_of(opened: OpenSession) -> pb.Session:
    """Returns a session with its tokens."""
    answer = pb.Session(
        id=str(opened.session.id),
        access_token=opened.access_token.value,
        refresh_token=opened.refresh_token,
        client=pb.Client.Value(opened.session.client),
        device_token=opened.device_token,
    )
    answer.access_token_expires_at.FromDatetime(opened.access_token.expires_at)
    answer.expires_at.FromDatetime(opened.session.expires_at)
    return answer


def client_of(client: pb.Client.ValueType) -> Client:
    """Returns what somebody uses: the app, unless they say otherwise."""
    return Client.WEB if client == pb.WEB else Client.APP


def visitor_of(
    request: pb.CreateSessionRequest | pb.CreateSessionWithPasskeyRequest, call: Call
) -> Visitor:
    """Returns where somebody logs in from."""
    return Visitor(
        client=client_of(request.client),
        device=request.device,
        device_token=request.device_token,
        network=call.network,
    )


def answer_of(answer: second_factors_pb2.PasskeyAnswer) -> Answer:
    """Returns what a device has answered."""
    return Answer(answer.challenge_id, answer.credential_json)


def asker_of(call: Call) -> Asker:
    """Returns who asks for a code, whether they are logged in or not."""
    return Asker(call.network, call.language)


def owner_of(call: Call) -> Asker:
    """Returns who asks for a code that is about their own account."""
    return Asker(call.network, call.language, call.caller.account)


def verification_of(asked: Asked) -> pb.Verification:
    """Returns how a person was asked for a code."""
    answer = pb.Verification(
        id=str(asked.challenge_id),
        channel=pb.Verification.Channel.Value(asked.channel),
    )
    answer.expires_at.FromDatetime(asked.expires_at)
    if asked.contact_channel is not None:
        answer.contact_channel = pb.Verification.Channel.Value(asked.contact_channel)
    return answer


def recovered_of(recovered: Recovered) -> pb.ConfirmCustomerRecoveryResponse.Recovered:
    """Returns a customer with the PIN that was made."""
    return pb.ConfirmCustomerRecoveryResponse.Recovered(
        customer_number=recovered.customer.number,
        name=recovered.customer.name,
        pin=recovered.pin,
        has_account=recovered.customer.account_id is not None,
    )


def login_of(login: Login, current: UUID | None) -> pb.ListMySessionsResponse.Login:
    """Returns a session as it is listed.

    Args:
        login: The session.
        current: The session that asks.
    """
    answer = pb.ListMySessionsResponse.Login(
        id=str(login.session.id),
        device=login.device,
        current=login.session.id == current,
    )
    answer.created_at.FromDatetime(login.created_at)
    answer.last_used_at.FromDatetime(login.last_used_at)
    answer.expires_at.FromDatetime(login.session.expires_at)
    return answer


def role_name(role: int) -> str:
    """Returns the name of a role, or its number where this version knows none."""
    known = access_pb2.Staff.Role.DESCRIPTOR.values_by_number.get(role)
    return known.name if known else str(role)
