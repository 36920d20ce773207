"""Reasons that keep a mail from leaving, in words: for the person who asked, and for the operator."""

from __future__ import annotations

from app.models import DeliveryState, Fault
from app.wording.i18n import N_

STATES = {
    DeliveryState.QUEUED: N_("Waiting to leave"),
    DeliveryState.SENDING: N_("Leaving"),
    DeliveryState.SENT: N_("Sent"),
    DeliveryState.RETRYING: N_("Put off, will be tried again"),
    DeliveryState.FAILED: N_("Not delivered"),
}
FAULTS = {
    Fault.NO_FOLDER: N_("The folder for email cannot be written."),
    Fault.HOST_UNKNOWN: N_("The mail server's name is not known."),
    Fault.CONNECTION_REFUSED: N_("The mail server cannot be reached: no connection on this port."),
    Fault.TIMEOUT: N_("The mail server takes too long to answer."),
    Fault.DISCONNECTED: N_("The mail server cut the connection."),
    Fault.CERTIFICATE: N_("The mail server's certificate is not valid."),
    Fault.TLS: N_("No encrypted connection could be agreed with the mail server."),
    Fault.STARTTLS_MISSING: N_("The mail server offers no encryption (STARTTLS)."),
    Fault.GREETING: N_("The mail server does not want to talk to us."),
    Fault.AUTHENTICATION: N_("The mail server refuses the user or the password."),
    Fault.SENDER_REFUSED: N_("The mail server refuses the sender's address."),
    Fault.RECIPIENT_REFUSED: N_("The mail server refuses the recipient's address."),
    Fault.MESSAGE_REFUSED: N_("The mail server refuses the message."),
}
