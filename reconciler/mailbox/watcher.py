"""
One thread that never stops reading one mailbox: connect, catch up, rest, catch up, and start over after any trouble.

In: an `ImapMailbox` and a handler that commits each mail. Out: handled mails, `first_scan_done`, and the mailbox's `health`.
Resting in IDLE is the accelerator, the end of each rest the guarantee: a server that stays silent is read every
`poll_seconds` all the same. The loop belongs to the thread, not to a connection, so no state of a connection can keep
it from trying again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import monotonic

import structlog

from reconciler.errors import FatalError, LedgerUnavailable, OwnedElsewhere, TransientError
from reconciler.mailbox.folder import OpenFolder
from reconciler.mailbox.imap import ImapMailbox
from reconciler.mailbox.intake import Handler
from reconciler.mailbox.pauses import Backoff
from reconciler.mailbox.values import MailboxState

_log = structlog.get_logger()

LONGEST_REST = 540.0  # seconds; servers may hang up after 30 minutes, NATs forget after 10
_IDLE_CHANCES = 3  # connections lost in IDLE, one after the other, before it is left alone
_IDLE_AGAIN_AFTER = 3600.0


class Watcher:
    """
    own: exclusive ownership of the mailbox, held while connected, e.g. lambda: ledger.exclusive("mailbox:payments").

    on_fatal: called from the thread with the error that ends it; the service then stops.
    """

    def __init__(
        self,
        mailbox: ImapMailbox,
        handle: Handler,
        *,
        own: Callable[[], AbstractContextManager[None]] = nullcontext,
        on_fatal: Callable[[FatalError], None] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.mailbox = mailbox
        self.first_scan_done = threading.Event()
        self._handle = handle
        self._own = own
        self._on_fatal = on_fatal
        self._backoff = backoff if backoff is not None else Backoff()
        self._lost_in_idle = 0
        self._idle_again_at = 0.0
        self._log = _log.bind(mailbox=mailbox.name)
        self._thread = threading.Thread(target=self._run, name=f"mailbox-{mailbox.name}", daemon=True)

    # ------------------------------------------------------------ from any thread
    def start(self) -> None:
        self._thread.start()

    def poke(self) -> None:
        """Catch up now, whatever the thread is waiting for."""
        self.mailbox.bell.poke()

    def stop(self, timeout: float = 2.0) -> bool:
        """
        End the thread: at once where it waits, after the mail in hand where it works. False: it has not ended in time.

        The connection gets most of the time for a LOGOUT and is then cut under the thread.
        """
        self.mailbox.bell.stop()
        if self._thread.ident is None:
            return True
        self._thread.join(timeout * 0.75)
        if self._thread.is_alive():
            self.mailbox.cut()
            self._thread.join(timeout * 0.25)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    # ------------------------------------------------------------ the thread
    def _run(self) -> None:
        bell = self.mailbox.bell
        try:
            while not bell.stopping:
                self._visit()
        except FatalError as exc:
            self.mailbox.note(MailboxState.STOPPED, error=str(exc))
            self._log.critical("mailbox.stopped", error=str(exc))
            if self._on_fatal is not None:
                self._on_fatal(exc)
        else:
            self.mailbox.note(MailboxState.STOPPED)

    def _visit(self) -> None:
        """One connection, from its making to its end, and the wait for the next."""
        held_back = self.mailbox.allowance.pause()
        if held_back > 0:
            self._log.warning("mailbox.held_back", next_try_in=round(held_back, 1))
            self._wait(MailboxState.WAITING, held_back, None)  # why it was lost stays to be seen
            return
        try:
            with self._own():
                try:
                    self._watch()
                finally:
                    self.mailbox.close(polite=False)
        except OwnedElsewhere as exc:
            self._wait(MailboxState.ELSEWHERE, self.mailbox.settings.poll_seconds, str(exc))
        except TransientError as exc:
            self._lost(exc, exc.retry_after)
        except FatalError:
            raise
        except Exception as exc:  # noqa: BLE001 - a bug must not leave a mailbox unread in silence: it shows, and the loop lives
            self._log.exception("mailbox.failed")
            self._lost(exc, None)

    def _lost(self, exc: Exception, retry_after: float | None) -> None:
        if self.mailbox.bell.stopping:
            return  # the line was cut by us
        pause = self._backoff.next() if retry_after is None else retry_after
        what = "ledger.unavailable" if isinstance(exc, LedgerUnavailable) else "mailbox.lost"
        self._log.warning(what, error=str(exc), next_try_in=round(pause, 1))
        self._wait(MailboxState.WAITING, pause, str(exc))

    def _wait(self, state: MailboxState, seconds: float, error: str | None) -> None:
        bell = self.mailbox.bell
        self.mailbox.note(state, error=error, next_try_in=seconds)
        bell.wait(seconds)
        bell.quiet()

    def _watch(self) -> None:
        """Raises the error that ended the connection; returns when it was ended on purpose."""
        mailbox = self.mailbox
        folder = mailbox.connect_and_select()
        while not mailbox.bell.stopping:
            mailbox.bell.quiet()  # before the scan: a poke during it asks for another one
            if not mailbox.scan(folder, self._handle):
                break
            self.first_scan_done.set()
            self._backoff.reset()  # the server works; how often it may be connected to is the allowance's matter
            self._rest(folder)
            if mailbox.login_expires_soon():
                break
        mailbox.close()

    # ------------------------------------------------------------ rest
    def _rest(self, folder: OpenFolder) -> None:
        """Until there is a reason to look again, poll_seconds at most."""
        seconds = self.mailbox.settings.poll_seconds
        if folder.offers("IDLE") and monotonic() >= self._idle_again_at:
            self._idle(folder, min(seconds, LONGEST_REST))
        else:
            self._poll(folder, seconds)

    def _idle(self, folder: OpenFolder, seconds: float) -> None:
        self.mailbox.note(MailboxState.WATCHING)
        try:
            folder.idle(seconds)
        except TransientError:
            self._lost_in_idle += 1
            if self._lost_in_idle >= _IDLE_CHANCES:
                self._lost_in_idle = 0
                self._idle_again_at = monotonic() + _IDLE_AGAIN_AFTER
                self._log.warning("mailbox.idle_avoided", why="connections were lost in IDLE one after the other")
            raise
        self._lost_in_idle = 0

    def _poll(self, folder: OpenFolder, seconds: float) -> None:
        """Wait without IDLE; a NOOP now and then keeps the line from being forgotten."""
        self.mailbox.note(MailboxState.POLLING)
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            if self.mailbox.bell.wait(min(left, LONGEST_REST)):
                return
            if folder.noop():
                return
