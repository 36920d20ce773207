"""The transport of mail: a mail server, or a folder in development."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.models import Fault

#: Where mail goes in development, under the data folder: one ``.eml`` file for each.
FOLDER = "mail"


@dataclass(frozen=True)
class Mail:
    """A composed mail with its envelope. ``message_id`` has its angle brackets."""

    sender: str
    recipient: str
    message_id: str
    content: bytes


class NotTakenError(Exception):
    """A mail was not taken.

    ``reply`` is what the server said, without addresses, empty when it said nothing: after the hand-over
    the mail may then have been taken all the same. ``final`` says that another try would not help.
    """

    def __init__(self, fault: Fault, reply: str = "", *, final: bool = False) -> None:
        super().__init__(fault, reply)
        self.fault = fault
        self.reply = reply
        self.final = final


class Transport(Protocol):
    """Takes mails, one at a time."""

    def send(self, mail: Mail, hand_over: Callable[[], None]) -> str:
        """Send ``mail`` and return what the server said. Raises NotTakenError.

        ``hand_over`` is called at the last moment at which the mail has certainly not been taken.
        """


@dataclass(frozen=True)
class Folder:
    """Writes each mail whole to a file named after its Message-ID: the same mail again is the same file."""

    path: Path

    def send(self, mail: Mail, hand_over: Callable[[], None]) -> str:
        """Write the file, then let it appear."""
        name = mail.message_id.strip("<>").partition("@")[0]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            unfinished = self.path / f".{name}"
            unfinished.write_bytes(mail.content)
            hand_over()
            unfinished.replace(self.path / f"{name}.eml")
        except OSError as error:
            raise NotTakenError(Fault.NO_FOLDER, error.strerror or "") from error
        return ""
