"""The commands that are about a single customer; each is written down with its reason."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import AsJson, finish, is_meant, services

if TYPE_CHECKING:
    from cli.outcome import Output, Report

customers = typer.Typer(
    help=(
        "Helps a customer who calls. What you do and why is written down, and the customer can "
        "read why: write no personal data in --reason."
    ),
    no_args_is_help=True,
)

Number = Annotated[str, typer.Argument(help="The customer number.")]
Reason = Annotated[str, typer.Option(help="Why you do this.")]


@customers.command("look-up")
def look_up(number: Number, reason: Reason, as_json: AsJson = False) -> None:
    """Shows a customer: name, contact, status, and whether there is an account.

    Example: kundeapp customers look-up 200001 --reason "Asks about a bill"
    """

    def ask(_: "Output") -> "Report":
        from cli.outcome import Report
        from kundeapp.identity.v1.identity_service_pb2 import Customer

        record = services().look_up_customer(number, reason)
        customer, status = record.customer, Customer.Status.Name(record.customer.status)
        rows = (
            ("customer", customer.customer_number),
            ("name", customer.name),
            ("status", status.lower()),
            ("e-mail", record.email or "none"),
            ("mobile", record.mobile or "none"),
            ("account", record.account_email or "none"),
        )
        data = {
            "id": customer.id,
            "customerNumber": customer.customer_number,
            "name": customer.name,
            "status": status,
            "email": record.email,
            "mobile": record.mobile,
            "accountEmail": record.account_email,
        }
        return Report("Customer", rows, data)

    finish(ask, as_json=as_json)


@customers.command("issue-pin")
def issue_pin(number: Number, reason: Reason, as_json: AsJson = False) -> None:
    """Makes a new PIN for a customer, and shows it this once; the old one stops working.

    Example: kundeapp customers issue-pin 200001 --reason "Has lost the letter"
    """

    def issue(_: "Output") -> "Report":
        from cli.outcome import Report

        issued = services().issue_pin(number, reason)
        rows = (("customer", issued.customer_number), ("PIN", issued.pin))
        data = {"customerNumber": issued.customer_number, "pin": issued.pin}
        return Report("New PIN, shown this once", rows, data)

    finish(issue, as_json=as_json)


@customers.command("reset-second-factors")
def reset_second_factors(number: Number, reason: Reason, as_json: AsJson = False) -> None:
    """Takes authenticator app and passkeys off the account of a customer who has lost them.

    Make sure who calls: from then on the password is enough. The customer is told by mail.

    Example: kundeapp customers reset-second-factors 200001 --reason "Has lost the phone"
    """

    def reset(_: "Output") -> "Report":
        from cli.outcome import Report

        services().reset_second_factors(number, reason)
        return Report(
            "The password is enough again", (("customer", number),), {"customerNumber": number}
        )

    finish(reset, as_json=as_json)


@customers.command("log-out")
def log_out(number: Number, reason: Reason, as_json: AsJson = False) -> None:
    """Logs a customer out everywhere, who has lost a device or fears a stranger in the account.

    Make sure who calls. Whoever knows the password still logs in.

    Example: kundeapp customers log-out 200001 --reason "The phone was stolen"
    """

    def end(_: "Output") -> "Report":
        from cli.outcome import Report

        ended = services().end_customer_sessions(number, reason).ended
        rows = (("customer", number), ("logins ended", str(ended)))
        return Report("Logged out", rows, {"customerNumber": number, "ended": ended})

    finish(end, as_json=as_json)


@customers.command("erase")
def erase(
    number: Number,
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you mean it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erases a customer for good: name, contact, PIN and number, in all services.

    The customer is off every list of events that are to come, and the account is closed if it
    stands for nobody else. Erase the customer first where the files for `import customers` come
    from, or the next import makes a new customer with this number.

    Example: kundeapp customers erase 200001 --reason "Asked for by letter of 3 May"
    """

    def erase_it(_: "Output") -> "Report":
        from cli.outcome import CommandError, Exit, Report

        question = f"Erase customer {number} for good? This cannot be undone."
        if not (yes or is_meant(question)):
            raise CommandError(Exit.USAGE, "NOT_CONFIRMED", "Nothing was erased.")
        erased = services().erase_customer(number, reason)
        rows = (("was", number), ("is left", erased.customer_id))
        return Report("Customer erased", rows, {"customerId": erased.customer_id})

    finish(erase_it, as_json=as_json)
