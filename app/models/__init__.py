"""The tables, and the words of the field as enumerations. Nothing here knows of files or pages."""

from app.models.accounts import (
    Invitation,
    InvitationKind,
    JournalEntry,
    Membership,
    MembershipLimit,
    RecoveryCode,
    Role,
    SecondFactor,
    SignInAttempt,
    StaffMember,
    UserAccount,
    UserSession,
)
from app.models.base import Base
from app.models.desk import DeskTask, DeskTaskKind, DeskTaskState
from app.models.imports import ImportFile, ImportRefusal, ImportStatus, ReceivedDay
from app.models.mail import OPEN_STATES, TRIED_FOR, Delivery, DeliveryState, Fault, MailKind
from app.models.parties import (
    DEFAULT_TIME_ZONE,
    UNCLAIMED_MERCHANT,
    Contract,
    Merchant,
    Outlet,
    Reseller,
    Source,
)
from app.models.payments import (
    ALL_CONTRACTS,
    EntryMode,
    Outcome,
    Remittance,
    RemittanceDay,
    RemittanceStatus,
    Seal,
    Transaction,
    TransactionDay,
    TransactionType,
    Transmission,
)

__all__ = [
    "ALL_CONTRACTS",
    "DEFAULT_TIME_ZONE",
    "OPEN_STATES",
    "TRIED_FOR",
    "UNCLAIMED_MERCHANT",
    "Base",
    "Contract",
<<<<<<< HEAD
    "DeskTask",
    "DeskTaskKind",
    "DeskTaskState",
=======
    "Delivery",
    "DeliveryState",
>>>>>>> access
    "EntryMode",
    "Fault",
    "ImportFile",
    "ImportRefusal",
    "ImportStatus",
    "Invitation",
    "InvitationKind",
    "JournalEntry",
    "MailKind",
    "Membership",
    "MembershipLimit",
    "Merchant",
    "Outcome",
    "Outlet",
    "ReceivedDay",
    "RecoveryCode",
    "Remittance",
    "RemittanceDay",
    "RemittanceStatus",
    "Reseller",
    "Role",
    "Seal",
    "SecondFactor",
    "SignInAttempt",
    "Source",
    "StaffMember",
    "Transaction",
    "TransactionDay",
    "TransactionType",
    "Transmission",
    "UserAccount",
    "UserSession",
]
