"""What events refuses, each with its reason in `kundeapp.errors.v1.Reason`."""

from kit import errors


class NotEnoughTickets(errors.FailedPrecondition):
    """Fewer tickets are left than were asked for; the fact `available` says how many."""

    reason = "NOT_ENOUGH_TICKETS"


class TooManyTickets(errors.FailedPrecondition):
    """More tickets than one customer can have, which the fact `limit` says."""

    reason = "TOO_MANY_TICKETS"


class AlreadyReserved(errors.Conflict):
    """The customer has another number of tickets, which the fact `reserved` says."""

    reason = "ALREADY_RESERVED"


class SalesNotOpen(errors.FailedPrecondition):
    """Tickets cannot be had yet; the fact `opensAt` says from when."""

    reason = "SALES_NOT_OPEN"


class SalesClosed(errors.FailedPrecondition):
    """Tickets can no longer be reserved."""

    reason = "SALES_CLOSED"


class EventIsCancelled(errors.FailedPrecondition):
    """The event was cancelled."""

    reason = "EVENT_CANCELLED"


class EventOver(errors.FailedPrecondition):
    """The event has begun."""

    reason = "EVENT_OVER"


class NotThatManyTickets(errors.FailedPrecondition):
    """There are fewer tickets than were named; the fact `available` says how many."""

    reason = "NOT_THAT_MANY_TICKETS"


class GuestsAdmitted(errors.FailedPrecondition):
    """Guests with these tickets are in; the fact `available` says how many can be given back."""

    reason = "GUESTS_ADMITTED"


class TicketReleased(errors.FailedPrecondition):
    """The ticket was given back, or its event cancelled."""

    reason = "TICKET_RELEASED"


class AlreadyWaiting(errors.Conflict):
    """The customer is on this waiting list with other numbers."""

    reason = "ALREADY_WAITING"


class WaitingListClosed(errors.FailedPrecondition):
    """The waiting list is no longer served."""

    reason = "WAITING_LIST_CLOSED"


class NotWaiting(errors.FailedPrecondition):
    """The entry is over."""

    reason = "NOT_WAITING"


class OfferOpen(errors.FailedPrecondition):
    """The entry has an offer, which must be answered first."""

    reason = "OFFER_OPEN"


class NoOffer(errors.FailedPrecondition):
    """There is no offer, or its time is up."""

    reason = "NO_OFFER"


class BallotOpen(errors.FailedPrecondition):
    """The ballot is not drawn yet; the fact `closesAt` says until when one can register."""

    reason = "BALLOT_OPEN"


class BallotClosed(errors.FailedPrecondition):
    """The registration for the ballot has closed, and it is not drawn yet."""

    reason = "BALLOT_CLOSED"


class BallotIsDrawn(errors.FailedPrecondition):
    """The ballot was drawn, which settles when its registration closed."""

    reason = "BALLOT_DRAWN"


class NoBallot(errors.FailedPrecondition):
    """The event has no ballot."""

    reason = "NO_BALLOT"


class UnknownTicket(errors.NotFound):
    """Nobody knows the ticket."""

    reason = "UNKNOWN_TICKET"


class NotAdmitted(errors.FailedPrecondition):
    """Fewer guests are in than shall be taken back; the fact `available` says how many."""

    reason = "NOT_ADMITTED"


class NoCustomer(errors.FailedPrecondition):
    """The login stands for no customer."""

    reason = "NO_CUSTOMER"
