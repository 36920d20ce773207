"""The processes of a portal: the web server, and ``bordereau run`` that keeps all of them together.

Each child holds a pipe to its parent as standard input and stops when that closes, so that a killed
parent leaves nobody behind; the embedded server stops with the last of them.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger as GunicornLogger
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from app import create_app, logs
from app.config import DATABASE_URL, INBOX, LOOPBACK, Address
from app.database.engine import Database
from app.database.migrate import migrate
from app.themes import themes_of
from app.wording.i18n import gettext

if TYPE_CHECKING:
    from app.config import Config

HEALTH = "/healthz"
#: The folder in which web processes count together, in the words of the library of metrics.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
#: A portal that is not known as this machine's own name says so: it answers all the same.
ANSWERS = frozenset({HTTPStatus.OK, HTTPStatus.MISDIRECTED_REQUEST})
WEB_THREADS = 8
#: How long a thread of a web process computes while another waits, in seconds. A page waits for the database
#: ten times, and after each for its turn among all who compute.
SWITCH_SECONDS = 0.001
#: So many objects more than were given back make a web process search for garbage.
MORE_OBJECTS = 10_000
#: How long a request or a job may go on once its process is asked to stop, in seconds.
GRACE_SECONDS = 8
START_SECONDS = 60
#: A list's address holds all its filters; the page that asks to sign in holds that address once more.
LONGEST_ADDRESS = 8190


class _Logger(GunicornLogger):  # type: ignore[misc]
    """gunicorn's words among our own lines."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn on the address of the settings: a proxy with TLS stands in front of it in production.

    There is no access log: addresses hold what people search for.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__()

    def load_config(self) -> None:
        addresses = [self.config.address, *filter(None, [self.config.metrics])]
        settings = {
            "bind": [str(address) for address in addresses],
            "child_exit": forget_figures,
            "logger_class": _Logger,
            "workers": self.config.web_processes,
            "threads": WEB_THREADS,
            "graceful_timeout": GRACE_SECONDS,
            "limit_request_line": LONGEST_ADDRESS,
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application: gunicorn asks each web process for its own, once it is forked."""
        sys.setswitchinterval(SWITCH_SECONDS)
        app = create_app(self.config)
        search_rarely()
        return app


def search_rarely() -> None:
    """Keep what is there from the start out of the search for garbage, and search when there may be some.

    To look at all that is there takes 0.1 s, in the middle of a page. A page makes thousands of objects, and
    next to none that hold each other: Python would search among them at every 700 more.
    """
    gc.freeze()
    gc.set_threshold(MORE_OBJECTS, *gc.get_threshold()[1:])


def serve(config: Config) -> None:
    """Answer web requests until SIGINT or SIGTERM.

    Raises ClickException if an address is taken, ThemeError when the default theme is broken.
    """
    logs.to_stderr()
    themes_of(config.data)
    for address in filter(None, (config.address, config.metrics)):
        check_address(address)
    with _counting_together() if config.metrics else nullcontext():
        WebServer(config).run()


@contextmanager
def _counting_together() -> Iterator[None]:
    """Name the folder that web processes share, before the library of metrics is loaded."""
    folder, owner = tempfile.mkdtemp(prefix="bordereau-metrics-"), os.getpid()
    os.environ[SHARED_FOLDER] = folder
    try:
        yield
    finally:
        if os.getpid() == owner:  # each web process leaves through here as well
            shutil.rmtree(folder, ignore_errors=True)


def forget_figures(_server: Any, process: Any) -> None:
    """Let go of what only holds for a web process that is gone; what it has counted stays."""
    if SHARED_FOLDER in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - as late as in the web

        mark_process_dead(process.pid)  # type: ignore[no-untyped-call]


def run(config: Config) -> None:
    """Run the whole portal until Ctrl-C. Raises ClickException when it cannot start or a part of it stops."""
    # Named too: a shell starts what it sends to the background with this signal ignored.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        check_address(config.address)
        environment = _prepare(config)
        accounts = _demonstrate(children) if config.development else ""
        children |= {command: _child(command, environment) for command in ("serve", "worker")}
        _wait_for_answer(config.address, children)
        _show(config, accounts)
        while True:
            _check(children)
            time.sleep(0.5)
    except KeyboardInterrupt:
        click.echo(gettext("Stopping…"))
    finally:
        _stop(children)


def check_address(address: Address) -> None:
    """Raise ClickException when nobody can listen on ``address``."""
    family = socket.AF_INET6 if ":" in address.ip else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address.ip, address.port))
        except OSError as error:
            message = gettext(
                "%(address)s cannot be used (%(reason)s). Choose another: BORDEREAU_PORT, BORDEREAU_BIND.",
                address=address,
                reason=error.strerror,
            )
            raise click.ClickException(message) from None


def _prepare(config: Config) -> dict[str, str]:
    """Start and migrate the database, make the inbox; returns the environment of the others, no owners."""
    click.echo(gettext("Starting the database…"))
    database = Database.from_config(config)
    migrate(database)
    database.dispose()
    (config.data / INBOX).mkdir(exist_ok=True)
    if config.development:
        return dict(os.environ)
    others = {name: value for name, value in os.environ.items() if name != DATABASE_URL}
    return others | replace(database.addresses, owner=None).settings()


def _demonstrate(children: dict[str, subprocess.Popen[bytes]]) -> str:
    """Fill the portal with the demonstration; returns what it says of its accounts.

    It belongs to the embedded server alone, never to a database somebody has named.
    """
    demo = children["demo"] = _child("demo", stdout=subprocess.PIPE)
    said = demo.stdout.read() if demo.stdout else b""
    if demo.wait():
        raise click.ClickException(gettext("The demonstration data could not be made."))
    del children["demo"]
    return said.decode().strip()


def _child(
    command: str, environment: Mapping[str, str] | None = None, stdout: int | None = None
) -> subprocess.Popen[bytes]:
    """A command in a session of its own: Ctrl-C reaches it through us, in order."""
    words = [sys.executable, "-m", "app.cli", "--attached", command]
    return subprocess.Popen(  # noqa: S603 - ours
        words, env=environment, stdin=subprocess.PIPE, stdout=stdout, start_new_session=True
    )


def _wait_for_answer(address: Address, children: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(address):
        _check(children)
        if time.monotonic() > deadline:
            raise click.ClickException(gettext("The portal does not answer."))
        time.sleep(0.1)


def _answers(address: Address) -> bool:
    """Whether the web server answers; one on every address is asked on this machine's own."""
    ip = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(address.ip, address.ip)  # noqa: S104 - nothing is bound
    connection = HTTPConnection(ip, address.port, timeout=5)
    try:
        connection.request("GET", HEALTH)
        return connection.getresponse().status in ANSWERS
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _show(config: Config, accounts: str) -> None:
    portal = f"http://localhost:{config.port}/"
    mails = gettext("Emails are kept here, and shown at %(address)s", address=f"{portal}dev/mail")
    kept = config.development and not config.smtp
    parts = (portal, accounts, mails if kept else "", gettext("Ctrl-C stops the portal."))
    text = Text("\n\n".join(filter(None, parts)))
    Console().print(Panel(text, title=gettext("The portal is ready"), expand=False, padding=(1, 3)))


def _check(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for command, child in children.items():
        if child.poll() is not None:
            raise click.ClickException(gettext("“bordereau %(command)s” has stopped.", command=command))


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask every child to stop, and make sure that it has."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for child in children.values():
        child.terminate()
    deadline = time.monotonic() + GRACE_SECONDS + 4
    for child in children.values():
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
