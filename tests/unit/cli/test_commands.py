"""What the commands take, and with what status they end."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from typer.testing import CliRunner

from cli.__main__ import app
from cli.gateway import Gateway
from cli.outcome import CommandError, Exit
from cli.services import Services, again
from cli.session import Sessions
from kundeapp.identity.v1.identity_service_pb2 import (
    Account,
    ImportCustomersReport,
    PutStaffAccountResponse,
)
from kundeapp.metering.v1.imports_pb2 import ImportProblem, ImportReadingsReport
from kundeapp.metering.v1.prices_pb2 import ImportExchangeRatesReport, ImportPricesReport
from kundeapp.metering.v1.rates_pb2 import ImportRatesReport

runner = CliRunner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.csv"
    path.write_text("a,b\n")
    return path


def _answering(answer: object) -> Callable[..., object]:
    def call(*_: object) -> object:
        return answer

    return call


def _not_called(*_: object) -> None:
    pytest.fail("nothing should have been sent")


COMMANDS = [
    ["run"],
    ["stop"],
    ["start"],
    ["login"],
    ["logout"],
    ["import", "customers"],
    ["import", "metering-points"],
    ["import", "readings"],
    ["import", "prices"],
    ["import", "exchange-rates"],
    ["import", "rates"],
    ["staff", "put"],
    ["demo-code"],
    ["customers", "look-up"],
    ["customers", "issue-pin"],
    ["customers", "reset-second-factors"],
    ["customers", "log-out"],
    ["customers", "erase"],
    ["events", "list"],
    ["events", "show"],
    ["events", "create"],
    ["events", "change"],
    ["events", "publish"],
    ["events", "cancel"],
    ["events", "draw"],
    ["events", "reserve"],
    ["events", "release"],
    ["events", "guest-list"],
    ["events", "waiting-list"],
    ["events", "changes"],
    ["events", "audit"],
    ["events", "door", "admit"],
    ["events", "door", "undo"],
    ["doctor"],
    ["seed"],
    ["dead-letters", "list"],
    ["dead-letters", "show"],
    ["dead-letters", "replay"],
    ["dead-letters", "discard"],
    ["outbox", "show"],
    ["outbox", "republish"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(command: list[str]) -> None:
    result = runner.invoke(app, [*command, "--help"])

    assert result.exit_code == Exit.OK
    assert "Example: " in result.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["import", "readings"],
        ["import", "readings", "nowhere.csv", "--metering-point", "1"],
        ["import", "prices", "file.csv", "--area", "SE1"],
        ["staff", "put", "kari@example.com"],
        ["staff", "put", "kari@example.com", "--role", "king"],
        ["events", "create", "--title", "T", "--venue", "V", "--capacity", "1"],
        ["events", "change", "1", "--starts-at", "tomorrow"],
        ["events", "cancel", "1"],
        ["events", "release", "1", "--reason", "R", "--quantity", "0"],
        ["events", "guest-list", "1", "--csv", "a", "--pdf", "b"],
        ["events", "door", "admit", "1"],
        ["events", "door", "admit", "1", "--ticket", "a", "--reservation", "b"],
        ["nonsense"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("file")
def test_a_wrong_command_ends_with_2(command: list[str]) -> None:
    assert runner.invoke(app, command).exit_code == Exit.USAGE


def test_without_a_suite_the_command_says_what_to_set(suite: Path, file: Path) -> None:
    (suite / "data" / "cli" / "settings.json").unlink()

    result = runner.invoke(app, ["import", "prices", str(file), "--area", "NO5", "--json"])

    assert result.exit_code == Exit.USAGE
    assert "KUNDEAPP_CLI_GATEWAY" in json.loads(result.stdout)["error"]["message"]


def test_whoever_is_not_logged_in_ends_with_4(file: Path) -> None:
    result = runner.invoke(app, ["import", "prices", str(file), "--area", "NO5", "--json"])

    assert result.exit_code == Exit.NOT_ALLOWED
    assert json.loads(result.stdout)["error"]["code"] == "UNAUTHENTICATED"


def test_nothing_to_stop_ends_with_3() -> None:
    assert runner.invoke(app, ["stop", "postgres"]).exit_code == Exit.UNREACHABLE


def test_an_import_of_rates_says_what_is_new_and_what_is_gone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ImportRatesReport(rows=5, created=2, changed=1, removed=4, unchanged=2, revision=7)
    monkeypatch.setattr(Services, "import_rates", _answering(report))

    result = runner.invoke(app, ["import", "rates", str(file), "--json"])

    assert result.exit_code == Exit.OK
    assert json.loads(result.stdout) == {
        "rows": 5,
        "created": 2,
        "changed": 1,
        "unchanged": 2,
        "removed": 4,
        "revision": 7,
    }


def test_an_import_prints_its_report_as_json(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = ImportReadingsReport(
        rows=3, created=2, changed=1, kwh=5939, first_start="f", points=1, resumed=True
    )
    monkeypatch.setattr(Services, "import_readings", _answering(report))

    result = runner.invoke(
        app, ["import", "readings", str(file), "--metering-point", "707057599900000013", "--json"]
    )

    assert result.exit_code == Exit.OK
    assert json.loads(result.stdout) == {
        "rows": 3,
        "created": 2,
        "changed": 1,
        "unchanged": 0,
        "refused": 0,
        "problems": [],
        "meteringPoints": 1,
        "kwh": 5.939,
        "firstStart": "f",
        "lastEnd": "",
        "resumed": True,
    }
    assert result.stderr == ""


def test_an_import_of_which_lines_are_refused_names_them_and_ends_with_1(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = ImportProblem(where="line 17", reason="NOT_A_NUMBER", text="Write a number.")
    report = ImportReadingsReport(rows=2, created=1, refused=1, problems=[problem])
    monkeypatch.setattr(Services, "import_readings", _answering(report))

    plain = runner.invoke(app, ["import", "readings", str(file)])
    as_json = runner.invoke(app, ["import", "readings", str(file), "--json"])

    assert plain.exit_code == as_json.exit_code == Exit.REFUSED
    assert "line 17" in plain.stderr
    assert "Write a number." in plain.stderr
    assert json.loads(as_json.stdout)["problems"] == [
        {"where": "line 17", "code": "NOT_A_NUMBER", "message": "Write a number."}
    ]


def test_an_import_says_where_more_was_refused_than_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = ImportProblem(where="line 2", reason="NOT_A_NUMBER", text="Write a number.")
    report = ImportReadingsReport(rows=3000, refused=3000, problems=[problem])
    monkeypatch.setattr(Services, "import_readings", _answering(report))

    result = runner.invoke(app, ["import", "readings", str(file)])

    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert ["refused", "3000 (reasons below: 1)"] in [[a, b.strip()] for a, b in lines]
    # Nothing was taken, so there is no time that it is of.
    assert {"from", "to"}.isdisjoint(line[0] for line in lines)


def test_a_metering_point_that_is_not_in_the_register_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CommandError(Exit.REFUSED, "NOT_FOUND", "We cannot find what you asked for.")

    monkeypatch.setattr("cli.services.again", refuse)
    monkeypatch.setattr("cli.services.for_staff", _not_called)
    monkeypatch.setattr("cli.config.Settings.tls", None)
    point = "707057599900000013"

    result = runner.invoke(app, ["import", "readings", str(file), "--metering-point", point])

    assert result.exit_code == Exit.REFUSED
    assert point in result.stderr
    assert "kundeapp import metering-points" in result.stderr


def test_an_import_in_a_pipe_prints_no_bar(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Services, "import_readings", _answering(ImportReadingsReport(rows=1)))

    assert runner.invoke(app, ["import", "readings", str(file)]).stderr == ""


def test_prices_are_final_unless_the_command_says_otherwise(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def take(*_: object, provisional: bool) -> ImportPricesReport:
        told.append(provisional)
        return ImportPricesReport(rows=1, created=1)

    monkeypatch.setattr(Services, "import_prices", take)
    command = ["import", "prices", str(file), "--area", "NO3"]

    assert runner.invoke(app, command).exit_code == Exit.OK
    assert runner.invoke(app, [*command, "--provisional"]).exit_code == Exit.OK
    assert told == [False, True]


def test_rates_of_which_lines_are_refused_are_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = ImportProblem(where="line 17", reason="NOT_A_NUMBER", text="Write a number.")
    report = ImportExchangeRatesReport(rows=2, created=1, refused=1, problems=[problem])
    monkeypatch.setattr(Services, "import_exchange_rates", _answering(report))

    result = runner.invoke(app, ["import", "exchange-rates", str(file), "--json"])

    assert result.exit_code == Exit.REFUSED
    assert json.loads(result.stdout) == {
        "rows": 2,
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "refused": 1,
        "problems": [{"where": "line 17", "code": "NOT_A_NUMBER", "message": "Write a number."}],
        "firstDate": "",
        "lastDate": "",
    }


@pytest.mark.parametrize("failures", [0, 1, 4])
def test_what_may_be_sent_again_is_sent_a_few_times_while_the_suite_does_not_answer(
    failures: int,
) -> None:
    left, pauses = [failures], list[float]()

    def send() -> str:
        if left[0]:
            left[0] -= 1
            raise CommandError(Exit.UNREACHABLE, "UNAVAILABLE", "does not answer")
        return "done"

    assert again(send, pauses.append) == "done"
    assert len(pauses) == failures


@pytest.mark.parametrize(("status", "tries"), [(Exit.UNREACHABLE, 5), (Exit.REFUSED, 1)])
def test_a_refusal_is_final_at_once_and_silence_after_a_few_tries(status: Exit, tries: int) -> None:
    asked = list[None]()

    def send() -> str:
        asked.append(None)
        raise CommandError(status, "CODE", "no")

    with pytest.raises(CommandError):
        again(send, lambda _seconds: None)
    assert len(asked) == tries


def _report_with_pin(*_: object) -> ImportCustomersReport:
    pin = ImportCustomersReport.NewPin(customer_number="100001", pin="40172958")
    return ImportCustomersReport(rows=1, created=1, new_pins=[pin])


def test_pins_go_to_a_private_file_and_not_to_the_terminal(
    suite: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Services, "import_customers", _report_with_pin)
    pins = suite / "pins.csv"

    result = runner.invoke(app, ["import", "customers", str(file), "--pins", str(pins)])

    assert result.exit_code == Exit.OK
    assert pins.read_text().split() == ["customer_number,pin", "100001,40172958"]
    assert pins.stat().st_mode & 0o777 == 0o600
    assert "40172958" not in result.output


def test_pins_without_a_file_named_go_to_a_new_one_beside_the_customers(
    suite: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Services, "import_customers", _report_with_pin)
    (suite / "file.pins.csv").write_text("kept")

    result = runner.invoke(app, ["import", "customers", str(file), "--json"])

    assert json.loads(result.stdout)["pinsFile"] == str(suite / "file.pins-2.csv")
    assert (suite / "file.pins.csv").read_text() == "kept"


def test_pins_are_never_written_over(
    suite: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Services, "import_customers", _not_called)
    pins = suite / "pins.csv"
    pins.write_text("kept")

    result = runner.invoke(app, ["import", "customers", str(file), "--pins", str(pins)])

    assert result.exit_code == Exit.USAGE
    assert pins.read_text() == "kept"


def test_no_file_is_left_when_no_pin_was_made(
    suite: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ImportCustomersReport(rows=1, unchanged=1)
    monkeypatch.setattr(Services, "import_customers", _answering(report))

    result = runner.invoke(app, ["import", "customers", str(file), "--pins", "pins.csv", "--json"])

    assert json.loads(result.stdout)["pinsFile"] is None
    assert not (suite / "pins.csv").exists()


def test_a_password_comes_from_the_standard_input_and_roles_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []

    def put_staff(
        _: Services, *arguments: object, renew_second_factor: bool
    ) -> PutStaffAccountResponse:
        asked.extend((*arguments, renew_second_factor))
        return PutStaffAccountResponse(account=Account(id="1", email="kari@example.com"))

    monkeypatch.setattr(Services, "put_staff", put_staff)
    command = ["staff", "put", "kari@example.com", "--role", "operator", "--role", "event-staff"]

    result = runner.invoke(app, [*command, "--password-stdin", "--json"], input="secret words\n")

    assert result.exit_code == Exit.OK
    assert asked == ["kari@example.com", "secret words", ["OPERATOR", "EVENT_STAFF"], False]
    printed = json.loads(result.stdout)
    assert printed == {"id": "1", "email": "kari@example.com", "roles": ["OPERATOR", "EVENT_STAFF"]}


@pytest.mark.parametrize("as_json", [True, False])
def test_a_new_secret_is_shown_once_as_a_link_as_letters_and_for_a_camera(
    monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    uri = "otpauth://totp/Kundeapp:kari%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Kundeapp"
    renewals: list[bool] = []

    def put_staff(
        _: Services, *_arguments: object, renew_second_factor: bool
    ) -> PutStaffAccountResponse:
        renewals.append(renew_second_factor)
        account = Account(id="1", email="kari@example.com")
        return PutStaffAccountResponse(
            account=account, totp_secret="JBSWY3DPEHPK3PXP", totp_uri=uri
        )

    monkeypatch.setattr(Services, "put_staff", put_staff)
    command = ["staff", "put", "kari@example.com", "--role", "operator", "--keep-password"]
    more = ["--json"] if as_json else []

    result = runner.invoke(app, [*command, "--renew-second-factor", *more])

    assert renewals == [True]
    if as_json:
        printed = json.loads(result.stdout)
        assert (printed["totpSecret"], printed["totpUri"]) == ("JBSWY3DPEHPK3PXP", uri)
        return
    assert uri in result.stdout
    assert "JBSW Y3DP EHPK 3PXP" in result.stdout
    assert _read_by_a_camera(result.stdout) == [uri]


def test_the_code_is_asked_for_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []

    def post(_: Gateway, path: str, body: Mapping[str, object], *_rest: object) -> object:
        sent.append(body["secondFactor"])
        if not body["secondFactor"]:
            raise CommandError(Exit.NOT_ALLOWED, "SECOND_FACTOR_NEEDED", "Enter the code.")
        assert path == "/v1/sessions"
        return {
            "accessToken": "a",
            "accessTokenExpiresAt": "2099-01-01T00:00:00Z",
            "refreshToken": "r",
            "deviceToken": "d",
        }

    monkeypatch.setattr(Gateway, "post", post)

    result = runner.invoke(app, ["login", "kari@example.com"], input="secret words\n123456\n")

    assert result.exit_code == Exit.OK, result.output
    assert sent == ["", "123456"]


@pytest.mark.parametrize("otp", ["", "123456"])
def test_a_script_gives_the_code_as_an_option_and_is_asked_nothing(
    monkeypatch: pytest.MonkeyPatch, otp: str
) -> None:
    sent: list[object] = []

    def post(_: Gateway, _path: str, body: Mapping[str, object], *_rest: object) -> object:
        sent.append(body["secondFactor"])
        raise CommandError(Exit.NOT_ALLOWED, "SECOND_FACTOR_NEEDED", "Enter the code.")

    monkeypatch.setattr(Gateway, "post", post)

    command = ["login", "kari@example.com", "--password-stdin", "--otp", otp, "--json"]
    result = runner.invoke(app, command, input="secret words\n")

    assert json.loads(result.stdout)["error"]["code"] == "SECOND_FACTOR_NEEDED"
    assert result.exit_code == Exit.NOT_ALLOWED
    assert sent == [otp]


def _read_by_a_camera(printed: str) -> list[str]:
    """Reads a QR code that is drawn with half blocks, light on dark."""
    halves = {" ": (0, 0), "\u2580": (255, 0), "\u2584": (0, 255), "\u2588": (255, 255)}
    lines = [line for line in printed.splitlines() if line and set(line) <= set(halves)]
    width = max(len(line) for line in lines)
    picture = Image.new("L", (width, 2 * len(lines)))
    for y, line in enumerate(lines):
        for x, character in enumerate(line):
            for half, shade in enumerate(halves[character]):
                picture.putpixel((x, 2 * y + half), shade)
    larger = picture.resize((4 * picture.width, 4 * picture.height), Image.Resampling.NEAREST)
    return [code.text for code in zxingcpp.read_barcodes(larger)]


def test_a_login_is_kept_for_its_owner_only(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = {
        "accessToken": "a",
        "accessTokenExpiresAt": "2099-01-01T00:00:00Z",
        "refreshToken": "r",
        "deviceToken": "d",
    }
    monkeypatch.setattr(Gateway, "post", _answering(session))

    result = runner.invoke(
        app, ["login", "kari@example.com", "--password-stdin"], input="secret words\n"
    )

    kept = suite / "data" / "cli" / "session.json"
    assert result.exit_code == Exit.OK
    assert json.loads(kept.read_text())["refresh_token"] == "r"
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("suite")
def test_an_account_knows_this_device_at_the_next_login(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []

    def post(_: Gateway, _path: str, body: Mapping[str, object], *_token: str) -> Mapping[str, str]:
        shown.append(body["deviceToken"])
        return {
            "accessToken": "a",
            "accessTokenExpiresAt": "2099-01-01T00:00:00Z",
            "refreshToken": "r",
            "deviceToken": "" if body["deviceToken"] else "d",
        }

    monkeypatch.setattr(Gateway, "post", post)
    for email in ("kari@example.com", "kari@example.com", "ola@example.com"):
        runner.invoke(app, ["login", email, "--password-stdin"], input="secret words\n")

    assert shown == ["", "d", ""]


def test_an_old_access_token_is_renewed_before_it_is_traded(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths: list[str] = []

    def post(_: Gateway, path: str, *_rest: object) -> dict[str, str]:
        paths.append(path)
        return {
            "accessToken": "a",
            "accessTokenExpiresAt": "2001-01-01T00:00:00Z",
            "refreshToken": f"r{len(paths)}",
            "deviceToken": "d",
            "internalToken": "i",
        }

    monkeypatch.setattr(Gateway, "post", post)
    kept = suite / "session.json"
    sessions = Sessions(Gateway("http://localhost:1"), kept)
    sessions.log_in("kari@example.com", "secret words")

    assert sessions.internal_token() == "i"
    assert paths == ["/v1/sessions", "/v1/sessions:refresh", "/v1/internalTokens"]
    assert json.loads(kept.read_text())["refresh_token"] == "r2"


def test_logging_out_of_nothing_is_no_error() -> None:
    result = runner.invoke(app, ["logout", "--json"])

    assert result.exit_code == Exit.OK
    assert json.loads(result.stdout) == {"ended": False}


def test_a_login_at_another_gateway_does_not_count(suite: Path) -> None:
    kept = suite / "session.json"
    kept.write_text(
        json.dumps(
            {
                "gateway": "http://elsewhere",
                "email": "kari@example.com",
                "access_token": "a",
                "access_token_expires_at": "2099-01-01T00:00:00Z",
                "refresh_token": "r",
            }
        )
    )

    with pytest.raises(CommandError) as refused:
        Sessions(Gateway("http://localhost:1"), kept).internal_token()
    assert refused.value.status is Exit.NOT_ALLOWED
