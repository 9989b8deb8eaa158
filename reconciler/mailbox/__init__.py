"""
The mailbox edge: IMAP in, mails of ours out, each exactly as its bytes lie on the server.

`ImapMailbox` reads, `Watcher` keeps reading in a thread of its own; what they need from the ledger stands in `needs`.
"""

from reconciler.mailbox.client import CommandRefused, LoginRefused
from reconciler.mailbox.folder import OpenFolder
from reconciler.mailbox.imap import ImapMailbox
from reconciler.mailbox.intake import Handler
from reconciler.mailbox.line import Limits
from reconciler.mailbox.needs import MailboxLedger, MailboxTx
from reconciler.mailbox.oauth import Post, Tokens
from reconciler.mailbox.pauses import Backoff
from reconciler.mailbox.values import (
    CONNECTED,
    After,
    Incoming,
    MailboxHealth,
    MailboxSettings,
    MailboxState,
    OAuth2Settings,
    Recognition,
)
from reconciler.mailbox.watcher import Watcher

__all__ = [
    "CONNECTED",
    "After",
    "Backoff",
    "CommandRefused",
    "Handler",
    "ImapMailbox",
    "Incoming",
    "Limits",
    "LoginRefused",
    "MailboxHealth",
    "MailboxLedger",
    "MailboxSettings",
    "MailboxState",
    "MailboxTx",
    "OAuth2Settings",
    "OpenFolder",
    "Post",
    "Recognition",
    "Tokens",
    "Watcher",
]
