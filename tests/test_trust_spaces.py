"""
What a signature lets through: relaxed canonicalisation (RFC 6376 §3.4) covers neither how many spaces stand in a row, nor spaces
at a line's end, nor how lines and header fields are folded. Whoever resends a letter may change them and it still verifies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from reconciler.casebook import MAIL
from reconciler.discovery import find_parsers
from reconciler.errors import HeldError
from reconciler.message import decode
from reconciler.model import MONEY_BACK, Kind, Notice, Voucher
from reconciler.reading import read
from reconciler.sandbox import keys, letters
from reconciler.trust import KeyAnswer, TrustPolicy, judge

ROOT = Path(__file__).parents[1] / "fixtures"
PARSERS = find_parsers()
_RUN = re.compile(rb"(?<=[^ \t\r\n])[ \t]+(?=[^ \t\r\n])")
_OPEN_TEXT = re.compile(rb"(?im)^content-type:\s*text/plain(?:[^\n]*\n[ \t])*[^\n]*\n")
_RANDOM_RUNS = (b" ", b"  ", b"\t", b" \t ", b"        ")


def _body(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def changed(raw: bytes) -> bytes:
        header, gap, body = raw.partition(b"\r\n\r\n")
        return header + gap + change(body)

    return changed


def _header(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def changed(raw: bytes) -> bytes:
        header, gap, body = raw.partition(b"\r\n\r\n")
        return change(header) + gap + body

    return changed


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "one space for each run": _body(lambda body: _RUN.sub(b" ", body)),
    "columns": _body(lambda body: _RUN.sub(b"        ", body)),
    "tabs": _body(lambda body: _RUN.sub(b"\t", body)),
    "spaces at random": _body(lambda body: _RUN.sub(lambda m: Random(m.start()).choice(_RANDOM_RUNS), body)),
    "spaces at random again": _body(lambda body: _RUN.sub(lambda m: Random(~m.start()).choice(_RANDOM_RUNS), body)),
    "spaces at line ends": _body(lambda body: body.replace(b"\r\n", b" \t\r\n")),
    "empty lines of spaces": _body(lambda body: re.sub(rb"(?m)^\r\n", b"   \r\n", body)),
    "empty lines behind": _body(lambda body: body + b"\r\n\r\n"),
    "bare line feeds": lambda raw: raw.replace(b"\r\n", b"\n"),
    "fields folded": _header(lambda header: re.sub(rb"(?<=[^ \t\r\n:]) (?=[^ \t\r\n])", b"\r\n\t ", header)),
    "fields unfolded": _header(lambda header: re.sub(rb"\r\n[ \t]+", b"   ", header)),
    "names in capitals": _header(lambda header: re.sub(rb"(?m)^[A-Za-z-]+:", lambda m: m[0].upper(), header)),
}


def _letters() -> dict[str, bytes]:
    """Every letter of fixtures/ with an open text part; base64 covers its spaces, and HTML has none that count."""
    found: dict[str, bytes] = {}
    for path in sorted(ROOT.glob(f"[a-z]*/*/{MAIL}")):
        raw = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
        sender = decode(raw).sender
        if sender is not None and _OPEN_TEXT.search(raw) and b"\r\n\r\n" in raw and b"base64" not in raw:
            found[f"{path.parent.parent.name}/{path.parent.name}"] = raw
    return found


LETTERS = _letters()


def payments(raw: bytes) -> list[Notice]:
    """The payments and refunds that a letter would move money by; none when it is held."""
    try:
        notices = read(decode(raw), PARSERS).notices
    except HeldError:
        return []
    return [notice for notice in notices if notice.kind is Kind.PAYMENT or notice.kind in MONEY_BACK]


def facts(notice: Notice) -> tuple[object, ...]:
    return notice.kind, notice.amount, notice.order_number, notice.transaction_id, notice.paid_at


def _key(_: str) -> KeyAnswer:
    return KeyAnswer(record=keys.RECORD.encode())


def _signed(raw: bytes) -> tuple[bytes, TrustPolicy]:
    """The letter under its sender's signature, and settings that believe it."""
    sender = decode(raw).sender
    assert sender is not None
    return letters.sign(raw, domain=sender.domain), TrustPolicy(accepts=(Voucher.DKIM,), domains=(sender.domain,))


@pytest.mark.parametrize("name", LETTERS)
def test_what_no_signature_covers_changes_no_payment(name: str) -> None:
    """S06: with other spaces and folds a signed letter still verifies; it then tells the same payment, of the same shop, or is held."""
    signed, policy = _signed(LETTERS[name])
    told = payments(signed)
    vouched = judge(decode(signed), policy, _key).trusted_by
    for words, change in CHANGES.items():
        varied = change(signed)
        assert judge(decode(varied), policy, _key).trusted_by is vouched, words
        found = payments(varied)
        assert [facts(one) for one in found] in ([facts(one) for one in told], []), words
        for one, before in zip(found, told if found else [], strict=True):
            shown = "\n".join((one.merchant or "", *one.merchant_names))
            assert (before.merchant or "") in shown, words


def test_the_letters_are_some() -> None:
    """The promise above is made of letters of several senders, and of payments among them."""
    assert len(LETTERS) > 30
    assert len({name.partition("/")[0] for name in LETTERS}) >= 5
    assert sum(bool(payments(raw)) for raw in LETTERS.values()) > 15
    made = [_signed(raw) for raw in LETTERS.values()]
    assert sum(judge(decode(raw), policy, _key).trusted_by is Voucher.DKIM for raw, policy in made) > 30
