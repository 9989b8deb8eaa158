"""The sandbox's letters are what the demo and other tests stand on."""

from __future__ import annotations

from datetime import UTC, datetime

import dkim
import pytest

from reconciler.message import decode
from reconciler.sandbox import keys, letters


def key(name: bytes, timeout: float = 5) -> bytes | None:
    return keys.zone().get(name.decode().rstrip("."), "").encode() or None


@pytest.mark.parametrize("language", ["uk", "ru", "en"])
@pytest.mark.parametrize("status", ["paid", "declined", "refund"])
def test_a_letter_carries_its_facts(language: letters.Language, status: letters.Status) -> None:
    """Amount, order, reference, Kyiv's time and the words of its status stand in every letter."""
    raw = letters.notice(
        amount="12345.60",
        order="A-77",
        reference="WFP-BTN-1-0123456789abc",
        paid_at=datetime(2026, 7, 1, 21, 30, tzinfo=UTC),
        language=language,
        status=status,
    )
    content = decode(raw).htmls[0].content
    words = letters.WORDS[language]
    for printed in ("12\u00a0345,60", "A-77", "WFP-BTN-1-0123456789abc", "02.07.2026 00:30:00", words.statuses[status]):
        assert printed in content


def test_letters_are_reproducible() -> None:
    """The same facts make the same bytes; another reference makes another Message-ID."""
    assert letters.notice() == letters.notice()
    assert decode(letters.notice()).message_id != decode(letters.notice(reference="WFP-2")).message_id


def test_lines_end_as_on_the_wire() -> None:
    """Every line ends in CRLF and none is longer than SMTP allows."""
    raw = letters.notice(text=True)
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_without_the_additional_field() -> None:
    """A page without the field sends a letter without the line."""
    assert "Номер замовлення" not in decode(letters.notice(order=None)).htmls[0].content


def test_the_payer_cannot_write_markup() -> None:
    """What a payer types is escaped, as any sender of HTML must."""
    assert "<img" not in decode(letters.notice(payer="<img src=x>")).htmls[0].content


def test_the_signature_holds() -> None:
    """The published pair fits: a signed letter verifies against the record the sandbox's resolver serves."""
    signed = letters.sign(letters.notice())
    assert dkim.verify(signed, dnsfunc=key) is True
    assert dkim.verify(signed.replace(b"com.ua>\r\n", b"com.uA>\r\n", 1), dnsfunc=key) is False


def test_a_letter_is_signed_when_it_was_written() -> None:
    """The same letter has the same signature on any day, so no story has a letter from its future."""
    written = datetime(2026, 11, 20, 12, 5, 33, tzinfo=UTC)
    signed = letters.sign(letters.notice(paid_at=written))
    assert signed == letters.sign(letters.notice(paid_at=written))
    assert f"t={int(written.timestamp()) + 2};".encode() in signed


def test_a_forward_keeps_the_letter() -> None:
    """The forwarded bytes are the letter's own."""
    signed = letters.sign(letters.notice(html=False))
    assert decode(letters.forward(signed)).attached[0].raw == signed
