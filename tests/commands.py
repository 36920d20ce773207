"""The command ``bordereau`` to its end, without the second that it takes to import what it stands on.

A helper of each process of tests has imported all commands once. For each that is asked for it forks: what
runs is a process of its own as from a shell, from the command's first line to its exit status, with its own
arguments, environment, folder and files. How a command starts from nothing is tried by the tests that start
what goes on: ``run``, ``serve``, ``worker``.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import random
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from app.config import ROOT
from tests.waiting import HANGS

MODULE = "app.cli"
#: What commands import when they run, beside the modules that they are in.
LATER = (
    "alembic.command",
    "app.database.login_addresses",
    "app.database.migrate",
    "app.desk.staff_alerts",
    "app.operation.backup",
    "app.operation.doctor",
    "app.operation.nightly_upkeep",
    "app.operation.watch",
    "app.retention",
    "app.themes",
    "importers.contract_moves",
    "importers.demo.demonstration",
    "importers.explain",
    "importers.jobs",
    "importers.load",
    "importers.statement_trial",
    "importers.nightly",
)
#: ``bordereau worker`` that does its jobs to their end when it is told to stop, on a machine however slow.
WORKER = [
    *(sys.executable, "-W", "ignore", "-c"),
    f"from app import cli; import app.operation.worker as w; w.STOP_SECONDS = {HANGS}; cli.main(['worker'])",
]
_LONGEST = 1 << 20  # bytes of a message


def run(
    *words: str, env: Mapping[str, str], typed: str = "", seconds: float
) -> subprocess.CompletedProcess[str]:
    """``bordereau`` with ``words``, to its end; ``typed`` is what it reads.

    Raises TimeoutExpired, when it has been killed, after ``seconds``.
    """
    with ExitStack() as files:
        read, said, told = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        read.write(typed.encode())
        read.seek(0)
        asked = json.dumps({"words": words, "env": dict(env), "folder": str(Path.cwd())}).encode()
        helper = _helper()
        socket.send_fds(helper, [asked], [one.fileno() for one in (read, said, told)])
        pid = int(helper.recv(_LONGEST))
        helper.settimeout(seconds)
        try:
            status = int(helper.recv(_LONGEST))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            helper.settimeout(None)
            helper.recv(_LONGEST)
            raise subprocess.TimeoutExpired([MODULE, *words], seconds) from None
        finally:
            helper.settimeout(None)
        answers = []
        for file in (said, told):
            file.seek(0)
            answers.append(file.read().decode())
        return subprocess.CompletedProcess(words, status, *answers)


@cache
def _helper() -> socket.socket:
    """This process's end of the line to its helper, which ends with it."""
    own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    words = [sys.executable, "-W", "ignore", "-m", __name__, str(other.fileno())]
    process = subprocess.Popen(words, cwd=ROOT, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL)
    other.close()

    def end() -> None:
        own.close()
        process.wait()

    atexit.register(end)
    return own


# In the helper.


def serve(line: socket.socket) -> None:
    """Fork for each command that is asked for; returns in the one that is to run it, or at the end."""
    while True:
        asked, files, *_ = socket.recv_fds(line, _LONGEST, 3)
        if not asked:
            os._exit(0)
        child = os.fork()
        if not child:
            line.close()
            _become(json.loads(asked), list(files))
            return
        for file in files:
            os.close(file)
        line.send(str(child).encode())
        line.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _become(asked: dict[str, Any], files: list[int]) -> None:
    """Take over what the command was asked to run with."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    time.tzset()
    random.seed()
    sys.argv = [MODULE, *asked["words"]]


def _import_commands() -> None:
    from app.cli import _named  # noqa: PLC0415

    for name in (*_named().values(), *LATER):
        resolve_name(name)


if __name__ == "__main__":
    _import_commands()
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
