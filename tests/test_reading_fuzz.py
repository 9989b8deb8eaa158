"""The whole way from bytes to notices meets damaged and hostile mail: it reads or holds, and no parser ever breaks."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.discovery import find_parsers
from reconciler.readout import explain_file, parse_file

CASES = [path.read_bytes() for path in sorted((Path(__file__).parent.parent / "fixtures").glob("*/*/notice.eml"))]
PARSERS = find_parsers()
HEAD = b"From: notify@wayforpay.com.ua\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
PIECES = [
    "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th colspan=2>", "<br>", "<p>", "</p>", "<div class=a>", "</div>", "<dl>", "<dt>",
    "<dd>", "<b>", "</b>", "<span style='color:#fff'>", "</span>", "<style>.a{display:none}</style>", "<blockquote>", "<pre>", "<sup>", "<s>",
    "<bdo dir=rtl>", "<legend>", "Сума", "Сума, грн", "Дата", "Номер платежу", "Номер замовлення", "Статус", "Успішно", "Відхилено", "Оплачено",
    "Канал", "3DS", "1 250,00 грн", "1,250", "21.11.2026 14:05", "14:05", "WFP-SOC-1-6ac4b29136b28", "12345", ":", " - ", " | ", "; ", "->", "[", "] ",
    "\n", "\n\n", "&nbsp;", "&#8203;", "\u202e", "\u00ad", "\x00", "Успішний платіж", "Повернення", "пише:", "<!--", "-->", "<![if mso]>",
]  # fmt: skip


def broken(found: list[dict[str, object]]) -> list[dict[str, object]]:
    return [item for item in found if item.get("error") == "parser_failed"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_pieces_in_any_order_break_no_parser(pieces: list[str]) -> None:
    """P14 P15: elements, labels, values and marks in any order are read or held."""
    raw = HEAD + "".join(pieces).encode()
    assert broken(parse_file(raw, "x", PARSERS)) == []
    text = raw.replace(b"text/html", b"text/plain")
    assert broken(parse_file(text, "x", PARSERS)) == []


@settings(deadline=None)
@given(st.data())
def test_damaged_mail_breaks_no_parser(data: st.DataObject) -> None:
    """P13 P15: a saved mail with bytes changed, lost, doubled or put in is read or held."""
    raw = bytearray(data.draw(st.sampled_from(CASES)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, max(0, len(raw) - 1)))
        size = data.draw(st.integers(0, 40))
        raw[at : at + size] = data.draw(st.one_of(st.binary(max_size=20), st.just(bytes(raw[at : at + size]) * 2)))
    assert broken(parse_file(bytes(raw), "x", PARSERS)) == []
    explain_file(bytes(raw), "x", PARSERS)
