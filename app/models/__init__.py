"""The tables, and the words of the field as enumerations. Nothing here knows of files or pages."""

from app.models.accounts import (
    JournalEntry,
    Membership,
    MembershipLimit,
    Role,
    SignInAttempt,
    UserAccount,
    UserSession,
)
from app.models.base import Base
from app.models.desk import DeskTask, DeskTaskKind, DeskTaskState
from app.models.imports import ImportFile, ImportRefusal, ImportStatus, ReceivedDay
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
    "UNCLAIMED_MERCHANT",
    "Base",
    "Contract",
    "DeskTask",
    "DeskTaskKind",
    "DeskTaskState",
    "EntryMode",
    "ImportFile",
    "ImportRefusal",
    "ImportStatus",
    "JournalEntry",
    "Membership",
    "MembershipLimit",
    "Merchant",
    "Outcome",
    "Outlet",
    "ReceivedDay",
    "Remittance",
    "RemittanceDay",
    "RemittanceStatus",
    "Reseller",
    "Role",
    "Seal",
    "SignInAttempt",
    "Source",
    "Transaction",
    "TransactionDay",
    "TransactionType",
    "Transmission",
    "UserAccount",
    "UserSession",
]
