"""The commands about news."""

from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import moments
from cli.command import AsJson, finish, sessions, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.news.service import NewsService
    from cli.outcome import Output, Report

news = typer.Typer(
    help=(
        "Sends Kraftklubben news to those who have agreed to them, and to nobody else.\n\n"
        "TIME is `2026-12-05 19:00` in Norwegian time, or RFC 3339."
    ),
    no_args_is_help=True,
)


class Language(Enum):
    """A language that news are read in."""

    NYNORSK = "nn"
    BOKMAL = "nb"
    ENGLISH = "en"


def _moment(text: str) -> datetime:
    try:
        return moments.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Mailing = Annotated[str, typer.Argument(metavar="MAILING", help="The mailing, a UUID.")]
In = Annotated[Language, typer.Option("--language", help="The language to read it in.")]


@news.command("create")
def create_mailing(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="News, TOML.")
    ],
    as_json: AsJson = False,
) -> None:
    """Writes a draft from a file: a purpose, and subject and body (Markdown) in each language.

    purpose = "kraftklubben", and tables [nn], [nb] and [en] with subject and body. Whoever reads a
    language that is not there reads Nynorsk.

    Example: kundeapp news create cli/demo/news.toml
    """

    def ask(service: "NewsService") -> "Report":
        from cli.news.files import read_news
        from cli.news.reports import mailing_report

        return mailing_report(service.create(read_news(file)))

    _finish(ask, as_json=as_json)


@news.command("list")
def list_mailings(as_json: AsJson = False) -> None:
    """Lists the newest mailings and how far they are, the newest first.

    Example: kundeapp news list
    """

    def ask(service: "NewsService") -> "Report":
        from cli.news.reports import mailings_report

        return mailings_report(service.list())

    _finish(ask, as_json=as_json)


@news.command("preview")
def preview_mailing(
    mailing: Mailing,
    language: In = Language.NYNORSK,
    html: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the mail to a file for a browser.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Shows what a mailing says, how many would get it now by which channel, and why others not.

    Example: kundeapp news preview 0195e0c0-0000-7000-8000-000000000001 --html news.html
    """

    def ask(service: "NewsService") -> "Report":
        from cli.news.reports import preview_report

        return preview_report(service.preview(mailing, language.value), html)

    _finish(ask, as_json=as_json)


@news.command("test")
def send_test(mailing: Mailing, language: In = Language.NYNORSK, as_json: AsJson = False) -> None:
    """Mails a mailing to you alone.

    Example: kundeapp news test 0195e0c0-0000-7000-8000-000000000001 --language en
    """

    def ask(service: "NewsService") -> "Report":
        from cli.news.reports import test_report

        service.send_test(mailing, language.value)
        return test_report(mailing)

    _finish(ask, as_json=as_json)


@news.command("schedule")
def schedule_mailing(
    mailing: Mailing,
    at: Annotated[
        datetime | None,
        typer.Option(help="When; now if left out.", parser=_moment, metavar="TIME"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Has a mailing sent, in the morning if that is at night.

    Example: kundeapp news schedule 0195e0c0-0000-7000-8000-000000000001 --at "2026-12-05 10:00"
    """

    def ask(service: "NewsService") -> "Report":
        from cli.news.reports import mailing_report

        return mailing_report(service.schedule(mailing, at))

    _finish(ask, as_json=as_json)


@news.command("stop")
def stop_mailing(mailing: Mailing, as_json: AsJson = False) -> None:
    """Stops a mailing: nobody gets it any longer.

    Example: kundeapp news stop 0195e0c0-0000-7000-8000-000000000001
    """

    def ask(service: "NewsService") -> "Report":
        from cli.news.reports import mailing_report

        return mailing_report(service.stop(mailing))

    _finish(ask, as_json=as_json)


@news.command("delete")
def delete_mailing(mailing: Mailing, as_json: AsJson = False) -> None:
    """Deletes a mailing that is a draft, or has ended.

    Example: kundeapp news delete 0195e0c0-0000-7000-8000-000000000001
    """

    def ask(service: "NewsService") -> "Report":
        from cli.news.reports import deletion_report

        service.delete(mailing)
        return deletion_report(mailing)

    _finish(ask, as_json=as_json)


def _finish(ask: "Callable[[NewsService], Report]", *, as_json: bool) -> None:
    """Asks the service, prints what came of it and ends with its status."""

    def act(_: "Output") -> "Report":
        from cli.news.service import NewsService

        where = settings()
        return ask(NewsService.of(where, sessions(where).internal_token))

    finish(act, as_json=as_json)
