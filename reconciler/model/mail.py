"""
A mail as it lies in a mailbox, decoded, and judged by who vouches for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from reconciler.model.words import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRef:
    """Where a mail lies: the identity IMAP gives it, good for as long as UIDVALIDITY stands."""

    mailbox: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    name: str
    email: str  # as printed, lower-cased domain

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """
    One text or HTML body part, decoded. `path` names it for spans: "text[0]", "html[1]", "attached[0].html[0]".

    others: what the same part may be besides, where no signature covers what its lines are (`message.flowed`).
    """

    path: str
    content: str = field(repr=False)
    charset: str  # the one that decoded it
    lossy: bool = False  # characters were lost, or the charset was guessed
    others: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    filename: str
    content_type: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    A decoded mail.

    `texts` and `htmls` are the mail's own body parts in order; parts of a forwarded message/rfc822 are only in
    `attached`, as messages of their own. `headers` are (name, decoded value) in the order of the raw mail, so that
    a repeated header is seen as such.
    """

    raw: bytes = field(repr=False)
    sha256: str
    senders: tuple[Address, ...]  # every address of every From header
    recipients: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None  # None: absent, unreadable, or two of them
    message_id: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    texts: tuple[TextPart, ...] = ()
    htmls: tuple[TextPart, ...] = ()
    attached: tuple[Message, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    lossy: bool = False  # a header or body part was decoded with loss, or by a guess
    too_large: bool = False  # only the headers were read
    inner: bool = False  # it came within another mail: no server of ours received it, so none speaks of it
    within: Message | None = (
        None  # the mail in whose text it is forwarded; it then has no bytes, no signature, of its own
    )
    defects: tuple[str, ...] = ()  # short words: "charset_wrong", "duplicate_from", "parts_limit", …

    @property
    def sender(self) -> Address | None:
        """The one From address; None when there is none or more than one."""
        return self.senders[0] if len(self.senders) == 1 else None

    def otherwise(self) -> Iterator[Message]:
        """The same mail as it would be with its text parts as they may be besides."""
        for count in range(max((len(part.others) for part in self.texts), default=0)):
            yield replace(
                self,
                texts=tuple(
                    replace(part, content=part.others[min(count, len(part.others) - 1)]) if part.others else part
                    for part in self.texts
                ),
            )

    def header(self, name: str) -> tuple[str, ...]:
        """Every value of a header, top first."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())


class Voucher(StrEnum):
    """Who vouches for a notice; the words of the setting `trust`."""

    DKIM = "dkim"
    AUTHENTICATION_RESULTS = "authentication-results"
    WITNESS = "witness"
    NONE = "none"
    PERSON = "person"  # a person's `resolve --trust`; never a setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked about a mail's origin, as `explain` and the timeline show it."""

    voucher: Voucher
    result: str  # "pass", "fail", "temperror", "none"
    detail: str  # one sentence: what was found, e.g. "d=wayforpay.com.ua s=mail: body hash differs"
    facts: Facts = field(default_factory=dict)  # domain, selector, signed headers, key as fetched, …


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Who vouches for a mail. `trusted_by` None: nobody that the settings accept."""

    trusted_by: Voucher | None
    checks: tuple[Check, ...] = ()

    @property
    def temporary(self) -> bool:
        """Nobody vouches yet, but a check could not be finished (DNS) and is worth repeating."""
        return self.trusted_by is None and any(check.result == "temperror" for check in self.checks)
