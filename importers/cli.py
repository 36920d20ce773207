"""The importers' commands: ``import``, ``source``, ``mapping``, ``demo-files`` and ``demo``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.config import INBOX, Config
from app.database.engine import DatabaseRole
from app.database.migrate import ready
from app.models import CardNumbers, SourceSettings
from app.wording.i18n import N_, gettext, ngettext
from importers.refusals import FileRefusedError
from importers.source_commands import deliver, source

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from importers.formats import FileContext
    from importers.load import Result

__all__ = ["demo", "demo_files", "import_command", "mapping", "nightly", "source"]

_PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))


@click.command(help=N_("Load PATHS: files, or folders of files. Without any, the inbox of the data folder."))
@_PATHS
@click.option(
    "--replace", is_flag=True, help=N_("Let a corrected file take the place of its former content.")
)
@click.option("--dry-run", is_flag=True, help=N_("Say what would happen, and change nothing."))
@click.option(
    "--trust-clock", is_flag=True, help=N_("Load dates that nothing bears out; the journal keeps it.")
)
def import_command(paths: tuple[Path, ...], *, replace: bool, dry_run: bool, trust_clock: bool) -> None:
    """Print a line a file; exit 0 only when nobody has to look at any."""
    from importers import report, table_statistics, waiting
    from importers.files.archive import files_in
    from importers.load import load_files

    config = Config.from_env()
    missing = [path for path in paths if not path.exists() and not path.is_symlink()]
    if missing:
        raise click.ClickException(
            gettext("No such file or folder: %(paths)s", paths=", ".join(map(str, missing)))
        )
    inbox = config.data / INBOX
    if not paths and not inbox.is_dir():
        raise click.ClickException(_no_inbox(inbox))
    files = list(files_in(paths or (inbox,)))
    database = ready(config)
    loading = load_files(
        database, files, config.data, replace=replace, dry_run=dry_run, trust_clock=trust_clock
    )
    results = _said(loading, len(files))
    if not dry_run:
        for result in waiting.after(database, config.data, results):
            click.echo(report.line(result))
        table_statistics.gather(database)
    click.echo(report.summary(results))
    if dry_run:
        click.echo(gettext("Nothing was changed: this was a trial."))
    sys.exit(any(result.needs_somebody for result in results))


def _said(loading: Iterable[Result], files: int) -> list[Result]:
    """What became of each of ``files``, with a line printed for it."""
    from importers import report

    results = []
    with report.progress(gettext("Import")) as step:
        for result in loading:
            results.append(result)
            step(len(results), files)
            click.echo(report.line(result))
    return results


@click.command(help=N_("Do the work of a night: load the inbox, keep house, let go of what is old."))
def nightly() -> None:
    """Print a line a file and what went; exit 0 only when nobody has to look at anything."""
    from importers import report
    from importers.jobs import arriving, tell_people
    from importers.nightly import nightly as do_the_night

    config = Config.from_env()
    database, now = ready(config), datetime.now(UTC)
    night = do_the_night(database, config.data, now)
    if night is None:
        click.echo(gettext("Somebody else is doing the work of the night."))
        return
    for result in night.results:
        click.echo(report.line(result))
    click.echo(report.summary(night.results))
    if coming := arriving(config.data):
        click.echo(
            ngettext(
                "%(num)s file has come within the last minute: the next run takes it.",
                "%(num)s files have come within the last minute: the next run takes them.",
                coming,
            )
        )
    click.echo(gettext("Daily emails posted: %(count)s.", count=tell_people(config, database, now)))
    gone = gettext(
        "Let go of: %(months)s partitions, %(copies)s copies of files.",
        months=night.purged.months,
        copies=night.purged.copies,
    )
    click.echo(gone)
    inbox = config.data / INBOX
    if not inbox.is_dir():
        raise click.ClickException(_no_inbox(inbox))
    sys.exit(night.unsettled > 0)


def _no_inbox(inbox: Path) -> str:
    return gettext("There is no inbox: mkdir %(folder)s", folder=inbox)


@click.group(commands=[deliver], help=N_("Set up the files of banks, acquirers and platforms."))
def mapping() -> None:
    """Hold the commands about files of money."""


@mapping.command("try", help=N_("Say what is understood of FILE; nothing is written."))
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--cards",
    type=click.Choice([one.value for one in CardNumbers]),
    default=CardNumbers.REFUSE.value,
    show_default=True,
    help=N_("What to do with full card numbers in fields made for them."),
)
@click.option(
    "--source",
    "source_name",
    metavar="SOURCE",
    help=N_("Read it as the profile of this source says: its mapping, words, encoding and cards."),
)
@click.option(
    "--mapping",
    "saved",
    metavar="FILE.toml",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=N_("A saved mapping of the columns of a CSV."),
)
def mapping_try(path: Path, cards: str, source_name: str | None, saved: Path | None) -> None:
    """Print the explanation of a file, or why it would be quarantined."""
    from importers import explain, report
    from importers.files import archive, sources
    from importers.formats import FileContext
    from importers.formats.mapped_csv import with_mapping
    from importers.load import try_file

    config = Config.from_env() if source_name else None
    database = ready(config) if config else None
    context = FileContext(name=path.name, settings=SourceSettings(cards=CardNumbers(cards)))
    contracts: frozenset[str] = frozenset()
    if database and source_name:
        with database.reading(DatabaseRole.IMPORT) as connection:
            context = _context(connection, source_name, path.name)
            contracts = sources.contract_numbers(connection, source_name)
    try:
        context = with_mapping(context, saved) if saved else context
        data = archive.receive(path).data
    except FileRefusedError as refused:
        raise _set_aside(refused) from None
    try:
        explanation = explain.explain(data, context)
    except FileRefusedError as refused:
        for line in explain.columns(data, context, refused):
            click.echo(line)
        raise _set_aside(refused) from None
    for line in explain.lines(explanation, contracts):
        click.echo(line)
    if config and database:
        result = try_file(database, path, config.data, context)
        click.echo(report.trial(result))
        sys.exit(result.refused)


def _context(connection: Connection, source: str, name: str) -> FileContext:
    """What the profile of ``source`` says of the file ``name``."""
    from importers.files import profiles, sources

    try:
        profile = profiles.of(connection, source)
    except profiles.UnknownSourceError:
        raise click.ClickException(gettext("Nothing is known of %(source)s.", source=source)) from None
    return sources.said_of(name, source, profile.columns, profile.settings)


@mapping.command("match", help=N_("Say what bank statements would credit; nothing is written."))
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="FILE…",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--merchant", required=True, metavar="CODE", help=N_("Whose batches: the merchant's code."))
def mapping_match(paths: tuple[Path, ...], merchant: str) -> None:
    """Print which lines credit which remittances, by which rule, and what is left."""
    from importers import explain, statement_trial

    try:
        statements = [explain.bank_statements(path) for path in paths]
    except FileRefusedError as refused:
        raise _set_aside(refused) from None
    try:
        with ready(Config.from_env()).reading(DatabaseRole.IMPORT) as connection:
            found = statement_trial.tried(connection, merchant, statements)
    except statement_trial.UnknownMerchantError:
        raise click.ClickException(gettext("No merchant has the code %(code)s.", code=merchant)) from None
    for line in statement_trial.words(found):
        click.echo(line)


def _set_aside(refused: FileRefusedError) -> click.ClickException:
    reasons = "\n".join(refusal.text() for refusal in refused.refusals)
    return click.ClickException(gettext("The file would be quarantined:\n%(reasons)s", reasons=reasons))


_POSITIVE = click.IntRange(min=1)


@click.command(help=N_("Write synthetic files into DIR: a contract file, and a night's file for each day."))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--seed", type=int, default=1, show_default=True, help=N_("The same seed gives the same bytes.")
)
@click.option(
    "--merchants", type=_POSITIVE, default=7, show_default=True, help=N_("A chain, and independents.")
)
@click.option(
    "--days", type=_POSITIVE, default=457, show_default=True, help=N_("How many days, the last one included.")
)
@click.option(
    "--transactions", type=_POSITIVE, default=1_000_000, show_default=True, help=N_("About how many.")
)
@click.option("--shops", type=_POSITIVE, default=40, show_default=True, help=N_("The shops of the chain."))
@click.option(
    "--last-day", type=click.DateTime(["%Y-%m-%d"]), help=N_("The last day; yesterday when not given.")
)
def demo_files(
    folder: Path,
    seed: int,
    merchants: int,
    days: int,
    transactions: int,
    shops: int,
    last_day: datetime | None,
) -> None:
    """Write the files into a folder of their own, and say how much they hold."""
    from importers import report
    from importers.demo.demonstration import yesterday
    from importers.demo.generation import generate

    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(gettext("%(folder)s is not empty.", folder=folder))
    with report.progress(gettext("Demonstration data")) as step:
        manifest = generate(
            folder,
            seed=seed,
            merchants=merchants,
            days=days,
            transactions=transactions,
            chain_shops=shops,
            last_day=last_day.date() if last_day else yesterday(),
            progress=step,
        )
    click.echo(
        gettext(
            "%(files)s files in %(folder)s: %(remittances)s batches, %(transactions)s transactions.",
            files=len(manifest.files) + 1,
            folder=folder,
            remittances=manifest.remittances,
            transactions=manifest.transactions,
        )
    )


@click.command(help=N_("Make the demonstration data once, load it, and print its log-ins."))
def demo() -> None:
    """Do what is not done yet: a second call only prints the log-ins."""
    from importers.demo import demonstration

    config = Config.from_env()
    click.echo(demonstration.prepare(ready(config), config.data))
