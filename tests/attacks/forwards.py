"""Letters within another's mail: attached or quoted, by a forwarder whom the settings name and by strangers."""

from __future__ import annotations

from base64 import b64encode

from reconciler.message import decode
from reconciler.sandbox import letters
from tests.attacks.case import FORWARDER, OURS, PASS, Attack

AROUND = "what is signed around a forwarder's mail vouches for nothing within it"
STRANGER = "a stranger's mail is not opened, whoever signed what lies in it"


def _quoted(sender: str, begins: str) -> bytes:
    """The gateway's letter as text in another mail, as clients forward inline."""
    head = (
        f"From: <{sender}>\r\nTo: pay@example.ua\r\nSubject: Fwd: payment\r\nDate: Fri, 20 Nov 2026 14:10:00 +0200\r\n"
    )
    mime = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return (head + mime).encode() + b64encode(begins.encode()) + b"\r\n"


def _inline(raw: bytes, sender: str) -> bytes:
    message = decode(raw)
    shown = (
        f"---------- Forwarded message ---------\nВід: WayForPay <notify@wayforpay.com.ua>\nТема: {message.subject}\n\n"
    )
    return _quoted(sender, shown + message.texts[0].content)


FORWARDS: tuple[Attack, ...] = (
    Attack(
        name="attached_by_the_forwarder",
        odd="an unsigned letter that the forwarder attached",
        make=lambda raw: letters.forward(raw, sender=FORWARDER),
        signed="untrusted",
        why=AROUND,
    ),
    Attack(
        name="attached_with_results",
        odd="an attached letter with our server's pass typed into it",
        make=lambda raw: letters.forward(
            b"Authentication-Results: " + OURS + b"; " + PASS + b"\r\n" + letters.sign(raw, selector="gone"),
            sender=FORWARDER,
        ),
        signed="untrusted",
        why=AROUND,
    ),
    Attack(
        name="attached_and_changed",
        odd="a signed letter, its date changed, that the forwarder attached",
        make=lambda raw: letters.forward(letters.sign(raw).replace(b" Nov 2026 ", b" Oct 2026 ", 1), sender=FORWARDER),
        signed="untrusted",
        why=AROUND,
    ),
    Attack(
        name="attached_twice",
        odd="two letters of which one is signed, in one mail of the forwarder's",
        make=lambda raw: letters.forward(
            letters.forward(raw, sender=FORWARDER).replace(b"=_sandbox_letter_forward", b"=_inner")
            + letters.forward(letters.notice(amount="1.00"), sender=FORWARDER),
            sender=FORWARDER,
        ),
        alone="held",
        signed="held",
        why="it carries two letters",
    ),
    Attack(
        name="attached_by_a_stranger",
        odd="a letter with a valid signature that a stranger attached",
        make=lambda raw: letters.forward(letters.sign(raw), sender="x@attacker.example"),
        alone="foreign",
        signed="foreign",
        why=STRANGER,
    ),
    Attack(
        name="attached_by_two_senders",
        odd="a letter with a valid signature in a mail of the forwarder and a stranger",
        make=lambda raw: letters.forward(letters.sign(raw), sender=FORWARDER).replace(
            b"<owner@example.ua>", b"<owner@example.ua>, <x@attacker.example>", 1
        ),
        alone="foreign",
        signed="foreign",
        why="with several senders it has none",
    ),
    Attack(
        name="quoted_by_the_forwarder",
        odd="a letter typed into a mail of the forwarder's",
        make=lambda raw: _inline(raw, FORWARDER),
        alone="held",
        signed="held",
        why="what is quoted in a mail proves nothing of who wrote it",
        facts={"html": False},
    ),
    Attack(
        name="quoted_by_a_stranger",
        odd="a letter typed into a stranger's mail",
        make=lambda raw: _inline(raw, "x@attacker.example"),
        alone="foreign",
        signed="foreign",
        why=STRANGER,
        facts={"html": False},
    ),
)
