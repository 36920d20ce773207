"""The command ``bordereau``: everything that is done to a portal from the command line.

Commands import what they need when they run, so that the others, and ``--help``, stay quick. Those
that live elsewhere are found by name: the importers' through their entry points, since ``app`` may not
import them.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from dataclasses import replace
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import click

from app.click_words import speak_as_the_portal
from app.wording.i18n import N_, gettext

if TYPE_CHECKING:
    from app.config import Config
    from app.database.engine import Database, DatabaseRole

ENTRY_POINTS = "bordereau.commands"
OWN = {
    "backup": "app.operation.commands:backup",
    "doctor": "app.operation.commands:doctor",
    "mail": "app.mail.commands:mail",
    "restore": "app.operation.commands:restore",
    "staff": "app.accounts.commands:staff",
    "themes": "app.operation.commands:themes",
    "user": "app.accounts.commands:user",
    "watch": "app.operation.commands:watch",
}
#: Exit status when the settings are wrong, as for wrong arguments; and when told to stop half-way.
MISUSE = 2
FAILURE = 1
TERMINATED = 128 + signal.SIGTERM
#: So many objects more than were given back make a command search for garbage. What it imports holds none: to
#: search among it at every 700 objects more takes an eighth of the time of a start.
MORE_OBJECTS = 50_000
#: What the portal writes is its own user's: payments, mails and keys are nobody else's to read.
OWN_FILES = 0o077


class Portal(click.Group):
    """The group of commands, with those found by name, in the language of the moment."""

    def make_context(self, *given: Any, **known: Any) -> click.Context:
        gc.set_threshold(MORE_OBJECTS, *gc.get_threshold()[1:])
        _in_words(self)
        return super().make_context(*given, **known)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_named()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is None and cmd_name in _named():
            command = resolve_name(_named()[cmd_name])
        return _in_words(command) if command else None

    def invoke(self, ctx: click.Context) -> Any:
        # Told to stop, return in good order: the last command out stops the embedded server.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
        os.umask(OWN_FILES)
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            said = _explained(error)
            if said is None:
                raise
            words, status = said
            click.echo(words, err=True)
            ctx.exit(status)


def _explained(error: Exception) -> tuple[str, int] | None:
    """What whoever runs the portal can do about ``error``, and the exit status; None for a fault of ours."""
    from app.config import ConfigError
    from app.database.faults import explained
    from app.themes import ThemeError

    if isinstance(error, (ConfigError, ThemeError)):
        return str(error), MISUSE
    if isinstance(error, BrokenPipeError):  # whoever reads has enough: click ends without a word
        return None
    words = explained(error)
    if words is None and isinstance(error, OSError) and error.strerror:
        named = gettext("%(path)s: %(reason)s", path=error.filename, reason=error.strerror)
        words = named if error.filename else error.strerror
    return (gettext("Error: {message}").format(message=words), FAILURE) if words else None


def _named() -> dict[str, str]:
    """The commands that live elsewhere: name to ``module:function``."""
    return OWN | {entry.name: entry.value for entry in entry_points(group=ENTRY_POINTS)}


def _in_words(command: click.Command) -> click.Command:
    """The command, and those below it, with their help and questions in the language of the moment."""
    command.help = command.help and gettext(command.help)
    for option in command.params:
        if isinstance(option, click.Option):
            option.help = option.help and gettext(option.help)
            option.prompt = option.prompt and gettext(option.prompt)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _in_words(below)
    return command


speak_as_the_portal()


@click.group(cls=Portal, help=N_("The portal where merchants find their card payments the day after."))
@click.version_option(
    package_name="bordereau",
    prog_name="bordereau",
    message="%(prog)s %(version)s",
    help=N_("Say the version and exit."),
)
@click.option("--attached", is_flag=True, hidden=True)
def main(*, attached: bool) -> None:
    """Let the chosen command do its work; ``attached``, for as long as standard input stays open."""
    if attached:
        threading.Thread(target=_stop_after_parent, daemon=True).start()


@main.command(help=N_("Bring the database to the newest version."))
def migrate() -> None:
    """Migrate, whatever the version found."""
    from app.database.login_addresses import KEPT
    from app.database.migrate import migrate as bring_up_to_date

    config, database = _settings()
    bring_up_to_date(database)
    click.echo(gettext("The database is up to date."))
    made = config.data / KEPT
    if made.is_file() and not (config.development or (config.web_url and config.import_url)):
        said = gettext(
            "The addresses of the web and of the importer, with their passwords, are in %(path)s.", path=made
        )
        click.echo(said)


@main.command(help=N_("Do the nightly upkeep of the database now; the worker does it by itself."))
def maintain() -> None:
    """Let go of what is past its time."""
    from datetime import UTC, datetime

    from app.operation.nightly_upkeep import upkeep
    from app.retention import purge

    (config, database), now = _migrated(), datetime.now(UTC)
    upkeep(database, now)
    purge(database, config.data, now.date())


@main.command(help=N_("Answer web requests on this machine."))
@click.option("--port", type=click.IntRange(1, 65535), help=N_("The port, instead of BORDEREAU_PORT."))
def serve(port: int | None) -> None:
    """Serve with gunicorn until a signal."""
    from app.database.engine import DatabaseRole
    from app.run import serve as serve_web

    config, _ = _migrated(DatabaseRole.WEB)
    serve_web(replace(config, port=port or config.port))


@main.command(help=N_("Do the jobs that wait and those of the calendar."))
def worker() -> None:
    """Work until a signal."""
    from app import logs
    from app.database.engine import DatabaseRole
    from app.jobs import JOBS_AT_ONCE
    from app.operation.worker import work

    logs.to_stderr()
    config, database = _migrated(DatabaseRole.WEB, DatabaseRole.IMPORT)
    if not config.development and config.smtp is None:
        waits = gettext("No mail server is named (BORDEREAU_SMTP_URL): email waits, and none of it is lost.")
        click.echo(waits, err=True)
    work(config, database.for_jobs(JOBS_AT_ONCE))


@main.command(help=N_("Start the whole portal: database, demonstration data, web and worker."))
def run() -> None:
    """Run everything until Ctrl-C."""
    from app.config import Config
    from app.run import run as run_portal

    run_portal(Config.from_env())


def _settings() -> tuple[Config, Database]:
    """The settings, and the database they name, started if it is the embedded one."""
    from app.config import Config
    from app.database.engine import Database

    config = Config.from_env()
    return config, Database.from_config(config)


def _migrated(*logins: DatabaseRole) -> tuple[Config, Database]:
    """The settings, and a database that has this version's tables and lets these roles in."""
    from app.config import Config
    from app.database.migrate import ready

    config = Config.from_env()
    return config, ready(config, *logins)


def _stop_after_parent() -> None:
    """Stop this process when standard input ends: its parent is gone, however it went."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
