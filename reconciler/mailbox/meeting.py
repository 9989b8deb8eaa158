"""
Meeting a folder: is it known, was it rebuilt, is it known under another name, or is there now another account behind the name?

In: the settings, and a folder just opened. Out: the ledger's row of it, which every mail is then judged by. What was decided at
the first meeting outlives a new name in the settings, a new server and a rebuilt folder; it may never make a mail of the
present folder look seen.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog

from reconciler.mailbox.folder import OpenFolder
from reconciler.mailbox.needs import MailboxLedger, MailboxTx
from reconciler.mailbox.values import MailboxSettings

_log = structlog.get_logger()


def keep_name(settings: MailboxSettings, ledger: MailboxLedger, *, named: Collection[str]) -> None:
    """
    A mailbox the ledger knows and the settings do not may be this one, renamed; what is known of it comes along.

    Before anything is asked of the server, as the newest refresh token is known under the old name too. named: the
    mailboxes of the settings. Raises: OwnedElsewhere: a program on other settings reads it under its old name.
    """
    with ledger.look() as tx:
        if tx.mailbox(settings.name, settings.folder) is not None:
            return
        former = [name for name in tx.mailboxes_of(settings.account, settings.folder) if name not in named]
    if not former:
        return
    with ledger.exclusive(f"mailbox:{former[-1]}"), ledger.begin() as tx:
        tx.rename_mailbox(former[-1], settings.name)
    _log.warning("mailbox.renamed", mailbox=settings.name, before=former[-1])


def meet(settings: MailboxSettings, ledger: MailboxLedger, folder: OpenFolder) -> None:
    with ledger.look() as tx:
        met = tx.mailbox(settings.name, folder.name) is not None
        known = met and tx.account(settings.name, folder.name) == settings.account
    if not met:
        _first(settings, ledger, folder)
    elif not known:
        with ledger.begin() as tx:
            _behind_the_name(tx, settings, folder)
    if met:
        _rebuilt(settings, ledger, folder)


def _behind_the_name(tx: MailboxTx, settings: MailboxSettings, folder: OpenFolder) -> None:
    """The same name, another server or user: its numbers may be equal by chance, and mean other mails."""
    before = tx.account(settings.name, folder.name)
    if before is not None:
        _log.warning("mailbox.replaced", mailbox=settings.name, before=before, now=settings.account)
        tx.forget_uids(settings.name, folder.name, folder.uidvalidity)
    tx.set_account(settings.name, folder.name, settings.account)


def _rebuilt(settings: MailboxSettings, ledger: MailboxLedger, folder: OpenFolder) -> None:
    validity = folder.uidvalidity
    with ledger.look() as tx:
        row = tx.mailbox(settings.name, folder.name)
    if row is not None and validity and row.uidvalidity != validity:
        _log.warning("mailbox.rebuilt", mailbox=settings.name, folder=folder.name, before=row.uidvalidity, now=validity)
        with ledger.begin() as tx:
            tx.set_uidvalidity(settings.name, folder.name, validity)


def _first(settings: MailboxSettings, ledger: MailboxLedger, folder: OpenFolder) -> None:
    """
    `since` decides what is old, or, when unset, the UIDNEXT of this moment.

    A server that tells no UIDVALIDITY is read whole on every connection, and the ledger knows the mails by their bytes.
    """
    since, cutoff_uid = settings.since, None
    decided_by = f"since = {since.isoformat()}" if since is not None else "moment of the first meeting"
    if since is None and folder.uidvalidity:
        # Where UIDNEXT is not told, what lies there now is all that lies before it.
        cutoff_uid = folder.uidnext or max(folder.uids(), default=0) + 1
        decided_by = f"UIDNEXT {cutoff_uid} of the first meeting"
    with ledger.begin() as tx:
        tx.meet_mailbox(
            settings.name,
            folder.name,
            uidvalidity=folder.uidvalidity,
            cutoff_at=since if since is not None else ledger.clock(),
            cutoff_uid=cutoff_uid,
            decided_by=decided_by,
        )
        tx.set_account(settings.name, folder.name, settings.account)
