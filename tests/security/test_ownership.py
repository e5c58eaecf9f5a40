"""What is one customer's is not there for another: at the edge, for every operation of customers.

A new operation fails here until somebody has thought about whose it is, and written it down.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.demo.people import gsrn
from tests.security.known import UNKNOWN, Caller, Callers
from tests.security.probe import Operation, good_request, operations_of

TESTS = Path(__file__).parents[1]
NOBODYS_POINT = gsrn(9_990_000_999)

# What names the thing in the request. It is called in this order, since some end what they name.
OWNED: Mapping[str, str] = {
    "GetUsage": "gsrn",
    "GetBill": "gsrn",
    "EstimateBill": "gsrn",
    "GetCapacity": "gsrn",
    "CompareUsage": "gsrn",
    "CompareProducts": "gsrn",
    "ExportUsage": "gsrn",
    "GetReservation": "reservation_id",
    "GetTicketsPdf": "reservation_id",
    "ReleaseTickets": "reservation_id",
    "UseTicket": "ticket_id",
    "UnuseTicket": "ticket_id",
    "GetTicketSvg": "ticket_id",
    "GetTicketPng": "ticket_id",
    "UpdateWaitlistEntry": "entry_id",
    "LeaveWaitlist": "entry_id",
    "AcceptOffer": "entry_id",
    "DeclineOffer": "entry_id",
    "EndSession": "session_id",
}

# What names something in another way has a test of its own.
TESTED_BY: Mapping[str, str] = {
    "ConfirmCurrentSession": "test_another_account_s_passkey_confirms_nothing",
    "ConfirmCustomerLink": "test_nobody_confirms_somebody_elses_change",
    "ConfirmEmail": "test_nobody_confirms_somebody_elses_change",
    "ConfirmMobile": "test_nobody_confirms_somebody_elses_change",
    "ConfirmPasskey": "test_another_account_s_challenge_adds_no_passkey",
    "ConfirmTotp": "test_another_account_cannot_confirm_it",
    "JoinWaitlist": "test_the_number_of_another_customer_is_as_unknown_as_any",
    "LinkCustomer": "test_a_customer_of_another_account_is_not_linked",
    "RemovePasskey": "test_nobody_removes_or_sees_another_account_s_passkey",
    "ReserveTickets": "test_the_number_of_another_customer_is_as_unknown_as_any",
}

# These name nothing that could be somebody else's.
OF_THE_CALLER = {
    "BeginPasskey",
    "BeginProviderLink",
    "BeginTotp",
    "ChangeEmail",
    "ChangeMobile",
    "ChangeMyAccount",
    "ChangeMyConsents",
    "ChangePassword",
    "CompleteProviderLink",
    "DeleteMyAccount",
    "EndAllSessions",
    "EndCurrentSession",
    "Export",
    "GetMe",
    "GetMyConsentReceipt",
    "GetMyConsentReceiptFile",
    "GetMyConsents",
    "GetSecondFactors",
    "GetSpotPrices",
    "ListMeteringPoints",
    "ListMyConsentHistory",
    "ListMyIdentityProviders",
    "ListMyPasskeys",
    "ListMyReservations",
    "ListMySessions",
    "ListMyWaitlistEntries",
    "RemoveTotp",
    "RenewRecoveryCodes",
    "Stream",
    "UnlinkIdentityProvider",
    "WithdrawAllMyConsents",
}


@dataclass(frozen=True)
class Two:
    """Two customers."""

    url: str
    operations: Mapping[str, Operation]
    owner: Caller
    neighbour: Caller

    def answer(self, caller: Caller, name: str, **instead: str) -> tuple[int, Mapping[str, Any]]:
        """Sends the request with which the owner asks; returns status and document."""
        case = good_request(self.operations[name], self.owner)
        case.path_parameters = {**case.path_parameters, **instead}
        headers = {"Authorization": f"Bearer {caller.token(name)}"}
        answer = case.call(self.url, headers=headers)
        told: dict[str, Any] = answer.json() if answer.status_code >= 400 else {}
        return answer.status_code, {**told, "traceId": ""}


@pytest.fixture(scope="module")
def two(callers: Callers) -> Two:
    neighbour = Caller("customer", {"": callers.customer_tokens[1]})
    return Two(callers.suite.url, operations_of(callers.suite.url), callers.customer(2), neighbour)


def test_every_operation_of_customers_is_in_the_table(two: Two) -> None:
    assert sorted([*OWNED, *TESTED_BY, *OF_THE_CALLER]) == sorted(
        name for name in two.operations if two.owner.is_meant(name)
    )


@pytest.mark.parametrize("test", sorted(set(TESTED_BY.values())))
def test_what_is_said_to_be_tested_is(test: str) -> None:
    assert any(f"def {test}(" in file.read_text() for file in TESTS.rglob("test_*.py"))


@pytest.mark.parametrize("name", OWNED)
def test_what_is_another_customers_is_not_there_and_looks_like_what_is_not(
    two: Two, name: str
) -> None:
    missing = NOBODYS_POINT if OWNED[name] == "gsrn" else UNKNOWN
    refused = two.answer(two.neighbour, name)
    assert refused[0] == 404
    assert refused == two.answer(two.neighbour, name, **{OWNED[name]: missing})
    # It is there, and the request is right: its owner has it.
    assert two.answer(two.owner, name)[0] == 200
