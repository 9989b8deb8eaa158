"""Letters within another's mail: attached, forwarded in its text or quoted, by a forwarder whom the mailbox names and by strangers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from reconciler.message import decode
from reconciler.sandbox import letters
from tests.attacks.case import FORWARDER, OURS, PASS, Attack

AROUND = "what is signed around a forwarder's mail vouches for nothing within it"
TYPED = "what is forwarded in a mail's text may be typed, and the gateway's signature around it is not the forwarder's"
STRANGER = "a stranger's mail is not opened, whoever signed what lies in it"


def _quoted(sender: str, begins: str) -> bytes:
    """The gateway's letter as text in another mail, as clients forward inline."""
    head = (
        f"From: <{sender}>\r\nTo: pay@example.ua\r\nSubject: Fwd: payment\r\nDate: Fri, 20 Nov 2026 14:10:00 +0200\r\n"
    )
    mime = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return (head + mime).encode() + b64encode(begins.encode()) + b"\r\n"


GENUINE = "WayForPay <notify@wayforpay.com.ua>"


def _shown(raw: bytes, author: str = GENUINE) -> str:
    message = decode(raw)
    over = f"---------- Forwarded message ---------\nВід: {author}\nТема: {message.subject}\n\n"
    return over + message.texts[0].content


def _inline(raw: bytes, sender: str) -> bytes:
    return _quoted(sender, _shown(raw))


def _by_the_forwarder(*, name: str, odd: str, make: Callable[[bytes], bytes], why: str) -> Attack:
    """Held for another reason than its proof: no one letter can be read in it."""
    return Attack(name=name, odd=odd, make=make, alone="held", signed="held", why=why, facts={"html": False})


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
        odd="a letter typed into a mail of the forwarder's, as if forwarded",
        make=lambda raw: _inline(raw, FORWARDER),
        signed="untrusted",
        why=TYPED,
        facts={"html": False},
    ),
    _by_the_forwarder(
        name="quoted_within_a_stranger_s",
        odd="a letter typed into a stranger's, as if forwarded, that the forwarder then forwards",
        make=lambda raw: _quoted(
            FORWARDER,
            "---------- Forwarded message ---------\nВід: <x@attacker.example>\nТема: Fwd: платіж\n\n" + _shown(raw),
        ),
        why="it holds two headers, and the upper one is the stranger's",
    ),
    _by_the_forwarder(
        name="quoted_within_an_unknown_header",
        odd="the same, where the forwarder's program writes headers in a language that is not known",
        make=lambda raw: _quoted(
            FORWARDER, "Inoltrato da me\nDa: Mario <x@attacker.example>\nOggetto: Fwd: pagamento\n\n" + _shown(raw)
        ),
        why="above the header that is known stands a stranger's address",
    ),
    _by_the_forwarder(
        name="quoted_in_an_answer",
        odd="a stranger's letter with a typed one in it, which the forwarder answers",
        make=lambda raw: _quoted(
            FORWARDER,
            "Що це?\n\nпт, 20 лист. 2026 р. о 14:05 Mario пише:\n\n"
            + "".join(f"> {line}\n" for line in _shown(raw).split("\n")),
        ),
        why="what an answer quotes is no new notice",
    ),
    _by_the_forwarder(
        name="quoted_display_name",
        odd="a stranger's letter forwarded, whose display name is the gateway's address",
        make=lambda raw: _quoted(FORWARDER, _shown(raw, f"{GENUINE} <x@attacker.example>")),
        why="the header names two addresses of the sender",
    ),
    _by_the_forwarder(
        name="quoted_two_senders",
        odd="a stranger's letter forwarded, whose subject was broken into a second From line",
        make=lambda raw: _quoted(FORWARDER, _shown(raw, f"Mario <x@attacker.example>\nFrom: {GENUINE}")),
        why="the header has two From lines",
    ),
    _by_the_forwarder(
        name="quoted_twice",
        odd="two typed letters below each other",
        make=lambda raw: _quoted(FORWARDER, _shown(raw) + "\n\n" + _shown(letters.notice(amount="1.00", html=False))),
        why="it forwards two letters",
    ),
    _by_the_forwarder(
        name="quoted_and_added_to",
        odd="a typed letter with another sum below it",
        make=lambda raw: _quoted(FORWARDER, _shown(raw) + "\n\nСума: 1,00 грн\n"),
        why="what stands below a forwarded letter cannot be told from it, and the two sums differ",
    ),
    Attack(
        name="quoted_by_a_stranger",
        odd="a letter typed into a stranger's mail, as if forwarded",
        make=lambda raw: _inline(raw, "x@attacker.example"),
        alone="foreign",
        signed="foreign",
        why=STRANGER,
        facts={"html": False},
    ),
)
