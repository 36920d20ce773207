# ruff: noqa: N802 - aiosmtpd names its hooks after the commands of SMTP
"""Real mail servers on this machine, each with its own way of going wrong.

A script says what happens at a step of the conversation instead of what should: a reply (``"451 later"``),
``DROP`` (the connection is cut), ``HANG`` (nothing more is said), or a function, plain or async, that
is called with the server and may return one of these.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.waiting import HANGS

DROP, HANG = "drop", "hang"
#: The steps at which a script may act. BODY is in the midst of the message, DOT after the dot that ends it.
STEPS = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY", "DOT")
Script = dict[str, "str | Callable[[SMTP], Any]"]


@dataclass
class Received:
    """One message that the server has taken."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.content)["Message-ID"])


@dataclass
class Postbox:
    """What a server was asked, what it took, and how it behaves."""

    script: Script = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    port: int = 0
    open_connections: set[SMTP] = field(default_factory=set)

    async def handle_DATA(self, server, session, envelope):
        answer = await act(server, self, "DOT")
        if answer is not None and not answer.startswith("2"):
            return answer
        self.received.append(Received(envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        drop_after = answer is not None and answer.endswith("(and drop)")
        if drop_after:
            server.transport.abort()
        return answer or "250 2.0.0 Ok: queued as 4711"


async def act(server: SMTP, box: Postbox, step: str) -> str | None:
    """Do what the script says at a step; returns the reply to give, None when it says nothing."""
    box.steps.append(step)
    action = box.script.get(step)
    if callable(action):
        action = action(server)
    if asyncio.iscoroutine(action):
        action = await action
    if action == DROP:
        server.transport.abort()
        await asyncio.sleep(3600)
    if action == HANG:
        try:
            await asyncio.sleep(HANGS)
        finally:  # the portal has gone
            server.transport.abort()
    return action


class Scripted(SMTP):
    """aiosmtpd, asking the script at each step."""

    async def _instead(self, step: str) -> bool:
        reply = await act(self, self.event_handler, step)
        if reply is not None:
            await super().push(reply)
        return reply is not None

    def connection_made(self, transport: Any) -> None:
        self.event_handler.open_connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.open_connections.discard(self)
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        if str(status).startswith("220 ") and "Ready" not in str(status) and await self._instead("CONNECT"):
            return
        await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._instead("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg: str) -> None:
        if not await self._instead("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str) -> None:
        if not await self._instead("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self._instead("DATA"):
            return
        if "BODY" in self.event_handler.script:
            await super().push("354 go on")
            await self._reader.readuntil(b"\r\n")
            await self._instead("BODY")
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def __init__(self, box: Postbox, smtp: dict[str, Any], **named: Any) -> None:
        self._smtp = {"hostname": "mail.test", **smtp}
        super().__init__(box, hostname="127.0.0.1", port=box.port, ready_timeout=HANGS, **named)

    def factory(self) -> SMTP:
        return Scripted(self.handler, loop=self.loop, **self._smtp)

    def _trigger_server(self) -> None:
        self._factory_invoked.set()

    def _factory_invoker(self) -> SMTP:
        self.smtpd = self.factory()
        return self.smtpd


@contextmanager
def mail_server(script: Script | None = None, *, tls: Any = None, **smtp: Any) -> Iterator[Postbox]:
    """A mail server until the end of the block. ``tls`` (an SSLContext) encrypts from the first byte."""
    box = Postbox(script or {})
    controller = _Controller(box, smtp, ssl_context=tls)
    controller.smtpd = object()  # it is made with the first connection, which is the portal's
    controller.start()
    box.port = controller.server.sockets[0].getsockname()[
        1
    ]  # the system's choice, which nobody else can have
    try:
        yield box
    finally:
        deadline = time.monotonic() + HANGS
        while box.open_connections and time.monotonic() < deadline:
            time.sleep(0.01)  # until the server has seen that the portal is gone
        controller.stop()


def knows(user: str, password: str) -> dict[str, Any]:
    """The settings of a server that asks everybody to sign in."""

    def check(server, session, envelope, mechanism, data):
        if mechanism not in ("LOGIN", "PLAIN"):
            return AuthResult(success=False, handled=False)
        good = (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=good, handled=False)

    return {"authenticator": check, "auth_required": True, "auth_require_tls": False}


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that is no mail server: ``talk`` has each connection. Yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection, suppress(OSError):
                    talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            thread.join(HANGS)


def dribble(connection: socket.socket) -> None:
    """One byte at a time until it would hang: each comes in time, the reply never."""
    for _ in range(20 * HANGS):
        connection.sendall(b"2")
        time.sleep(0.05)


def endless_lines(connection: socket.socket) -> None:
    """A reply whose last line never comes."""
    for _ in range(100 * HANGS):
        connection.sendall(b"220-one more line\r\n")
        time.sleep(0.01)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for ``name`` and its key, made by openssl."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    made = ["openssl", "req", "-x509", "-nodes", "-days", "2"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    named = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    written = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *curve, *named, *written], check=True, capture_output=True)
    return certificate, key
