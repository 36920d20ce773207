"""The importers' commands: ``import``, ``source``, ``mapping``, ``demo-files`` and ``demo``."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.config import Config
from app.database.engine import Database, DatabaseRole
from app.database.migrate import ready
from app.models import CardNumbers, ExpectedDays
from app.wording.i18n import N_, gettext
from importers import payment_sources
from importers.files import report, sources
from importers.files.archive import INBOX, files_in
from importers.files.refusals import FileRefusedError
from importers.formats import formats
from importers.load import Result, load_files

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
    """Print a line a file; exit 0 only when nothing was refused."""
    config = Config.from_env()
    missing = [path for path in paths if not path.exists() and not path.is_symlink()]
    if missing:
        raise click.ClickException(
            gettext("No such file or folder: %(paths)s", paths=", ".join(map(str, missing)))
        )
    inbox = config.data / INBOX
    if not paths and not inbox.is_dir():
        raise click.ClickException(gettext("There is no inbox yet: mkdir %(folder)s", folder=inbox))
    files = list(files_in(paths or (inbox,)))
    database = ready(config)
    loading = load_files(
        database, files, config.data, replace=replace, dry_run=dry_run, trust_clock=trust_clock
    )
    results = _said(loading, len(files))
    click.echo(report.summary(results))
    if dry_run:
        click.echo(gettext("Nothing was changed: this was a trial."))
    sys.exit(any(result.refused or result.unfiled is not None for result in results))


def _said(loading: Iterable[Result], files: int) -> list[Result]:
    """What became of each of ``files``, with a line printed for it."""
    results = []
    with report.progress(gettext("Import")) as step:
        for result in loading:
            results.append(result)
            step(len(results), files)
            click.echo(report.line(result))
    return results


def _regular_expression(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    try:
        re.compile(value or "")
    except re.error:
        raise click.BadParameter(gettext("This is no regular expression.")) from None
    return value


def _pairs(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.split("=", 1) for value in values]
    if not all(len(pair) == 2 and all(pair) for pair in pairs):  # noqa: PLR2004 - a name and a value
        raise click.BadParameter(gettext("Write SHOP=CONTRACT."))
    return dict(pairs)


@click.command(help=N_("Do the work of a night: load the inbox, keep house, let go of what is old."))
def nightly() -> None:
    """Print a line a file and what went; exit 0 only when nothing was refused."""
    from importers.jobs import tell_people  # noqa: PLC0415
    from importers.nightly import nightly as do_the_night  # noqa: PLC0415

    config = Config.from_env()
    database, now = ready(config), datetime.now(UTC)
    night = do_the_night(database, config.data, now)
    if night is None:
        click.echo(gettext("Somebody else is doing the work of the night."))
        return
    for result in night.results:
        click.echo(report.line(result))
    click.echo(report.summary(night.results))
    click.echo(gettext("Daily mails posted: %(count)s.", count=tell_people(config, database, now)))
    gone = gettext(
        "Let go of: %(months)s partitions, %(copies)s copies of files.",
        months=night.purged.months,
        copies=night.purged.copies,
    )
    click.echo(gone)
    sys.exit(night.refused > 0)


@click.command(help=N_("Say which reseller the files of a source belong to, or what its columns never hold."))
@click.argument("name", metavar="SOURCE")
@click.option("--reseller", metavar="SLUG", help=N_("The reseller, as the merchant directory names it."))
@click.option(
    "--vouch",
    multiple=True,
    metavar="COLUMN",
    help=N_("This column never holds a card number: mask what looks like one (repeatable)."),
)
@click.option("--no-vouch", multiple=True, metavar="COLUMN", help=N_("Vouch for it no longer (repeatable)."))
@click.option(
    "--inbox",
    metavar="FOLDER",
    help=N_("The folder of the inbox that is its own, for files that name no source."),
)
@click.option(
    "--file-pattern",
    metavar="REGEX",
    callback=_regular_expression,
    help=N_("What the names of its files match, for files that name no source."),
)
@click.option(
    "--cards",
    type=click.Choice([one.value for one in CardNumbers]),
    help=N_("What becomes of full card numbers in fields made for them, as American Express has them."),
)
@click.option(
    "--shop",
    "shops",
    multiple=True,
    metavar="SHOP=CONTRACT",
    callback=_pairs,
    help=N_("The contract number of a shop that its files name by another number (repeatable)."),
)
@click.option(
    "--expected-at",
    type=click.DateTime(["%H:%M"]),
    metavar="HH:MM",
    help=N_("By when its files are due; learnt from those that come when nobody says it."),
)
@click.option(
    "--expected-days",
    type=click.Choice([one.value for one in ExpectedDays]),
    help=N_("On which days they are due; with “none” nobody waits for them."),
)
def source(  # noqa: PLR0913 - its options
    name: str,
    *,
    reseller: str | None,
    vouch: tuple[str, ...],
    no_vouch: tuple[str, ...],
    inbox: str | None,
    file_pattern: str | None,
    cards: str | None,
    shops: dict[str, str],
    **expected: Any,
) -> None:
    """Bind a source, so that what was kept aside for want of it appears; vouch for columns of it."""
    if not any((reseller, vouch, no_vouch, inbox, file_pattern, cards, shops, *expected.values())):
        raise click.UsageError(gettext("Say what is to be known of the source: see --help."))
    _refuse_unknown_columns({*vouch, *no_vouch})
    database = ready(Config.from_env())
    if reseller:
        _bind(database, name, reseller)
    if inbox or file_pattern or cards:
        _expect(database, name, inbox, file_pattern, CardNumbers(cards) if cards else None)
    _name_contracts(database, name, shops)
    if any(expected.values()):
        _await_files(database, name, **expected)
    _vouch(database, name, vouch, good=True)
    _vouch(database, name, no_vouch, good=False)


def _refuse_unknown_columns(columns: Collection[str]) -> None:
    vouchable = frozenset[str]().union(*(known.vouchable for known in formats()))
    for column in sorted(set(columns) - vouchable):
        raise click.UsageError(
            gettext(
                "Nobody can vouch for %(column)s, but for: %(columns)s.",
                column=column,
                columns=", ".join(sorted(vouchable)),
            )
        )


def _vouch(database: Database, name: str, columns: tuple[str, ...], *, good: bool) -> None:
    if not columns:
        return
    with database.writing(DatabaseRole.IMPORT) as connection:
        sources.vouch(connection, name, columns, good=good)
    said = (
        gettext("What looks like a card number is masked in %(columns)s of %(source)s.")
        if good
        else gettext("What looks like a card number in %(columns)s of %(source)s refuses its file again.")
    )
    click.echo(said % {"columns": ", ".join(columns), "source": name})


def _name_contracts(database: Database, name: str, shops: dict[str, str]) -> None:
    for shop, number in shops.items():
        with _known_source(name), database.writing(DatabaseRole.IMPORT) as connection:
            sources.name_contract(connection, name, shop, number)
        click.echo(
            gettext("%(shop)s of %(source)s is contract %(number)s.", shop=shop, source=name, number=number)
        )


@contextmanager
def _known_source(name: str) -> Iterator[None]:
    """Say it in one line when nothing is known of a source."""
    try:
        yield
    except sources.UnknownSourceError:
        raise click.UsageError(
            gettext("Nothing is known of %(source)s: say --reseller as well.", source=name)
        ) from None


def _await_files(
    database: Database, name: str, expected_at: datetime | None, expected_days: str | None
) -> None:
    hour = expected_at.time() if expected_at else None
    days = ExpectedDays(expected_days) if expected_days else None
    with _known_source(name), database.writing(DatabaseRole.IMPORT) as connection:
        sources.await_files(connection, name, hour, days)
    click.echo(gettext("The files of %(source)s are awaited as you said.", source=name))


def _expect(
    database: Database, name: str, inbox: str | None, file_pattern: str | None, cards: CardNumbers | None
) -> None:
    with _known_source(name), database.writing(DatabaseRole.IMPORT) as connection:
        sources.expect(connection, name, inbox, file_pattern, cards)
    if inbox or file_pattern:
        click.echo(gettext("Files with this place that name no source come from %(source)s.", source=name))
    if cards is CardNumbers.MASK:
        click.echo(gettext("Full card numbers in fields made for them are masked in files of this place."))
    elif cards is CardNumbers.REFUSE:
        click.echo(gettext("A full card number refuses a file of this place."))


def _bind(database: Database, name: str, reseller: str) -> None:
    try:
        with database.writing(DatabaseRole.IMPORT) as connection:
            sources.bind(connection, name, reseller)
    except sources.UnknownResellerError:
        raise click.ClickException(
            gettext("No merchant directory has named the reseller %(slug)s.", slug=reseller)
        ) from None
    click.echo(gettext("The files of %(source)s belong to %(slug)s.", source=name, slug=reseller))


@click.group(
    commands=payment_sources.COMMANDS, help=N_("Set up the files of banks, acquirers and platforms.")
)
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
    "--mapping",
    "saved",
    metavar="FILE.toml",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=N_("A saved mapping of the columns of a CSV."),
)
def mapping_try(path: Path, cards: str, saved: Path | None) -> None:
    """Print the explanation of a file, or why it would be set aside."""
    from importers import explain  # noqa: PLC0415
    from importers.formats.mapped_csv.mapping import load  # noqa: PLC0415

    try:
        explanation = explain.explain(path, CardNumbers(cards), load(saved) if saved else None)
    except FileRefusedError as refused:
        raise _set_aside(refused) from None
    for line in explain.lines(explanation):
        click.echo(line)


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
    from importers import explain  # noqa: PLC0415
    from importers.matching import trial  # noqa: PLC0415

    try:
        statements = [explain.bank_statements(path) for path in paths]
    except FileRefusedError as refused:
        raise _set_aside(refused) from None
    try:
        with ready(Config.from_env()).reading(DatabaseRole.IMPORT) as connection:
            found = trial.tried(connection, merchant, statements)
    except trial.UnknownMerchantError:
        raise click.ClickException(gettext("No merchant has the code %(code)s.", code=merchant)) from None
    for line in trial.words(found):
        click.echo(line)


def _set_aside(refused: FileRefusedError) -> click.ClickException:
    reasons = "\n".join(refusal.text() for refusal in refused.refusals)
    return click.ClickException(gettext("The file would be set aside:\n%(reasons)s", reasons=reasons))


_POSITIVE = click.IntRange(min=1)


@click.command(
    help=N_("Write synthetic files into DIR: a merchant directory, and a night's file for each day.")
)
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
    from importers.demo.demonstration import yesterday  # noqa: PLC0415
    from importers.demo.generation import generate  # noqa: PLC0415

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
    from importers.demo import demonstration  # noqa: PLC0415

    config = Config.from_env()
    click.echo(demonstration.prepare(ready(config), config.data))
