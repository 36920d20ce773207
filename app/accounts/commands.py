"""The command that adds people: ``bordereau user add``."""

from __future__ import annotations

import sys

import click

from app.accounts.users import NewAccess, UserError, give_access, normal_email
from app.config import Config
from app.i18n import N_, gettext
from app.migrate import ready
from app.models import Role


@click.group(help=N_("Add the people who may sign in."))
def user() -> None:
    """Hold the commands about people."""


@user.command(
    help=gettext("Let EMAIL see a merchant's payments: all, or those of chosen outlets or contracts.")
)
@click.argument("email")
@click.option("--merchant", required=True, metavar="CODE", help=gettext("The merchant's code."))
@click.option("--reseller", metavar="SLUG", help=gettext("The maintainer, when several have that code."))
@click.option(
    "--outlet", "outlets", multiple=True, metavar="SIRET", help=gettext("Only this outlet (repeatable).")
)
@click.option(
    "--contract",
    "contracts",
    multiple=True,
    metavar="NUMBER",
    help=gettext("Only this contract (repeatable)."),
)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--password-stdin", is_flag=True, help=gettext("Read the password from standard input."))
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
