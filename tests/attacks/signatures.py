"""Letters with a DKIM-Signature that proves nothing: borrowed, broken, too narrow, or made with a worthless key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dkim

from reconciler.sandbox import keys, letters
from tests.attacks.case import WEAK_KEY, Attack, changed, from_, on_top, signature_of, tagged, with_subject

TWO_SUMS = "its body tells two sums"
SUBJECT_TELLS = "its subject tells another sum"


def _other_letter(raw: bytes) -> bytes:
    return signature_of(letters.notice(amount="1.00")) + raw


def _changed_sum(raw: bytes) -> bytes:
    return changed(letters.sign(raw), b"250,00", b"950,00")


def _narrow(raw: bytes) -> bytes:
    """Only From is signed, so the rest is another's."""
    other = letters.notice(amount="1.00", html=False)
    _, gap, body = other.partition(b"\r\n\r\n")
    made = signature_of(raw.partition(b"\r\n\r\n")[0] + gap + body, headers=(b"from",))
    return made + raw


def _open_end(raw: bytes) -> bytes:
    return _signed_with(dkim.DKIM(raw), length=True) + raw + "Сума: 9 999,00 грн\r\n".encode("koi8-u")


def _sha1(raw: bytes) -> bytes:
    return _signed_with(dkim.DKIM(raw, signature_algorithm=b"rsa-sha1")) + raw


def _signed_with(signer: Any, **options: Any) -> bytes:
    signer.gen_header = _untimed(signer.gen_header)
    headers, key = list(letters.SIGNED), keys.PRIVATE_KEY.encode()
    made: bytes = signer.sign(b"sandbox", b"wayforpay.com.ua", key, include_headers=headers, **options)
    return made


def _untimed(original: Callable[..., bytes]) -> Callable[..., bytes]:
    """Without t=, which the library takes from the machine's clock."""
    return lambda fields, *more: original([field for field in fields if field[0] != b"t"], *more)


SIGNATURES: tuple[Attack, ...] = (
    Attack(name="signed_by_the_attacker", odd="a valid signature of attacker.example", make=lambda raw: letters.sign(raw, domain="attacker.example")),
    Attack(name="signed_by_the_domain_above", odd="a valid signature of com.ua", make=lambda raw: letters.sign(raw, domain="com.ua")),
    Attack(name="signed_by_an_unlisted_subdomain", odd="a valid signature of a subdomain that is not listed", make=lambda raw: letters.sign(raw, domain="pay.wayforpay.com.ua")),
    Attack(name="signature_for_the_other_domain", odd="a valid signature of wayforpay.com under wayforpay.com.ua", make=lambda raw: letters.sign(raw, domain="wayforpay.com")),
    Attack(name="signature_of_another_letter", odd="the gateway's signature cut from another letter", make=_other_letter),
    Attack(name="changed_sum", odd="one digit of the sum changed after signing", make=_changed_sum, alone="held", signed="held", why=SUBJECT_TELLS, facts={"html": False, "charset": "koi8-u"}),
    Attack(name="declined_made_paid", odd="the signature of a declined payment's letter over a paid one", make=lambda raw: signature_of(letters.notice(status="declined")) + raw),
    Attack(name="changed_subject", odd="the subject changed after signing", make=lambda raw: with_subject(letters.sign(raw), "Успішний платіж".encode())),
    Attack(name="changed_date", odd="the date changed after signing", make=lambda raw: changed(letters.sign(raw), b" Nov 2026 ", b" Oct 2026 ")),
    Attack(name="text_behind_l", odd="l= leaves the end open, and a line was appended", make=_open_end, alone="held", signed="held", why=TWO_SUMS, facts={"html": False, "charset": "koi8-u"}),
    Attack(name="subject_not_signed", odd="the signature leaves out Subject", make=lambda raw: letters.sign(raw, headers=(b"from", b"date"))),
    Attack(name="date_not_signed", odd="the signature leaves out Date", make=lambda raw: letters.sign(raw, headers=(b"from", b"subject"))),
    Attack(name="from_only_signed", odd="the signature covers From alone", make=lambda raw: letters.sign(raw, headers=(b"from",))),
    Attack(name="narrow_and_of_another_body", odd="a narrow signature of another body", make=_narrow),
    Attack(name="from_not_signed", odd="From struck from the list of what is signed", make=lambda raw: changed(letters.sign(raw), b"h=from", b"h=form")),
    Attack(name="key_that_does_not_exist", odd="a selector without a key", make=lambda raw: letters.sign(raw, selector="nowhere")),
    Attack(name="key_too_weak", odd="a key of 768 bits", make=lambda raw: letters.sign(raw, key=WEAK_KEY, selector="weak")),
    Attack(name="key_revoked", odd="a key that was revoked (empty p=)", make=lambda raw: letters.sign(raw, selector="revoked")),
    Attack(name="key_under_test", odd="a key under test (t=y)", make=lambda raw: letters.sign(raw, selector="testing")),
    Attack(name="key_for_sha1", odd="a key for sha1 only", make=lambda raw: letters.sign(raw, selector="sha1")),
    Attack(name="key_for_another_service", odd="a key that is not for mail", make=lambda raw: letters.sign(raw, selector="web")),
    Attack(name="key_record_torn", odd="a key record that cannot be read", make=lambda raw: letters.sign(raw, selector="torn")),
    Attack(name="key_is_rubbish", odd="a key that is none", make=lambda raw: letters.sign(raw, selector="rubbish")),
    Attack(name="rsa_sha1", odd="rsa-sha1, which must not be accepted any more", make=_sha1),
    Attack(name="expired", odd="x= passed years ago", make=lambda raw: tagged(raw, t="1699990000", x="1700000000")),
    Attack(name="from_the_future", odd="t= lies in another century", make=lambda raw: tagged(raw, t="4102444800")),
    Attack(name="x_is_no_time", odd="x= is no time", make=lambda raw: tagged(raw, x="never")),
    Attack(name="identity_of_another_domain", odd="i= lies outside d=", make=lambda raw: tagged(raw, i="@attacker.example")),
    Attack(name="tag_twice", odd="d= stands there twice", make=lambda raw: changed(letters.sign(raw), b"v=1;", b"v=1; d=wayforpay.com.ua;")),
    Attack(name="selector_is_a_path", odd="a selector that is no DNS name", make=lambda raw: changed(letters.sign(raw), b"s=sandbox", b"s=a/../b")),
    Attack(name="signature_is_rubbish", odd="a DKIM-Signature without tags", make=on_top(b"DKIM-Signature: rubbish")),
    Attack(name="signature_renamed", odd="the signature under an X-header", make=lambda raw: b"X-" + letters.sign(raw)),
    Attack(name="many_false_signatures", odd="thirty false signatures of the gateway's", make=lambda raw: signature_of(raw, selector="nowhere") * 30 + raw),
    Attack(
        name="borrowed_under_another_from",
        odd="a valid signature of the gateway's under the attacker's From",
        make=lambda raw: letters.sign(from_(b"WayForPay <notify@attacker.example>")(raw)),
        alone="foreign",
        signed="foreign",
        why="its From is not the gateway's, so nobody reads it",
    ),
)  # fmt: skip
