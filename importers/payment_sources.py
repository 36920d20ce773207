"""The commands about who delivers payments: what a platform's files leave unsaid, and whose a contract is."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

import click

from app.config import Config
from app.database.engine import DatabaseRole
from app.database.migrate import ready
from app.locks import Lock, hold
from app.wording.i18n import N_, gettext
from importers import contract_sources
from importers.files import profiles


def _time_zone(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and value not in available_timezones():
        raise click.BadParameter(gettext("This is no time zone: write one such as UTC or Europe/Paris."))
    return value


@click.command(help=N_("Say that the files of SOURCE are payments that no terminal delivers."))
@click.argument("name", metavar="SOURCE")
@click.option(
    "--application", metavar="CODE", required=True, help=N_("The application of their contracts: CBVAD.")
)
@click.option("--rank", metavar="RANK", help=N_("The rank of their contracts; 001 when nobody says it."))
@click.option(
    "--time-zone",
    metavar="ZONE",
    callback=_time_zone,
    help=N_("The zone of their times, such as UTC; Paris when nobody says it."),
)
def payments(name: str, *, application: str, rank: str | None, time_zone: str | None) -> None:
    """Change the profile of a source that is known; files that come from then on are read by it."""
    database = ready(Config.from_env())
    said = {column: value for column, value in {"rank": rank, "time_zone": time_zone}.items() if value}
    try:
        with database.writing(DatabaseRole.IMPORT) as connection:
            profiles.change(connection, name, role="payments", application=application.upper(), **said)
    except profiles.UnknownSourceError:
        raise click.UsageError(
            gettext("Nothing is known of %(source)s: bordereau source NAME --reseller SLUG", source=name)
        ) from None
    click.echo(
        gettext(
            "The files of %(source)s are payments, under the application %(application)s.",
            source=name,
            application=application.upper(),
        )
    )


@click.command(help=N_("Say that SOURCE delivers CONTRACT from a day on: what was kept aside appears."))
@click.argument("name", metavar="SOURCE")
@click.argument("number", metavar="CONTRACT")
@click.option(
    "--from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    required=True,
    help=N_("The day of the first batch that this source brings."),
)
def deliver(name: str, number: str, *, since: datetime) -> None:
    """Move a contract to another source; what its former one brought from that day on stands aside."""
    database = ready(Config.from_env())
    try:
        with database.writing(DatabaseRole.IMPORT) as connection:
            hold(connection, Lock.PAYMENTS)
            reseller_id, source_id = contract_sources.aside_of(connection, name, number)
            contract_sources.take_over(connection, reseller_id, number, source_id, since.date())
    except contract_sources.NothingAsideError:
        raise click.UsageError(
            gettext(
                "Nothing that %(source)s brought for the contract %(number)s is kept aside.",
                source=name,
                number=number,
            )
        ) from None
    click.echo(
        gettext("The contract %(number)s is delivered by %(source)s from now on.", source=name, number=number)
    )


COMMANDS = (payments, deliver)
