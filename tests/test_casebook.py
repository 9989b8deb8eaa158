"""Cases are made from mails without their people, and checked with a diff."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.casebook import EXPECTED, MAIL, add_case, check, misread_when_cut
from reconciler.discovery import find_parsers
from reconciler.errors import ReconcilerError
from reconciler.message import decode
from reconciler.model import Kind, Message, Notice
from reconciler.money import Money
from reconciler.readout import explain_file, parse_file
from reconciler.redaction import RedactionFailed, alike, redact
from tests.test_profiles import letter

ROOT = Path(__file__).parent.parent / "fixtures"
PARSERS = find_parsers()
NAMES = [
    "paid_html_uk",
    "paid_text_uk",
    "paid_html_ru",
    "qp_soft_break_in_number",
    "cp1251_8bit",
    "label_above_value",
    "order_with_word",
]
PRIVATE = (
    "Іваненко",
    "Иваненко",
    "payer@example.com",
    "12345",
    "6ac4b29136b28",
    "shop_example_ua",
    "000 00 00",
    "41****1111",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_made_without_its_people(name: str, tmp_path: Path) -> None:
    """A redacted case reads as its mail did, in another person's name."""
    raw = (ROOT / "wayforpay" / name / MAIL).read_bytes()
    folder = add_case(raw, "a new One!", tmp_path, PARSERS)
    assert folder == tmp_path / "wayforpay" / "a_new_one"
    before, after = parse_file(raw, MAIL, PARSERS)[0], json.loads((folder / EXPECTED).read_text(encoding="utf-8"))
    assert (after["amount"], after["paid_at"], after["kind"]) == (before["amount"], before["paid_at"], before["kind"])
    assert all(after[key] != before[key] for key in ("order_number", "transaction_id", "merchant", "payer"))
    shown = json.dumps(explain_file((folder / MAIL).read_bytes(), MAIL, PARSERS), ensure_ascii=False)
    assert [value for value in PRIVATE if value in shown] == []
    assert (b"\r\n" in (folder / MAIL).read_bytes()) == (b"\r\n" in raw)
    assert [result.ok for result in check(tmp_path, PARSERS)] == [True]


SECRETS = {
    "Відправник": "Петренко Олена Іванівна",
    "Телефон": "067 123-45-67",
    "Рахунок платника": "UA21 3223 1300 0002 6007 2335 6600 1",
    "Картка": "4111 1111 1111 1111",
    "Пошта": "olena@mail.example",
    "Код": "2345678901",
}


def test_a_letter_that_nobody_reads_is_redacted_as_well(tmp_path: Path) -> None:
    """
    Before there is a parser, the values of all labels are replaced, but for sums and dates; and so is what is
    somebody's wherever it stands. Each keeps its shape, and is the same everywhere.
    """
    told = "Вам платить Петренко Олена Іванівна, тел. 067 123-45-67, +380671234567, картка 4111111111111111.\n"
    folder = add_case(letter({**SECRETS}, head=told), "bank", tmp_path, PARSERS)
    assert folder.parent.name == "_nobody"
    text = decode((folder / MAIL).read_bytes()).texts[0].content
    assert [value for value in (*SECRETS.values(), "671234567", "4111111111111111", "MB-778812") if value in text] == []
    assert "1 250,00 грн" in text
    assert "20.11.2026 14:05" in text
    found = dict(line.split(": ", 1) for line in text.splitlines()[1:] if ": " in line)
    shape = {label: re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", value)) for label, value in found.items()}
    for label, value in SECRETS.items():
        if label != "Пошта":
            assert shape[label] == re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", value))
    assert found["Телефон"].startswith("0")
    assert found["Рахунок платника"].startswith("UA")
    assert text.count(found["Відправник"]) == 2
    assert text.count(found["Телефон"]) == 2


def test_server_headers_are_dropped() -> None:
    """The headers that tell whose mailbox it was, and the broken signature, do not stay."""
    raw = (ROOT / "wayforpay" / "paid_text_uk" / MAIL).read_bytes()
    added = (
        b"Received: from a by mx.private.example; x\r\nDelivered-To: owner@private.example\r\nDKIM-Signature: v=1\r\n"
        + raw
    )
    redacted = redact(added, [], keep_domains=["wayforpay.com.ua"])
    assert b"private" not in redacted
    assert b"DKIM" not in redacted


def test_a_case_is_not_written_over(tmp_path: Path) -> None:
    """A name that is taken is refused."""
    raw = (ROOT / "_nobody" / "newsletter" / MAIL).read_bytes()
    add_case(raw, "news", tmp_path, PARSERS)
    with pytest.raises(ReconcilerError, match="_nobody/news"):
        add_case(raw, "news", tmp_path, PARSERS)


def test_what_cannot_be_redacted_is_refused() -> None:
    """A part that is not what its label says may hide a name, so it is not let through."""
    raw = b"From: a@example.org\nContent-Type: text/plain; charset=utf-8\n\n\xff\xfe Ivan\n"
    with pytest.raises(RedactionFailed):
        redact(raw, ["Ivan"], keep_domains=[])


def test_a_name_in_pieces_of_markup_is_not_let_through() -> None:
    """What a reader sees as one word is looked for as one, whatever elements it is cut into."""
    head = b"From: a@example.org\nContent-Type: text/html; charset=utf-8\n\n"
    with pytest.raises(RedactionFailed):
        redact(head + "<p>Клієнт: Іва<b>нен</b><wbr>ко</p>".encode(), ["Іваненко"], keep_domains=[])
    kept = redact(head + "<table><tr><td>Іва<td>ненко</table>".encode(), ["Іваненко"], keep_domains=[])
    assert "Іва<td>ненко" in kept.decode()


@pytest.mark.parametrize(
    "value",
    [
        "Іваненко",
        "payer@mail.example",
        "+380501112233",
        "41****1111",
        "WFP-SOC-1234567-6ac4b29136b28",
        "12345",
        "shop_ua",
    ],
)
def test_like_for_like(value: str) -> None:
    """A replacement differs, keeps its shape, and is the same every time."""
    other = alike(value)
    assert other != value
    assert other == alike(value)
    if "@" not in value:
        assert [(c.isdigit(), c.isalpha(), c.isupper()) for c in other if not c.isalnum()] == [
            (c.isdigit(), c.isalpha(), c.isupper()) for c in value if not c.isalnum()
        ]
        assert len(other) == len(value)


def test_check_shows_what_differs(tmp_path: Path) -> None:
    """A case that reads otherwise is named with a diff; no cases, or half of one, is an error."""
    with pytest.raises(ReconcilerError):
        list(check(tmp_path, PARSERS))
    folder = tmp_path / "wayforpay" / "x"
    folder.mkdir(parents=True)
    (folder / MAIL).write_bytes((ROOT / "wayforpay" / "paid_text_uk" / MAIL).read_bytes())
    with pytest.raises(ReconcilerError):
        list(check(tmp_path, PARSERS))
    (folder / EXPECTED).write_text('{"amount": "1.00"}', encoding="utf-8")
    (result,) = check(tmp_path, PARSERS)
    assert not result.ok
    assert '"amount": "1250.00"' in result.diff


def test_explain_shows_pairs_spans_and_claim() -> None:
    """`explain` shows what an owner needs to write a profile, for claimed and for foreign mail."""
    shown = explain_file(
        (ROOT / "wayforpay" / "paid_html_uk" / MAIL).read_bytes(), "a.eml", PARSERS, verdict={"trusted_by": None}
    )
    assert shown["claimed"]["parser"] == "wayforpay"
    assert {"label": "Сума", "part": "html[0]", "value": "1 250,00 грн"} in shown["pairs"]
    assert {span["field"] for span in shown["spans"]} >= {"amount", "order_number"}
    assert shown["trust"] == {"trusted_by": None}
    json.dumps(shown)
    foreign = explain_file((ROOT / "_nobody" / "another_bank" / MAIL).read_bytes(), "b.eml", PARSERS)
    assert foreign["claimed"]["error"] == "unclaimed"
    assert any(pair["label"] == "Сума" for pair in foreign["pairs"])


@dataclass
class Cutting:
    """A parser that reads two payments, and of a letter that is cut whatever it is told to."""

    whole: int
    cut: tuple[str, ...]
    NAME: str = "cutting"

    def claims(self, message: Message) -> bool:
        return True

    def parse(self, message: Message) -> list[Notice]:
        sums = ("1.00", "2.00") if len(message.raw) == self.whole else self.cut
        return [
            Notice(parser=self.NAME, gateway=self.NAME, kind=Kind.PAYMENT, amount=Money(Decimal(amount), "UAH"))
            for amount in sums
        ]


@pytest.mark.parametrize(
    ("cut", "wrong"), [((), None), (("1.00",), None), (("2.00", "1.00"), None), (("1.00", "3.00"), "read as 3.00")]
)
def test_a_letter_that_is_cut_short_tells_no_other_sum(cut: tuple[str, ...], wrong: str | None) -> None:
    """Of a letter of several payments each one counts, and one of which nothing is left is not misread."""
    raw = b"From: a@example.org\nSubject: two\n\n" + b"x" * 200
    found = misread_when_cut(raw, [Cutting(len(raw), cut)])
    assert (found is None) == (wrong is None)
    assert wrong is None or wrong in str(found)


ATTACHED = """From: WayForPay <notify@wayforpay.com.ua>
Subject: SUBJECT
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=us-ascii

hello
--x
Content-Type: application/zip; NAME
Content-Disposition: attachment; FILENAME

x
--x--
"""


@pytest.mark.parametrize(
    ("name", "filename", "left"),
    [
        ('name="Petrenko Ivan.zip"', 'filename="Petrenko Ivan.ZIP"', {"file.zip"}),
        ("name=Petrenko", "filename=Petrenko", {"file"}),
        ("name*=utf-8''Petrenko.csv", "filename*=utf-8''Petrenko.csv", {"file.csv"}),
        ('name="=?utf-8?q?Petrenko=2Ezip?="', 'filename="=?utf-8?q?Petrenko=2Ezip?="', {"file.zip"}),
        ("charset=x", "size=1", set()),
    ],
)
def test_a_file_is_named_by_its_kind_alone(name: str, filename: str, left: set[str]) -> None:
    """The name of an attached file may be a person's; its ending, by which lists of payments are known, stays."""
    raw = ATTACHED.replace("FILENAME", filename).replace("NAME", name).encode()
    redacted = redact(raw, [], keep_domains=["wayforpay.com.ua"])
    assert b"Petrenko" not in redacted
    assert set(re.findall(r"name=\"?([\w.]+)", redacted.decode())) == left


@pytest.mark.parametrize("place", ["SUBJECT", "FILENAME"])
def test_a_header_that_cannot_be_decoded_is_refused(place: str) -> None:
    """What it says cannot be told, so it cannot be redacted."""
    raw = ATTACHED.replace(place, 'filename="=?utf-8?b?A?="' if place == "FILENAME" else "=?utf-8?b?A?=").encode()
    with pytest.raises(RedactionFailed):
        redact(raw, [], keep_domains=["wayforpay.com.ua"])
