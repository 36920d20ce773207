"""The commands of whoever runs the portal."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.config import THEMES, Config
from app.wording.i18n import N_, gettext, ngettext

if TYPE_CHECKING:
    from app.operation.backup import Manifest


@click.group(help=N_("Look at the themes of maintainers."))
def themes() -> None:
    """Hold the commands about themes."""


@themes.command(help=N_("Say what is wrong in each theme; exit 1 when something is."))
def check() -> None:
    """Print a line for each fault, or how many themes are sound."""
    from app.themes import themes_of

    loaded = themes_of(Config.from_env().data)
    if loaded.faults:
        raise click.ClickException("\n".join(loaded.faults))
    for theme in loaded.by_slug.values():
        hosts = ", ".join(theme.hosts) or gettext("no host")
        click.echo(f"{theme.slug}: {theme.name} ({hosts})")
    click.echo(ngettext("%(num)s theme, all sound.", "%(num)s themes, all sound.", len(loaded.by_slug)))


@themes.command(help=N_("Make the folder of a theme, to be filled in; SLUG is its maintainer's."))
@click.argument("slug")
@click.option("--name", help=N_("The maintainer's name, as people read it."))
def new(slug: str, name: str | None) -> None:
    """Say where the folder is, and what checks it."""
    from app.themes import ThemeError, new_theme

    try:
        folder = new_theme(Config.from_env().data / THEMES, slug, name or slug)
    except ThemeError as error:
        raise click.ClickException(str(error)) from error
    click.echo(gettext("%(folder)s is made: fill it in, then `bordereau themes check`.", folder=folder))


@click.command(
    help=N_("Look at everything the portal needs: a line each, with the cure; exit 1 for a fault.")
)
def doctor() -> None:
    """Print each finding as it is made."""
    from app.operation.doctor import Severity, examine

    findings = []
    for finding in examine(Config.from_env()):
        findings.append(finding)
        click.echo(finding.line())
    if any(finding.level is Severity.FAULT for finding in findings):
        raise SystemExit(1)


#: The exit status of a look that found something: 1 is that of one that could not be taken.
FOUND = 3


@click.command(help=N_("Look for what is wrong and email it to the staff, once; exit 3 while something is."))
@click.option(
    "--every",
    metavar="SECONDS",
    type=click.IntRange(1),
    help=N_("Look again and again, so many seconds apart: where nothing else starts it by a timer."),
)
def watch(every: int | None) -> None:
    """Print a line for each thing that is wrong; its mail leaves even where no worker is."""
    from app.database.migrate import ready
    from app.desk.staff_alerts import in_words
    from app.operation.watch import watch_by_itself

    while True:
        config = Config.from_env()
        database = ready(config)
        found = watch_by_itself(config, database, datetime.now(UTC)).conditions
        database.dispose()
        for one in found:
            click.echo(in_words(one.kind, one.details))
        if every is None:
            raise SystemExit(FOUND if found else 0)
        time.sleep(every)


_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))


@click.command(help=N_("Save database, archive and themes into DIR, which must be new."))
@_FOLDER
def backup(folder: Path) -> None:
    """Say what was saved, and what was not: the secret key."""
    from app.operation.backup import backup as save

    _say(save(Config.from_env(), folder))
    click.secho(
        gettext(
            "The secret key (BORDEREAU_SECRET_KEY) is NOT in it: keep it elsewhere. Without it every two-step"
            " verification and every open link ends."
        ),
        err=True,
        bold=True,
    )


@click.command(help=N_("Fill an empty database and an empty data folder from the backup in DIR."))
@_FOLDER
def restore(folder: Path) -> None:
    """Say what came back; it has been compared with what was saved."""
    from app.operation.backup import restore as bring_back

    _say(bring_back(Config.from_env(), folder))
    click.echo(gettext("All of it is as it was saved."))


def _say(manifest: Manifest) -> None:
    for name, currency, count, amount in manifest.figures:
        click.echo(f"{name:14} {count:>12} {amount:>16} {currency}".rstrip())
