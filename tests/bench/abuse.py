"""One person who asks for all they can get, and how long the others wait meanwhile, at a server that runs."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.client import HTTPConnection
from multiprocessing import get_context
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.accounts.users import NewAccess, give_access
from app.config import LOOPBACK
from app.models import Role
from tests.bench.pages import CHAIN, EMAIL, PASSWORD
from tests.bench.report import SAMPLES, Measurement, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from multiprocessing.synchronize import Event
    from pathlib import Path

    from app.database.engine import Database

#: What the proxy of production says: the name of the portal that comes with Bordereau, over TLS.
HOST = "horizon.example"
NEIGHBOUR = "neighbour@demo.example"
SLOW_FILTERS, EXPORTS = 20, 16
START_SECONDS = 30
#: The person who abuses has begun with all of it.
BEGUN_SECONDS = 3
#: What is answered is asked for again after so long.
PAUSE_SECONDS = 1
#: What a filter asks that no index answers and no row has.
NOWHERE = "order_reference=nowhere&product=nowhere"


@dataclass
class BenchBrowser:
    """Somebody at the server of ``port``: cookies are kept, each request is a connection of its own."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """The status and the text of an answer."""
        headers = {
            "Host": HOST,
            "X-Forwarded-Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": LOOPBACK,
            "Origin": f"https://{HOST}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        with closing(HTTPConnection(LOOPBACK, self.port, timeout=120)) as connection:
            connection.request("POST" if form else "GET", path, urlencode(form or {}), headers)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode(errors="replace")

    def sign_in(self, email: str) -> None:
        """Sign in. Raises RuntimeError when that fails."""
        _, page = self.ask("/connexion")
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        form = {"email": email, "password": PASSWORD, "csrf_token": token[1] if token else ""}
        status, _ = self.ask("/connexion", form)
        if status != HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"sign-in failed: {status}")


def lines(database: Database, folder: Path, since: date, last: date) -> Iterator[Measurement]:
    """The waiting of a neighbour, in peace and beside somebody who abuses."""
    with database.writing() as connection:
        access = NewAccess(email=NEIGHBOUR, merchant=CHAIN, reseller=None, role=Role.FINANCE)
        give_access(connection, access, PASSWORD)
    with serving(database, folder) as port:
        neighbour, abuser = BenchBrowser(port), BenchBrowser(port)
        neighbour.sign_in(NEIGHBOUR)
        abuser.sign_in(EMAIL)
        in_peace = _waiting(neighbour)
        slow = f"/transactions?date_from={since}&date_to={last}&{NOWHERE}"
        with _abusing(abuser, [slow] * SLOW_FILTERS + ["/transactions.csv?period=last-30-days"] * EXPORTS):
            beside = _waiting(neighbour)
    yield Measurement(
        what="beside one abuser: p95 of the others",
        measured=percentile(beside, 0.95),
        bar=300,
        unit=" ms",
        is_time=True,
        notes=f"{SLOW_FILTERS} slow filters and {EXPORTS} exports of one person, again and again;"
        f" median {percentile(beside, 0.5):.0f} ms, in peace p95 {percentile(in_peace, 0.95):.0f} ms",
    )


@contextmanager
def serving(database: Database, folder: Path) -> Iterator[int]:
    """``bordereau serve`` on a free port, with the ways in of web and importer alone."""
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        **replace(database.addresses, owner=None).settings(),
        "BORDEREAU_DATA": str(folder / "serving"),
        "BORDEREAU_SECRET_KEY": "k" * 64,
        "BORDEREAU_PORT": str(port),
    }
    words = [sys.executable, "-m", "app.cli", "serve"]
    server = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            BenchBrowser(port).ask("/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server does not answer")


def _waiting(browser: BenchBrowser) -> list[float]:
    """Milliseconds that each first page of the two lists takes."""
    times = []
    for number in range(SAMPLES * 2):
        started = time.perf_counter()
        status, _ = browser.ask(("/transactions", "/remises")[number % 2])
        times.append((time.perf_counter() - started) * 1000)
        if status != HTTPStatus.OK:
            raise RuntimeError(f"a neighbour was answered {status}")
    return times


@contextmanager
def _abusing(abuser: BenchBrowser, paths: list[str]) -> Iterator[None]:
    """Ask for all ``paths`` at once, each again a moment after its answer, from a process of its own."""
    context = get_context("spawn")
    over = context.Event()
    process = context.Process(target=_abuse, args=(abuser, paths, over), daemon=True)
    process.start()
    time.sleep(BEGUN_SECONDS)
    try:
        yield
    finally:
        over.set()
        process.join()


def _abuse(abuser: BenchBrowser, paths: list[str], over: Event) -> None:
    def again(path: str) -> None:
        while not over.is_set():
            BenchBrowser(abuser.port, abuser.cookies).ask(path)
            over.wait(PAUSE_SECONDS)

    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(again, paths))
