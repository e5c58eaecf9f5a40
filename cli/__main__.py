"""The commands of `kundeapp`; those of event staff are in `cli.events`, others beside this."""

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import AsJson, finish, services, sessions, settings, with_bar
from cli.consent.commands import consent
from cli.customers import customers
from cli.events.commands import events
from cli.news.commands import news
from cli.operations.commands import dead_letters, doctor, outbox, seed

if TYPE_CHECKING:
    from cli.outcome import Output, Report

_ENDS = """Ends with 0 when done, 1 when the suite refuses, 2 when the command is wrong,
3 when the suite does not answer, 4 when you are not logged in or not allowed."""

app = typer.Typer(
    name="kundeapp",
    help=f"Runs the suite locally, and does the work of staff.\n\n{_ENDS}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(
    help="Takes files into the suite. Safe to repeat.",
    no_args_is_help=True,
)
staff = typer.Typer(help="Says who works here.", no_args_is_help=True)
app.add_typer(imports, name="import")
app.add_typer(staff, name="staff")
app.add_typer(customers, name="customers")
app.add_typer(events, name="events")
app.add_typer(consent, name="consent")
app.add_typer(news, name="news")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(outbox, name="outbox")
app.command()(doctor)
app.command()(seed)

Process = Annotated[
    str, typer.Argument(help="postgres, nats, identity, metering, events or gateway.")
]
CsvFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The CSV file.")
]
AnyFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file.")
]


class Role(Enum):
    """A duty at the company."""

    CUSTOMER_SERVICE = "customer-service"
    EVENT_STAFF = "event-staff"
    OPERATOR = "operator"


class Area(Enum):
    """A price area."""

    NO1 = "NO1"
    NO2 = "NO2"
    NO3 = "NO3"
    NO4 = "NO4"
    NO5 = "NO5"


@app.command()
def run() -> None:
    """Starts everything here, with demonstration data; Ctrl-C stops it.

    The folder .data holds all of it; KUNDEAPP_DATA names another, and KUNDEAPP_PORT (8080) the
    first of the ports. A second start keeps the data.

    Example: KUNDEAPP_PORT=9080 KUNDEAPP_DATA=/tmp/second kundeapp run
    """
    from cli.local.run import run_everything

    finish(run_everything, as_json=False)


@app.command()
def stop(name: Process, as_json: AsJson = False) -> None:
    """Stops one process of the suite that runs here, to see what an outage looks like.

    Example: kundeapp stop postgres
    """
    _tell("stop", name, as_json=as_json)


@app.command()
def start(name: Process, as_json: AsJson = False) -> None:
    """Starts one process again that was stopped.

    Example: kundeapp start postgres
    """
    _tell("start", name, as_json=as_json)


@app.command()
def login(
    email: Annotated[str, typer.Argument(help="Your e-mail. Asked for if left out.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the standard input.")
    ] = False,
    otp: Annotated[
        str, typer.Option(help="The code of your authenticator app. Asked for if left out.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Logs you in; the login is kept in a file that only you can read.

    Example: kundeapp login operatoer@example.com
    """

    def log_in(_: "Output") -> "Report":
        from cli.outcome import CommandError, Report

        address = email or typer.prompt("E-mail", err=True)
        password, login = _password(from_stdin=password_stdin), sessions(settings())
        try:
            login.log_in(address, password, otp)
        except CommandError as error:
            if error.code != "SECOND_FACTOR_NEEDED" or password_stdin:
                raise
            login.log_in(address, password, typer.prompt("Code", err=True))
        return Report(f"{address} is logged in.", (), {"email": address})

    finish(log_in, as_json=as_json)


@app.command()
def logout(as_json: AsJson = False) -> None:
    """Logs you out: ends the session, and removes the file.

    Example: kundeapp logout
    """

    def log_out(_: "Output") -> "Report":
        from cli.outcome import Report

        ended = sessions(settings()).log_out()
        title = "You are logged out." if ended else "You were not logged in."
        return Report(title, (), {"ended": ended})

    finish(log_out, as_json=as_json)


@imports.command("customers")
def import_customers(
    file: CsvFile,
    pins: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="Where PINs go that are made; a new file. Beside FILE if left out.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Takes in customers: customer_number,name,email,mobile,pin and, if wanted, status.

    The status is ACTIVE, MOVED or DECEASED. A customer without a PIN gets one. It is written to a
    file that only you can read, and shown nowhere else.

    Example: kundeapp import customers customers.csv --pins pins.csv
    """

    def import_file(output: "Output") -> "Report":
        from cli.imports import PinsFile, customers_report, free_pins_path

        to = services()
        kept = PinsFile(pins or free_pins_path(file))
        try:
            report = with_bar(output, file, lambda bar: to.import_customers(file, bar))
            if report.new_pins:
                kept.write(report.new_pins)
        finally:
            kept.close()
        return customers_report(file, report, kept.path)

    finish(import_file, as_json=as_json)


@imports.command("metering-points")
def import_metering_points(file: CsvFile, as_json: AsJson = False) -> None:
    """Takes in metering points and who holds them.

    The columns are gsrn,customer_number,from,to,price_area,grid_company,product,address and,
    if wanted, premises (HOME or CABIN). from and to are local dates, or moments at full hours; to
    is empty while the contract lasts, and the same as from if it never was: then it is taken back.

    Example: kundeapp import metering-points metering-points.csv
    """

    def import_file(output: "Output") -> "Report":
        from cli.imports import metering_points_report

        to = services()
        report = with_bar(output, file, lambda bar: to.import_metering_points(file, bar))
        return metering_points_report(file, report)

    finish(import_file, as_json=as_json)


@imports.command("readings")
def import_readings(
    file: AnyFile,
    metering_point: Annotated[
        str,
        typer.Option(
            metavar="GSRN", help="The metering point, 18 digits; leave it out if the file says."
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Takes in hours, as Elhub's customer portal exports them, or its API or messages give them.

    A meter reader's start;kwh is taken too; quarters of an hour are added up. The newest
    registration of an hour wins. What is wrong is named, and the rest is taken. If it breaks off,
    the same command goes on where it was.

    Example: kundeapp import readings april.csv --metering-point 707057500000000009
    """

    def import_file(output: "Output") -> "Report":
        from cli.imports import readings_report

        to = services()
        report = with_bar(output, file, lambda bar: to.import_readings(file, metering_point, bar))
        return readings_report(file, report)

    finish(import_file, as_json=as_json)


@imports.command("prices")
def import_prices(
    file: AnyFile,
    area: Annotated[Area, typer.Option(help="The price area.")],
    provisional: Annotated[
        bool, typer.Option("--provisional", help="The prices may still change.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Takes in spot prices: start;nok_per_kwh_ex_vat, or ENTSO-E's XML in EUR/MWh.

    ENTSO-E's need the exchange rates of their days. The price of an hour is the mean of its
    quarters. Prices that are wrong are named, and the rest is taken. A provisional price never
    replaces a final one.

    Example: kundeapp import prices april.csv --area NO5
    """

    def import_file(output: "Output") -> "Report":
        from cli.imports import prices_report

        to = services()
        report = with_bar(
            output,
            file,
            lambda bar: to.import_prices(file, area.value, bar, provisional=provisional),
        )
        return prices_report(file, area.value, report)

    finish(import_file, as_json=as_json)


@imports.command("rates")
def import_rates(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The TOML file.")
    ],
    as_json: AsJson = False,
) -> None:
    """Takes in a book of rates: taxes, grid companies, products, each with its dates and source.

    It replaces the book before as a whole; services/metering/rates.toml is one. Costs, those of the
    past too, are worked out with it from then on.

    Example: kundeapp import rates services/metering/rates.toml
    """

    def import_file(output: "Output") -> "Report":
        from cli.imports import rates_report

        to = services()
        report = with_bar(output, file, lambda bar: to.import_rates(file, bar))
        return rates_report(file, report)

    finish(import_file, as_json=as_json)


@imports.command("exchange-rates")
def import_exchange_rates(file: CsvFile, as_json: AsJson = False) -> None:
    """Takes in what a euro costs in kroner, as Norges Bank gives it in CSV (dataflow EXR).

    Prices in euro that were imported before stay as they are; import them again.

    Example: kundeapp import exchange-rates eur.csv
    """

    def import_file(output: "Output") -> "Report":
        from cli.imports import exchange_rates_report

        to = services()
        report = with_bar(output, file, lambda bar: to.import_exchange_rates(file, bar))
        return exchange_rates_report(file, report)

    finish(import_file, as_json=as_json)


@staff.command("put")
def put_staff(
    email: Annotated[str, typer.Argument(help="The e-mail to log in with.")],
    role: Annotated[list[Role], typer.Option(help="A duty; repeat it for more than one.")],
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the standard input.")
    ] = False,
    keep_password: Annotated[
        bool, typer.Option("--keep-password", help="Leave the password as it is.")
    ] = False,
    renew_second_factor: Annotated[
        bool,
        typer.Option(
            "--renew-second-factor", help="Let a new phone's app replace the one there is."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Makes an account for a member of staff, or changes one. The roles replace the old ones.

    A new member of staff gets a QR code for an authenticator app, which is shown this once.

    Needs the certificate of the CLI and no login, so that the first one can be made.

    Example: kundeapp staff put kari@example.com --role operator --role customer-service
    """

    def put(_: "Output") -> "Report":
        from cli.staff import staff_report

        password = "" if keep_password else _password(from_stdin=password_stdin, confirm=True)
        names = [each.name for each in role]
        put = services().put_staff(email, password, names, renew_second_factor=renew_second_factor)
        return staff_report(put, [each.value for each in role], names)

    finish(put, as_json=as_json)


@app.command("demo-code")
def demo_code(
    email: Annotated[str, typer.Argument(help="A member of the demonstration's staff.")],
    as_json: AsJson = False,
) -> None:
    """Shows the code that a member of the demonstration's staff logs in with now.

    It works once, and for about a minute.

    Example: kundeapp demo-code arrangement@example.com
    """

    def show(_: "Output") -> "Report":
        from cli.config import DataSettings
        from cli.staff import demo_code_report

        return demo_code_report(DataSettings().data / "demo.json", email)

    finish(show, as_json=as_json)


def main() -> None:
    """Runs the command that the arguments name."""
    app()


def _tell(action: str, name: str, *, as_json: bool) -> None:
    def tell(_: "Output") -> "Report":
        from cli.config import DataSettings
        from cli.local.control import ask
        from cli.outcome import Report

        said = ask(DataSettings().data, action, name)
        return Report(said, (), {"process": name, "action": action, "message": said})

    finish(tell, as_json=as_json)


def _password(*, from_stdin: bool, confirm: bool = False) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = typer.prompt("Password", hide_input=True, err=True, confirmation_prompt=confirm)
    return password


if __name__ == "__main__":
    main()
