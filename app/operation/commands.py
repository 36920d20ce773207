"""The commands of whoever runs the portal."""

from __future__ import annotations

import click

from app.config import Config
from app.themes import themes_of
from app.wording.i18n import N_, gettext, ngettext


@click.group(help=N_("Look at the themes of maintainers."))
def themes() -> None:
    """Hold the commands about themes."""


@themes.command(help=N_("Say what is wrong in each theme; exit 1 when something is."))
def check() -> None:
    """Print a line for each fault, or how many themes are sound."""
    loaded = themes_of(Config.from_env().data)
    if loaded.faults:
        raise click.ClickException("\n".join(loaded.faults))
    for theme in loaded.by_slug.values():
        hosts = ", ".join(theme.hosts) or gettext("no host")
        click.echo(f"{theme.slug}: {theme.name} ({hosts})")
    click.echo(ngettext("%(num)s theme, all sound.", "%(num)s themes, all sound.", len(loaded.by_slug)))
