"""The commands about sources: the profile of one, said and shown, and which contracts it delivers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from app.accounts.journal import Event, record
from app.config import Config
from app.database.engine import Database, DatabaseRole
from app.database.migrate import ready
from app.locks import Lock, hold
from app.models import ENCODINGS, CardNumbers, ExpectedDays, SourceRole
from app.rules.source_columns import shown
from app.wording.i18n import N_, gettext
from importers.refusals import FileRefusedError

_Command = TypeVar("_Command", bound=Callable[..., Any])

_SIGNS: Final = {"tab": "\t", "semicolon": ";", "comma": ",", "bar": "|"}
_NOTHING: Final = "-"
_PAIRS: Final = frozenset({"contracts", "aliases", "words", "scales", "labels", "payers"})


def _pairs(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.rsplit("=", 1) for value in values]
    if not all(len(pair) == 2 and pair[0] for pair in pairs):  # noqa: PLR2004 - a name and a value
        raise click.BadParameter(gettext("Write %(form)s.", form=option.make_metavar(_context)))
    return dict(pairs)


def _pairs_option(option: str, name: str, pair: str, help: str) -> Callable[[_Command], _Command]:  # noqa: A002
    """An option that is said once for each pair, such as ``HEADING=FIELD``."""
    return click.option(option, name, multiple=True, metavar=pair, callback=_pairs, help=help)


def _choice(words: Collection[str]) -> click.Choice[str]:
    return click.Choice([*words, _NOTHING])


@click.command(help=N_("Say what is to be known of a source of files; without anything, show it."))
@click.argument("name", metavar="SOURCE")
@click.option("--reseller", metavar="SLUG", help=N_("The reseller, as the contract file names it."))
@click.option(
    "--vouch",
    multiple=True,
    metavar="COLUMN",
    help=N_("This column never holds a card number: mask what looks like one (repeatable)."),
)
@click.option("--no-vouch", multiple=True, metavar="COLUMN", help=N_("Vouch for it no longer (repeatable)."))
@click.option(
    "--role",
    type=click.Choice([one.value for one in SourceRole]),
    help=N_("Payments of its own, or what becomes of those of others; a place or cards mean money."),
)
@click.option(
    "--application", metavar="CODE", help=N_("The application of its payments, such as CBVAD: role payments.")
)
@click.option("--rank", metavar="RANK", help=N_("The rank of its payments; 001 when nobody says it."))
@click.option(
    "--inbox",
    metavar="FOLDER",
    help=N_("The folder of the inbox that is its own, for files that name no source."),
)
@click.option(
    "--file-pattern",
    metavar="REGEX",
    help=N_("What the names of its files match, for files that name no source."),
)
@click.option("--merchant", metavar="CODE", help=N_("Whose feed it is, when it is one merchant's alone."))
@click.option("--account", metavar="IBAN", help=N_("The account of statements that name none: IBAN or RIB."))
@click.option("--format", "format", metavar="NAME", help=N_("The format of its files; found when not said."))
@click.option(
    "--mapping",
    metavar="NAME",
    help=N_("The mapping of its CSV: one of ours by its name, or a file of one's own."),
)
@_pairs_option(
    "--alias",
    "aliases",
    "HEADING=FIELD",
    N_("A heading of its own, and the field that it becomes (repeatable)."),
)
@_pairs_option("--word", "words", "WORD=KIND", N_("A word of its own, and what it means (repeatable)."))
@_pairs_option(
    "--scale",
    "scales",
    "net=UNITS",
    N_("Units of net or commission in one of the currency: 100 or 10000 (repeatable)."),
)
@_pairs_option(
    "--label",
    "labels",
    "REGEX=KIND",
    N_("What labels of its bank are card money, and of which kind (repeatable)."),
)
@_pairs_option(
    "--payer",
    "payers",
    "REGEX=NAME",
    N_("What labels are transfers of a payer for cards: AMEX FR=AMERICAN EXPRESS (repeatable)."),
)
@click.option(
    "--title",
    metavar="WORDS",
    help=N_("What merchants are told in place of its name, when files are missing."),
)
@click.option(
    "--encoding", type=_choice(ENCODINGS), help=N_("The encoding of its text; found when not said.")
)
@click.option("--delimiter", type=_choice(_SIGNS), help=N_("The sign between columns; found when not said."))
@click.option("--time-zone", metavar="ZONE", help=N_("The time zone of the times in its files."))
@click.option(
    "--cards",
    type=click.Choice([one.value for one in CardNumbers]),
    help=N_("What becomes of full card numbers in fields made for them, as American Express has them."),
)
@_pairs_option(
    "--shop",
    "contracts",
    "SHOP=CONTRACT",
    N_("The contract number of a shop that its files name by another number (repeatable)."),
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
def source(
    name: str, *, reseller: str | None, vouch: tuple[str, ...], no_vouch: tuple[str, ...], **said: Any
) -> None:
    """Bind a source, say what its files leave open, and load what waited for that; ``-`` unsays."""
    from importers import report, waiting

    _refuse_unknown_columns({*vouch, *no_vouch})
    config = Config.from_env()
    database = ready(config)
    if reseller:
        _bind(database, name, reseller)
    _vouch(database, name, vouch, good=True)
    _vouch(database, name, no_vouch, good=False)
    said = {option: value for option, value in said.items() if value}
    if said:
        _change(database, name, _with_place(said))
    for result in waiting.of_source(database, config.data, name) if reseller or said else ():
        click.echo(report.line(result))
    _show(database, name)


def _with_place(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, as a profile has it: what has an application is payments, a place or cards are money."""
    values: dict[str, Any] = {option: "" if value == _NOTHING else value for option, value in said.items()}
    if {"application", "rank"} & values.keys():
        values.setdefault("role", SourceRole.PAYMENTS)
    if {"inbox", "file_pattern", "cards"} & values.keys():
        values.setdefault("role", SourceRole.MONEY)
    if values.get("expected_at"):
        values["expected_at"] = values["expected_at"].time()
    if "delimiter" in values:
        values["delimiter"] = _SIGNS.get(values["delimiter"], "")
    mapping = Path(values.get("mapping") or "/")
    if mapping.is_file():
        values["mapping"] = mapping.read_text("utf-8")
    return values


def _change(database: Database, name: str, said: dict[str, Any]) -> None:
    from importers.files import profiles

    with _understood(name), database.writing(DatabaseRole.IMPORT) as connection:
        profile = profiles.of(connection, name)
        for field in _PAIRS & said.keys():
            said[field] = _merged(getattr(profile.settings, field), said[field])
        profiles.change(connection, name, **said)
        record(connection, Event.SOURCE_CHANGED, source=name, reseller_id=profile.reseller_id)


def _merged(known: Mapping[str, Any], new: Mapping[str, str]) -> dict[str, Any]:
    """Pairs with others besides; one that is given nothing goes."""
    return {key: value for key, value in {**known, **new}.items() if value}


def _show(database: Database, name: str) -> None:
    from importers.files import profiles

    with _understood(name), database.reading(DatabaseRole.IMPORT) as connection:
        profile = profiles.of(connection, name)
    click.echo(gettext("Source %(name)s:", name=name))
    for label, value in shown(profile.said()):
        click.echo("  " + gettext("%(label)s: %(value)s", label=label, value=value))


@contextmanager
def _understood(name: str) -> Iterator[None]:
    """Say it in one line when nothing is known of a source, or what is said of it cannot be."""
    from importers.files import profiles

    try:
        yield
    except profiles.UnknownSourceError:
        raise click.UsageError(
            gettext("Nothing is known of %(source)s: say --reseller as well.", source=name)
        ) from None
    except FileRefusedError as refused:
        reasons = "; ".join(one.text() for one in refused.refusals)
        raise click.ClickException(gettext("Nothing was changed. %(reasons)s", reasons=reasons)) from None


def _refuse_unknown_columns(columns: Collection[str]) -> None:
    from importers.formats import formats

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
    from importers.files import sources

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


def _bind(database: Database, name: str, reseller: str) -> None:
    from importers.files import sources

    try:
        with database.writing(DatabaseRole.IMPORT) as connection:
            sources.bind(connection, name, reseller)
    except sources.UnknownResellerError:
        raise click.ClickException(
            gettext("No contract file has named the reseller %(slug)s.", slug=reseller)
        ) from None
    click.echo(gettext("The files of %(source)s belong to %(slug)s.", source=name, slug=reseller))


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
    from importers import contract_moves

    database, day = ready(Config.from_env()), since.date()
    try:
        with database.writing(DatabaseRole.IMPORT) as connection:
            hold(connection, Lock.PAYMENTS)
            reseller_id = contract_moves.move(connection, name, number, day)
            record(
                connection,
                Event.CONTRACT_MOVED,
                source=name,
                contract=number,
                day=day.isoformat(),
                reseller_id=reseller_id,
            )
    except contract_moves.NothingAsideError:
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
