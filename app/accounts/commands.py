"""The commands about people: ``bordereau user`` and ``bordereau staff``, their ways in and out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import click
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts import departures
from app.accounts.invitations import invite_staff
from app.accounts.links import Links, NoHostError
from app.accounts.users import NewAccess, UserError, forget_second_factor, give_access, normal_email
from app.config import Config
from app.database.engine import Database, DatabaseRole
from app.database.migrate import ready
from app.models import Reseller, Role
from app.themes import DEFAULT, themes_of
from app.wording.i18n import N_, gettext


@click.group(help=N_("Add the people who may sign in."))
def user() -> None:
    """Hold the commands about people."""


@user.command(help=N_("Let EMAIL see a merchant's payments: all, or those of chosen outlets or contracts."))
@click.argument("email")
@click.option("--merchant", required=True, metavar="CODE", help=N_("The merchant's code."))
@click.option("--reseller", metavar="SLUG", help=N_("The maintainer, when several have that code."))
@click.option(
    "--outlet", "outlets", multiple=True, metavar="SIRET", help=N_("Only this outlet (repeatable).")
)
@click.option(
    "--contract",
    "contracts",
    multiple=True,
    metavar="NUMBER",
    help=N_("Only this contract (repeatable)."),
)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--password-stdin", is_flag=True, help=N_("Read the password from standard input."))
def add(
    email: str,
    merchant: str,
    reseller: str | None,
    outlets: tuple[str, ...],
    contracts: tuple[str, ...],
    role: str,
    *,
    password_stdin: bool,
) -> None:
    """Create the person or add the membership; print one line."""
    access = NewAccess(
        email=email,
        merchant=merchant,
        reseller=reseller,
        role=Role(role),
        outlets=outlets,
        contracts=contracts,
    )
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    try:
        with ready(Config.from_env()).writing() as connection:
            is_new = give_access(connection, access, password)
    except UserError as error:
        raise click.ClickException(str(error)) from error
    said = gettext("%(email)s can sign in.") if is_new else gettext("The access of %(email)s is up to date.")
    click.echo(said % {"email": normal_email(email)})


@user.command("forget-app", help=N_("Let EMAIL, who lost app and recovery codes, pair another."))
@click.argument("email")
def forget_app(email: str) -> None:
    """Remove a person's second factor and end their sessions; their password stays."""
    try:
        with ready(Config.from_env()).writing() as connection:
            forget_second_factor(connection, email)
    except UserError as error:
        raise click.ClickException(str(error)) from error
    click.echo(gettext("%(email)s can pair another app.", email=normal_email(email)))


@user.command("list", help=N_("List accounts: those whose address has TEXT in it, or all."))
@click.argument("text", default="")
def list_users(text: str) -> None:
    """Print a line an account: address, state, merchants with the role, resellers."""
    with ready(Config.from_env()).reading() as connection:
        for account in departures.accounts(connection, text):
            click.echo("\t".join(_columns(account)))


def _columns(account: departures.Account) -> Iterator[str]:
    yield account.email
    if account.is_suspended:
        yield gettext("suspended")
    elif account.signed_in_at is None:
        yield gettext("never signed in")
    else:
        yield gettext("signed in on %(day)s", day=f"{account.signed_in_at:%Y-%m-%d}")
    yield ", ".join(f"{merchant} ({role})" for merchant, role in account.merchants)
    yield ", ".join(account.maintainers)


def _account_command(act: Callable[[Connection, str], None], done: str) -> Callable[[str], None]:
    """A command that does something to one account, and says so by the message ``done``."""

    def command(email: str) -> None:
        try:
            with ready(Config.from_env()).writing() as connection:
                act(connection, email)
        except UserError as error:
            raise click.ClickException(str(error)) from error
        click.echo(gettext(done, email=normal_email(email)))

    return command


_email = click.argument("email")
_sure = click.confirmation_option(prompt=N_("Erase this account for good?"))
user.command("suspend", help=N_("Let EMAIL sign in no longer; sessions and open links end at once."))(
    _email(_account_command(departures.suspend, N_("%(email)s can no longer sign in.")))
)
user.command("restore", help=N_("Let EMAIL, who was suspended, sign in again."))(
    _email(_account_command(departures.restore, N_("%(email)s can sign in again.")))
)
user.command("erase", help=N_("Erase EMAIL's account; 12 months of what it did stay, by number."))(
    _email(_sure(_account_command(departures.erase, N_("The account of %(email)s is erased."))))
)


@click.group(help=N_("Let the maintainer's own people in, and out."))
def staff() -> None:
    """Hold the commands about staff."""


@staff.command(help=N_("Invite EMAIL to the maintainer's staff: email a one-time link, and print it."))
@click.argument("email")
@click.option("--reseller", required=True, metavar="SLUG", help=N_("The maintainer to work for."))
def invite(email: str, reseller: str) -> None:
    """Make the first access of a portal, which has none by default."""
    config = Config.from_env()
    links = Links.of(config, themes_of(config.data))
    try:
        database = ready(config)
        reseller_id = _reseller(database, links, reseller.lower())
        with database.writing() as connection:
            made = invite_staff(connection, links, email, reseller_id, None)
    except (UserError, NoHostError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(gettext("%(email)s is invited. The link works once, for 72 hours:", email=normal_email(email)))
    click.echo(made.url)


@staff.command("list", help=N_("List who works for a maintainer, or for any."))
@click.option("--reseller", metavar="SLUG", help=N_("The maintainer they work for."))
def list_staff(reseller: str | None) -> None:
    """Print a line for each of them."""
    with ready(Config.from_env()).reading() as connection:
        for account in departures.accounts(connection):
            if account.maintainers if reseller is None else reseller.lower() in account.maintainers:
                click.echo("\t".join(_columns(account)))


@staff.command("remove", help=N_("Let EMAIL work for a maintainer no longer, from the next click on."))
@click.argument("email")
@click.option("--reseller", required=True, metavar="SLUG", help=N_("The maintainer they work for."))
def remove(email: str, reseller: str) -> None:
    """End the sessions of somebody who leaves, and withdraw what they invited others to."""
    config = Config.from_env()
    try:
        database = ready(config)
        reseller_id = _reseller(database, Links.of(config, themes_of(config.data)), reseller.lower())
        with database.writing() as connection:
            departures.remove_staff(connection, email, reseller_id)
    except UserError as error:
        raise click.ClickException(str(error)) from error
    click.echo(gettext("%(email)s no longer works for this maintainer.", email=normal_email(email)))


def _reseller(database: Database, links: Links, slug: str) -> int:
    """The reseller ``slug``, made known when only a theme names it yet. Raises UserError."""
    theme = links.themes.by_slug.get(slug)
    if theme is not None and slug != DEFAULT:
        row = {"slug": slug, "name": theme.name}
        with database.writing(DatabaseRole.IMPORT) as connection:
            connection.execute(upsert(Reseller).values(row).on_conflict_do_nothing(index_elements=["slug"]))
    with database.reading() as connection:
        known = connection.scalar(select(Reseller.id).where(Reseller.slug == slug, Reseller.declared))
    if known is None:
        raise UserError(
            gettext("No maintainer is called %(slug)s: no theme and no file names them.", slug=slug)
        )
    return known
