"""A letter that is forwarded in the text of a mail: what is taken for one, what is not, and what is left of the letter."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.casebook import MAIL
from reconciler.discovery import find_parsers
from reconciler.errors import FieldAmbiguous, MessageDamaged, Unclaimed
from reconciler.extract.html import markup
from reconciler.forwarded import find
from reconciler.message import decode
from reconciler.model import Message
from reconciler.reading import claim, read
from reconciler.readout import explain_file, parse_file
from reconciler.sandbox import letters
from tests.forwards import FORWARDER, PROGRAMS, Mail, forward, put_together

ROOT = Path(__file__).parent.parent / "fixtures"
PARSERS = find_parsers()
HEADER = "---------- Forwarded message ---------\nFrom: WayForPay <notify@wayforpay.com.ua>\nSubject: оплата\n\n"
OUTLOOK = "From: WayForPay <notify@wayforpay.com.ua>\nSent: 20.11.2026 14:05\nTo: a@example.ua\nSubject: оплата\n\n"
PROPER = [
    case
    for case in sorted(ROOT.glob(f"*/*/{MAIL}"))
    if not case.parent.parent.name.startswith("_") and not case.parent.name.startswith("forwarded")
]


def written(text: str, subject: str = "Fwd: оплата", **mail: Any) -> Message:
    """A person's mail of this text."""
    return decode(put_together([("plain", text)], subject, Mail(**mail)))


def shown(html: str, subject: str = "Fwd: оплата") -> Message:
    return decode(put_together([("html", html)], subject))


def letter_in(mail: Message) -> Message:
    found = find(mail)
    assert found.letter is not None, found.why
    return found.letter


def refused(mail: Message, why: str) -> None:
    found = find(mail)
    assert found.letter is None
    assert why in found.why, found.why


def content(letter: Message) -> str:
    return "".join(part.content for part in (*letter.texts, *letter.htmls))


# ---------------------------------------------------------------- what is left of the letter


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_forwarded_letter_reads_as_itself(program: str) -> None:
    """P12: whatever program forwards it, every letter of every gateway is read as if it had come by itself."""
    sound = read_by_themselves()
    for case, (raw, direct) in sound.items():
        again = parse_file(forward(raw, program), MAIL, PARSERS)
        assert [{**row, "forwarded_by": None} for row in again] == [{**row, "forwarded_by": None} for row in direct], (
            case
        )
        assert all(row.get("forwarded_by", FORWARDER) == FORWARDER for row in again)
    assert len(sound) > 180


@functools.cache
def read_by_themselves() -> Mapping[Path, tuple[bytes, Sequence[Mapping[str, Any]]]]:
    """What was damaged is sent on sound, and files are not what is tried here: every other letter, and how it is read."""
    found = {}
    for case in PROPER:
        raw = case.read_bytes()
        letter, direct = decode(raw), parse_file(raw, MAIL, PARSERS)
        unsure = letter.lossy or any(letter.otherwise())
        if not (unsure or letter.attached or letter.attachments or direct[0].get("error") == "unclaimed"):
            found[case] = raw, direct
    return found


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("bodies", [{}, {"text": True}, {"html": False}])
def test_its_header_is_read(program: str, bodies: dict[str, Any]) -> None:
    """P12: sender, subject and recipient are the letter's; nothing of the header or of a person's words is left in its text."""
    note = "Перевір, будь ласка\nСума: 77,00 грн"
    raw = letters.notice(**bodies)
    outer, letter = decode(forward(raw, program, Mail(above=note))), decode(raw)
    found = letter_in(outer)
    assert (found.sender, found.subject) == (letter.sender, letter.subject.replace("\xa0", " "))
    assert [address.email for address in found.recipients] == ["pay@example.ua"]
    assert [part.path for part in (*found.texts, *found.htmls)] == [
        f"forwarded.{part.path}" for part in (*letter.texts, *letter.htmls)
    ]
    assert "77,00" not in content(found)
    assert "notify@" not in content(found)
    assert found.within is outer


@pytest.mark.parametrize(
    "odd", ['<p title="--><table><tr><td>Сума</td><td>9,00 грн</td></tr></table><!--">', "<!-- Сума: 9,00 грн --!><p>"]
)
def test_what_is_not_shown_stays_so(odd: str) -> None:
    """S06: what an attribute or a comment holds is at hand to contradict the letter, and never becomes its text."""
    header = HEADER.replace("\n", "<br>").replace("<notify@wayforpay.com.ua>", "&lt;notify@wayforpay.com.ua&gt;")
    inner = content(letter_in(shown(f"<div>{header}{odd}Сума: 5,00 грн</p></div>")))
    assert "9,00" in inner
    assert "9,00" not in "".join(text for _, _, text in markup.read(inner).events)


def test_it_has_no_bytes_of_its_own() -> None:
    """S01 S02: nothing that is judged by bytes finds a signature or a server's word in a letter that is only text."""
    found = letter_in(written(HEADER, headers=["DKIM-Signature: v=1; d=wayforpay.com.ua", "X-A: b"]))
    assert (found.raw, found.headers, found.inner, found.message_id) == (b"", (), True, None)
    assert found.sha256 == decode(b"").sha256


def test_its_date_needs_an_offset() -> None:
    """A date is told only where the program prints the offset; its own local time says nothing."""
    with_offset = HEADER.replace("Subject", "Date: Fri, 20 Nov 2026 14:05:35 +0200\nSubject")
    assert letter_in(written(with_offset)).date == datetime(2026, 11, 20, 12, 5, 35, tzinfo=UTC)
    for printed in ("Fri, 20 Nov 2026 14:05:35", "20.11.2026 14:05", "п'ятниця", ""):
        assert letter_in(written(HEADER.replace("Subject", f"Date: {printed}\nSubject"))).date is None


def test_damage_goes_with_it() -> None:
    """P02: a payment in a mail that was decoded with loss is held, also when the letter is only a part of that mail."""
    damaged = replace(decode(forward(letters.notice(html=False), "gmail_uk")), lossy=True)
    with pytest.raises(MessageDamaged) as caught:
        read(damaged, PARSERS)
    assert caught.value.facts["forwarded_by"] == FORWARDER


def flowed(text: str) -> Message:
    raw = put_together([("plain", text)], "Fwd: оплата")
    return decode(raw.replace(b"charset=utf-8", b"charset=utf-8; format=flowed"))


def test_its_lines_may_be_meant_in_several_ways() -> None:
    """P02 P12: where lines may go on in the next one, the letter is cut out of each meaning; another header then is no guess."""
    found = letter_in(flowed(HEADER + "Номер \nзамовлення: 5\n"))
    assert [part.content.strip() for part in found.texts] == ["Номер замовлення: 5"]
    assert [other.strip() for other in found.texts[0].others] == ["Номер \nзамовлення: 5"]
    refused(flowed(HEADER.replace("Subject: оплата", "Subject: оплата \nTo: a@example.ua")), "how its lines were meant")
    assert letter_in(flowed(HEADER + "x\n")).texts[0].others == ()


@pytest.mark.parametrize("program", ["gmail_uk", "outlook_en", "apple_uk", "thunderbird_uk"])
def test_what_stands_below_cannot_be_told_from_it(program: str) -> None:
    """P12: a sum under the letter is one more sum: the same one changes nothing, another one holds the mail."""
    raw = letters.notice(text=True)
    same = read(decode(forward(raw, program, Mail(below="Сума: 1 250,00 грн"))), PARSERS)
    assert [str(notice.amount) for notice in same.notices] == ["1250.00 UAH"]
    with pytest.raises(FieldAmbiguous):
        read(decode(forward(raw, program, Mail(below="Сума: 1 200,00 грн"))), PARSERS)


def test_a_style_sheet_above_still_hides() -> None:
    """P12: what the mail's style sheet hides stays hidden in the letter that is cut out of it."""
    html = (
        "<html><head><style>.x{display:none}</style></head><body><p>FYI</p><div class=q>"
        + HEADER.replace("<", "&lt;").replace("\n", "<br>")
        + '<p>Сума: 1 250,00 грн</p><p class="x">Сума: 5,00 грн</p></div></body></html>'
    )
    found = letter_in(shown(html))
    assert found.htmls[0].content.startswith("<style>.x{display:none}</style><html><body><div")
    assert '<p class="x">Сума: 5,00 грн</p></div></body></html>' in found.htmls[0].content
    assert "FYI" not in found.htmls[0].content


def test_markup_in_text_stays_text() -> None:
    """P12: what a payer typed with angle brackets is no markup in the letter that is cut out."""
    html = HEADER.replace("<", "&lt;").replace("\n", "<br>") + "<p>a &lt;b&gt; &amp;amp; &quot;c&quot;</p>"
    assert '<p>a &lt;b&gt; &amp;amp; "c"</p>' in letter_in(shown(html)).htmls[0].content


# ---------------------------------------------------------------- whose letter it is


@pytest.mark.parametrize(
    "author",
    [
        "WayForPay <notify@wayforpay.com.ua>",
        '"WayForPay" <notify@wayforpay.com.ua>',
        "notify@wayforpay.com.ua",
        "<notify@wayforpay.com.ua>",
        "WayForPay [mailto:notify@wayforpay.com.ua]",
        "WayForPay (notify@wayforpay.com.ua)",
        "notify@wayforpay.com.ua <mailto:notify@wayforpay.com.ua>",
        "WayForPay <notify@wayforpay.com.ua <mailto:notify@wayforpay.com.ua>>",
        "mailer@wayforpay.com.ua on behalf of WayForPay <notify@wayforpay.com.ua>",
        "mailer@wayforpay.com.ua від імені WayForPay <notify@WayForPay.com.ua>",
    ],
)
def test_its_sender_is_one_address(author: str) -> None:
    """P12: programs write the sender in many ways; it is the one address among them."""
    sender = letter_in(written(HEADER.replace("WayForPay <notify@wayforpay.com.ua>", author))).sender
    assert sender is not None
    assert sender.email == "notify@wayforpay.com.ua"
    assert sender.name in ("", "WayForPay", "WayForPay (notify@wayforpay.com.ua)")


@pytest.mark.parametrize(
    "author",
    [
        "WayForPay",
        "WayForPay <notify@wayforpay.com.ua> <x@attacker.example>",
        '"notify@wayforpay.com.ua" <x@attacker.example>',
        "x@attacker.example on behalf of WayForPay <notify@wayforpay.com.ua> <y@attacker.example>",
        "x@attacker.example on behalf of WayForPay <notify@wayforpay.com.ua>",
        "Somebody on behalf of WayForPay <notify@wayforpay.com.ua>",
        "notify@wayforpay.com.ua@attacker.example",
        "notify@wayforpay.com.uа",  # the last letter is Cyrillic
        "notify@wayforpay.com.ua <notify@wayforpay.com.uа>",
        "нotify@wayforpay.com.ua",
        "",
    ],
)
def test_a_sender_that_is_not_plainly_one_is_none(author: str) -> None:
    """S02: no address, two, or one that only looks like one: nobody's letter, and the mail is left to a person."""
    refused(written(HEADER.replace("WayForPay <notify@wayforpay.com.ua>", author)), "address of the sender")


def test_a_link_that_writes_to_another_address_is_told() -> None:
    """S02: an address that is shown and the one its link leads to are two; the same one twice is one."""
    header = HEADER.replace("\n", "<br>").replace("<notify@wayforpay.com.ua>", "&lt;{}&gt;") + "Сума: 5,00 грн"
    link = '<a href="MAILTO:{}?subject=x">notify@wayforpay.com.ua</a>'
    refused(shown(header.format(link.format("x%40attacker.example"))), "address of the sender")
    sender = letter_in(shown(header.format(link.format("Notify@wayforpay.com.ua")))).sender
    assert sender is not None
    assert sender.email.lower() == "notify@wayforpay.com.ua"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (HEADER.replace("оплата", "оплата замовлення на суму тисяча двісті п'ятдесят гривень\nпівкопійки"), "оплата замовлення"),
        (HEADER.replace("WayForPay ", "WayForPay, повідомлення для магазинів і не тільки для них\n"), "оплата"),
        (OUTLOOK.replace("a@example.ua", "Хтось <a@example.ua>;\nІнший <b@example.ua>;\nТретій <c@example.ua>"), "оплата"),
        (OUTLOOK.replace("From: W", "From:\nW").replace("Sent: 2", "Sent:\n2").replace("To: a", "To:\na"), "оплата"),
        (OUTLOOK.replace("From", "*From").replace(": ", ":* "), "оплата"),
        (OUTLOOK.replace("\nSent", "\n\nSent").replace("\nTo", "\n\nTo").replace("\nSubject", "\n\nSubject"), "оплата"),
        (HEADER.replace("Subject: оплата\n", "Subject: оплата\nTo: Хтось <a@example.ua>, Інший\n<b@example.ua>\n"), "оплата"),
    ],
)  # fmt: skip
def test_broken_header_lines_are_one(text: str, subject: str) -> None:
    """P12: long lines that a program broke, values on lines of their own and bold labels are still one header."""
    found = letter_in(written(text + "Сума: 5,00 грн\n"))
    assert found.subject.startswith(subject)
    assert found.sender is not None
    assert found.sender.email == "notify@wayforpay.com.ua"
    assert content(found).strip() == "Сума: 5,00 грн"


def test_a_header_without_a_blank_line_below_takes_no_field() -> None:
    """P12: where the letter begins right below, its own "Дата" is not taken into the header."""
    found = letter_in(written(OUTLOOK.rstrip("\n") + "\nСтатус: Успішно\nДата: 20.11.2026 14:05\n"))
    assert content(found).strip() == "Статус: Успішно\nДата: 20.11.2026 14:05"
    assert found.subject == "оплата"


def test_a_header_whose_end_cannot_be_told_is_refused() -> None:
    """P12: a line that may be a broken subject or the letter's own first field is no guess."""
    refused(written(HEADER.replace("оплата\n", "оплата\nНомер замовлення: 77\nTo: a@example.ua\n")), "where the header")


# ---------------------------------------------------------------- what is no one forward


@pytest.mark.parametrize(
    "subject", ["Re: оплата", "RE: FW: оплата", "Відп: оплата", "Ответ: оплата", "Re[2]: оплата", "AW: x"]
)
@pytest.mark.parametrize("text", [HEADER, OUTLOOK])
def test_an_answer_by_its_subject_is_no_forward(subject: str, text: str) -> None:
    """P12: an older notice below an answer is no new notice."""
    refused(written("Дякую\n\n" + text, subject), "by its subject it answers")


@pytest.mark.parametrize(
    "line",
    [
        "On Fri, 20 Nov 2026 at 14:05, WayForPay <notify@wayforpay.com.ua> wrote:",
        "On Fri, 20 Nov 2026 at 14:05, WayForPay\n<notify@wayforpay.com.ua> wrote:",
        "пт, 20 лист. 2026 р. о 14:05 WayForPay пише:",
        "20.11.2026 14:05, WayForPay пишет:",
        "WayForPay написав(ла):",
        "Пользователь WayForPay написал:",
    ],
)
@pytest.mark.parametrize("quoted", ["Сума: 5,00 грн", HEADER])
def test_an_answer_by_its_first_line_is_no_forward(line: str, quoted: str) -> None:
    """P12: under "… wrote:" stands what is answered, whatever the subject says."""
    refused(written(f"Дякую\n\n{line}\n\n> {quoted.replace(chr(10), chr(10) + '> ')}"), "it answers a letter")


@pytest.mark.parametrize("subject", ["оплата", "", "Оплата: замовлення 5", "Увага: оплата"])
def test_the_same_header_over_answers_and_forwards_needs_the_subject(subject: str) -> None:
    """P12: Outlook's header, and "Original message", stand over both: without Fwd: or FW: it is not told, and so not read."""
    for text in (OUTLOOK, "-----Original Message-----\n" + OUTLOOK, "--- Оригінальне повідомлення ---\n" + OUTLOOK):
        refused(written(text, subject), "does not say whether")
    assert letter_in(written(HEADER, subject)).subject == "оплата"


@pytest.mark.parametrize(
    "subject", ["Fwd: x", "FW: x", "Fw: x", "Пересл: x", "ВП: x", "TR: x", "WG: x", "fwd (2): x", "FW: RE: x"]
)
def test_a_forward_by_its_subject(subject: str) -> None:
    """P12: what programs of several languages put before the subject of a forward."""
    assert letter_in(written(OUTLOOK, subject)).subject == "оплата"


def test_several_and_nested_forwards_are_refused() -> None:
    """P12 S02: two headers, below each other, within each other or in two parts, are no one forward."""
    inner = "\n".join(f"> {line}" for line in OUTLOOK.split("\n"))
    for text in (
        HEADER + "a\n" + HEADER,
        HEADER + OUTLOOK,
        HEADER + "x\n" + inner,
        HEADER + "-----Original Message-----\nx",
    ):
        refused(written(text), "more than one letter")


def test_a_hidden_header_counts() -> None:
    """P12: a header that no reader sees makes the mail unsure; it is never the one that is taken beside another."""
    head = HEADER.replace("<", "&lt;").replace("\n", "<br>")
    for hidden in ("display:none", "font-size:0", "color:#fff"):
        refused(shown(f'<div style="{hidden}">{head}</div><div>{head}Сума: 5 грн</div>'), "more than one letter")


def test_a_banner_without_a_header_is_refused() -> None:
    """P12: "Forwarded message" over something else is told, and not read."""
    refused(written("---------- Forwarded message ---------\nСума: 5,00 грн\n"), "has no header")
    refused(written("Begin forwarded message:\n\nСума: 5,00 грн\n"), "has no header")


@pytest.mark.parametrize(
    ("above", "fine"),
    [
        ("Олю, проведи", True),
        ("Сума: 5,00 грн\nДата: 20.11.2026", True),
        ("-- \nВласник\nowner@example.ua, office@example.ua", True),
        ("тел. 050 000 00 00, pay@example.ua", True),
        ("________________________________", True),
        ("Клієнт client@example.com питає", False),
        ("De: Mario <x@attacker.example>", False),
        ("-------- Weitergeleitete Nachricht --------", False),
        ("Тема: оплата", False),
        ("Кому: бухгалтерії", False),
        ("Von: Mario\nGesendet: Freitag\nBetreff: Zahlung", False),
        ("Fra: Mario", False),
        ("Kas: Mario\nKada: vakar\nTema2: mokėjimas", False),
        ("Am 20.11.2026 um 14:05 schrieb Mario:", False),
        ("20 novembre 2026, Mario:", False),
    ],
)
def test_above_it_stand_a_person_s_few_words(above: str, fine: bool) -> None:
    """S02: what may be the header of a program that is not known here, above the one that is, makes the mail unsure."""
    found = find(written(f"{above}\n\n{HEADER}"))
    assert (found.letter is not None) is fine
    assert fine or "above the letter" in found.why or "it answers" in found.why


def test_whom_he_writes_to_is_a_stranger() -> None:
    """S02: a mail that a forwarder sent to a stranger may come back from him: that address may not stand above either."""
    refused(written(f"schrieb Mario x@attacker.example\n\n{HEADER}", to="x@attacker.example"), "above the letter")


def test_a_neighbour_at_a_public_service_is_a_stranger() -> None:
    """S02: at a service where anybody can have an address only the forwarder's own may stand above."""
    for sender, fine in (("owner@gmail.com", False), ("owner@example.ua", True)):
        domain = sender.partition("@")[2]
        found = find(written(f"Mario x@{domain}\n\n{HEADER}", sender=sender))
        assert (found.letter is not None) is fine


def test_text_and_html_must_forward_the_same() -> None:
    """P12: a mail whose two texts forward different letters, or of which one forwards none, is refused."""
    html = HEADER.replace("<", "&lt;").replace("\n", "<br>")
    other = HEADER.replace("notify@", "info@")
    for text in (other, HEADER.replace("оплата", "інше"), "див. нижче"):
        refused(decode(put_together([("plain", text), ("html", html)], "Fwd: x")), "do not forward the same")
    assert letter_in(decode(put_together([("plain", HEADER), ("html", html)], "Fwd: x"))).subject == "оплата"


def test_link_targets_in_a_program_s_text_are_no_text() -> None:
    """P12: beside HTML, the text is what a program made of it; where links lead, which it adds, is no part of a value."""
    raw = forward(letters.notice(text=True), "outlook_en")
    text, html = (part[0].content for part in (decode(raw).texts, decode(raw).htmls))
    linked = text.replace("shop.example.ua", "shop.example.ua<http://shop.example.ua/>")
    linked = linked.replace("payer@example.com", "payer@example.com <mailto:payer@example.com>")
    assert linked.count("<http") > 1
    again = parse_file(put_together([("plain", linked), ("html", html)], "FW: x"), MAIL, PARSERS)
    assert again == parse_file(raw, MAIL, PARSERS)
    assert "<http://" in content(letter_in(written(linked)))


def test_what_is_no_forward_at_all_says_nothing() -> None:
    """A person's plain mail, one without text, one without one sender: nothing is forwarded, and nothing is to be said."""
    for mail in (
        written("Доброго дня\nСума: 5,00 грн"),
        decode(b"From: a@example.ua\r\n\r\n"),
        written("Від: банку\nДата: нині"),
    ):
        assert find(mail) == find(decode(b""))
    nobody = replace(written(HEADER), senders=())
    assert find(nobody) == find(decode(b""))


def test_too_much_text_is_refused() -> None:
    """P13: more than a notice has is not looked through."""
    for text in (HEADER + "<" * 20_001, HEADER + "x" * 300_001, HEADER + "x\n" * 5_001, HEADER + "x" * 2_001):
        refused(written(text), "more text than a notice has")


@given(
    st.lists(
        st.sampled_from([*HEADER.split("\n"), *OUTLOOK.split("\n"), "> ", "Дата:", "x", "To:", "a@b.ua", "wrote:"])
    )
)
def test_no_arrangement_of_header_lines_breaks_it(rows: Sequence[str]) -> None:
    """P12: whatever the lines, in text or HTML: a letter of one sender, or a reason, and never an error."""
    text = "\n".join(rows)
    for mail in (written(text), shown(text.replace("<", "&lt;").replace("\n", "<br>")), shown(f"<pre>{text}</pre>")):
        found = find(mail)
        assert found.letter is None or (found.why == "" and found.letter.sender is not None)


# ---------------------------------------------------------------- who has it opened


def test_it_is_opened_for_forwarders_alone() -> None:
    """S02: in a mailbox only its forwarders' mails are looked into, by whole address; a person's hand opens anybody's."""
    mail = decode(forward(letters.notice(), "gmail_uk"))
    assert claim(mail, PARSERS)[1].within is mail
    assert claim(mail, PARSERS, forwarders=["Owner@Example.ua"])[1].within is mail
    for forwarders in ([], ["owner@example.com"], ["xowner@example.ua"]):
        with pytest.raises(Unclaimed):
            claim(mail, PARSERS, forwarders=forwarders)


def test_an_attached_letter_is_preferred() -> None:
    """P12: of a letter that is attached and forwarded in the text, the attached one is read: it may have its signature."""
    attached = letters.notice(reference="WFP-SOC-1-attached1")
    raw = letters.forward(attached, sender=FORWARDER, note=HEADER + "Сума: 5,00 грн")
    parser, source = claim(decode(raw), PARSERS)
    assert (parser.NAME, source.within, source.raw) == ("wayforpay", None, attached)


def test_a_letter_of_nobody_is_unclaimed_and_named() -> None:
    """A forwarder's other mail is unclaimed, and its reason names whose letter he forwarded."""
    with pytest.raises(Unclaimed) as caught:
        claim(decode(forward(letters.notice(sender="info@bank.example"), "gmail_uk")), PARSERS)
    assert caught.value.facts == {"sender": FORWARDER, "forwards": "info@bank.example"}


def test_explain_shows_the_letter_that_is_forwarded() -> None:
    """P12: `explain` says whose text a letter stood in, proposes a profile for its sender, and none for whoever forwarded it."""
    ours = explain_file(forward(letters.notice(), "gmail_uk"), MAIL, PARSERS)
    assert ours["claimed"]["why"] == "From is notify@wayforpay.com.ua; claimed is a letter forwarded in its text"
    assert {span["part"] for span in ours["spans"]} == {"forwarded.html[0]"}
    other = explain_file(forward(letters.notice(sender="info@bank.example"), "gmail_uk"), MAIL, PARSERS)
    assert 'senders = ["info@bank.example"]' in other["proposal"]["toml"]
    assert FORWARDER not in other["proposal"]["toml"]
    unsure = explain_file(put_together([("plain", HEADER + HEADER)], "Fwd: x"), MAIL, PARSERS)
    assert unsure["proposal"] is None
