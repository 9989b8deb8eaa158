"""
One pass over an open folder: every mail seen once, by its own row in the ledger.

In: an `OpenFolder`, the ledger's sightings, how our mail is recognised. Out: `Incoming` mails of ours, oldest first; rows for
all others. There is no watermark and \\Seen plays no part: what has no row is new, whatever its number and whoever
has read it. Foreign mail costs a heading, never a body; mail of ours costs its body once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Literal

import structlog

from reconciler.errors import FatalError, LedgerUnavailable, OwnedElsewhere
from reconciler.mailbox.client import CommandRefused
from reconciler.mailbox.folder import HEADER_LIMIT, Heading, OpenFolder
from reconciler.mailbox.line import Bell
from reconciler.mailbox.needs import MailboxLedger, MailboxRow, MailboxTx
from reconciler.mailbox.pauses import Retries
from reconciler.mailbox.traffic import Meter
from reconciler.mailbox.values import Incoming, MailboxSettings, Recognition
from reconciler.model import MailRef, Message

_log = structlog.get_logger()

Handler = Callable[[Incoming], None]
Verdict = Literal["ours", "foreign", "before_cutoff", "failed"]

BATCH = 200


class Intake:
    """`recognition` may be replaced between passes, e.g. when settings are reloaded."""

    def __init__(
        self, settings: MailboxSettings, ledger: MailboxLedger, recognition: Recognition, bell: Bell, meter: Meter
    ) -> None:
        self.recognition = recognition
        self._meter = meter
        self.retries = Retries()
        self._settings = settings
        self._ledger = ledger
        self._bell = bell
        self._uidvalidity = 0
        self._log = _log.bind(mailbox=settings.name)

    # ------------------------------------------------------------ a pass
    def scan(self, folder: OpenFolder, handle: Handler) -> bool:
        """
        Hand every pending mail to `handle`, which commits. False: stopped before the end.

        A mail whose handling fails stays pending and is tried again later; the others go on. Errors that are not about the
        one mail (the ledger is away, somebody else owns the desk, a fatal one) end the pass.
        """
        for incoming in self.incoming(folder):
            uid = incoming.ref.uid
            try:
                handle(incoming)
            except (FatalError, LedgerUnavailable, OwnedElsewhere):
                raise
            except Exception:  # noqa: BLE001 - one odd mail must not stop the rest; it is logged whole and tried again
                self._failed(uid, "mail.handling_failed")
            else:
                self.retries.worked(uid)
                folder.judged.add(uid)
        return not self._bell.stopping

    def incoming(self, folder: OpenFolder) -> Iterator[Incoming]:
        """Pending mails of ours, oldest first; the UIDs are taken once, so nothing that happens meanwhile shifts them."""
        rules = self.recognition.rules
        for batch in self._batches(self._pending_uids(folder, rules)):
            for heading in self._ours(folder, batch):
                if self._bell.stopping:
                    return
                incoming = self._load(folder, heading)
                if incoming is not None:
                    yield incoming
        if not self._bell.stopping:
            with self._ledger.begin() as tx:
                tx.scanned(self._settings.name, folder.name, rules=rules)
                self._meter.put_down(tx, self._settings.name)

    def _pending_uids(self, folder: OpenFolder, rules: str) -> list[int]:
        name, validity = self._settings.name, folder.uidvalidity
        if validity != self._uidvalidity:
            self._uidvalidity = validity
            self.retries.forget()
        present = set(folder.uids())
        known: set[int] = set(folder.judged)
        again: set[int] = set()
        if validity:
            with self._ledger.look() as tx:
                known |= tx.sightings(name, folder.name, validity)
                again = set(tx.foreign_uids(name, folder.name, validity, rules=rules))
        self.retries.keep_only(present)
        now = self._ledger.clock()
        return [uid for uid in sorted(present - known | present & again) if self.retries.is_due(uid, now)]

    def _batches(self, uids: Sequence[int]) -> Iterator[Sequence[int]]:
        for start in range(0, len(uids), BATCH):
            if self._bell.stopping:
                return
            yield uids[start : start + BATCH]

    # ------------------------------------------------------------ telling ours from foreign
    def _ours(self, folder: OpenFolder, batch: Sequence[int]) -> list[Heading]:
        """The mails of ours among these; the others get their rows, in one transaction."""
        headings = self._headings(folder, batch)
        ours = []
        with self._ledger.begin() as tx:
            row = tx.mailbox(self._settings.name, folder.name)
            for heading in headings:
                verdict = self._judge(tx, row, folder, heading)
                if verdict == "ours":
                    ours.append(heading)
                elif verdict != "failed":
                    self.retries.worked(heading.uid)
                    folder.judged.add(heading.uid)
            self._meter.put_down(tx, self._settings.name)
        return ours

    def _headings(self, folder: OpenFolder, batch: Sequence[int]) -> list[Heading]:
        """In one fetch; where the server refuses it because of one mail, one by one."""
        try:
            return folder.headings(batch)
        except CommandRefused as exc:
            if len(batch) == 1:
                self._refused(batch[0], exc)
                return []
        return [heading for uid in batch for heading in self._headings(folder, [uid])]

    def _judge(self, tx: MailboxTx, row: MailboxRow | None, folder: OpenFolder, heading: Heading) -> Verdict:
        try:
            message = self.recognition.decode(heading.header)
            early = row is not None and _is_before(row, folder, heading)
            verdict: Verdict = "before_cutoff" if early else "ours" if self.recognition.is_ours(message) else "foreign"
            success_words = self.recognition.has_success_words(message.subject)
        except Exception:  # noqa: BLE001 - recognition is fed by strangers; its bug must not hide everybody else's mail
            self._failed(heading.uid, "mail.recognition_failed")
            return "failed"
        if verdict != "ours":
            tx.sight(
                self._ref(folder, heading.uid),
                what="before_cutoff" if early else "foreign",
                sender_domain=_domain(message),
                subject_sha256=hashlib.sha256(message.subject.encode("utf-8", "surrogatepass")).hexdigest(),
                success_words=success_words,
                received_at=self._received_at(heading),
                rules=self.recognition.rules,
            )
        return verdict

    # ------------------------------------------------------------ bodies
    def _load(self, folder: OpenFolder, heading: Heading) -> Incoming | None:
        """The mail's bytes, or its header alone when it is too large. None: it has gone, or cannot be read now."""
        truncated = heading.size is not None and heading.size > self._settings.max_bytes
        try:
            raw = folder.header(heading.uid) if truncated else folder.body(heading.uid)
        except CommandRefused as exc:
            self._refused(heading.uid, exc)
            return None
        if raw is None:
            return None
        self._meter.bodies += not truncated
        size = heading.size if truncated and heading.size is not None else len(raw)
        if not truncated and len(raw) > self._settings.max_bytes:  # the server had told a smaller size
            truncated, raw = True, _header_of(raw)
        return Incoming(
            ref=self._ref(folder, heading.uid),
            raw=raw,
            received_at=self._received_at(heading),
            size=size,
            truncated=truncated,
        )

    def _ref(self, folder: OpenFolder, uid: int) -> MailRef:
        return MailRef(mailbox=self._settings.name, folder=folder.name, uidvalidity=folder.uidvalidity, uid=uid)

    def _received_at(self, heading: Heading) -> datetime:
        return heading.received_at if heading.received_at is not None else self._ledger.clock()

    def _failed(self, uid: int, event: str) -> None:
        """Our own error with one mail, from inside its handler."""
        failed = self.retries.failed(uid, self._ledger.clock())
        self._log.exception(event, uid=uid, tries=failed.tries, next_try_at=failed.due.isoformat())

    def _refused(self, uid: int, error: CommandRefused) -> None:
        """The server will not give one mail; it may another time."""
        failed = self.retries.failed(uid, self._ledger.clock())
        self._log.warning(
            "mail.refused", uid=uid, error=str(error), tries=failed.tries, next_try_at=failed.due.isoformat()
        )


def _is_before(row: MailboxRow, folder: OpenFolder, heading: Heading) -> bool:
    """Older than the stored cut-off. Not knowing when it came is no reason to skip a mail about money."""
    if row.cutoff_uid is not None and folder.uidvalidity == row.uidvalidity:
        return heading.uid < row.cutoff_uid
    return heading.received_at is not None and heading.received_at < row.cutoff_at


def _domain(message: Message) -> str:
    return message.senders[0].domain if message.senders else ""


def _header_of(raw: bytes) -> bytes:
    for gap in (b"\r\n\r\n", b"\n\n"):
        head, found, _ = raw.partition(gap)
        if found:
            return head + gap
    return raw[:HEADER_LIMIT]
