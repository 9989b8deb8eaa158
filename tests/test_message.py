"""What a mail says is read as its sender wrote it, and what was lost on the way is told."""

from __future__ import annotations

import base64
import codecs
from datetime import UTC, datetime

import pytest

from reconciler.message import charsets, decode, headers_only
from reconciler.model import Message
from reconciler.sandbox import letters

HEAD = b"From: WayForPay <notify@wayforpay.com.ua>\r\nSubject: x\r\nDate: Fri, 20 Nov 2026 14:05:33 +0200\r\n"
LINE = "Сума: 1 250,00 грн, замовлення 77"


def mail(body: bytes, *content: str) -> Message:
    header = "".join(f"{line}\r\n" for line in content).encode("ascii")
    return decode(HEAD + header + b"\r\n" + body)


def only_text(message: Message) -> str:
    (part,) = message.texts
    return part.content.rstrip("\n")


def test_every_codec_is_known_by_the_name_python_gives_it() -> None:
    """A charset under another of its names would be taken for one that nobody knows."""
    assert {codecs.lookup(name).name for name in charsets.TEXT_CODECS} == charsets.TEXT_CODECS


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("windows-1251", "cp1251"),
        ("cp1251", "cp1251"),
        ("cp-1251", "cp1251"),
        ("win-1251", "cp1251"),
        ('"Windows-1251"', "cp1251"),
        ("koi8-u", "koi8-u"),
        ("koi8u", "koi8-u"),
        ("utf-8", "utf-8"),
        ("UTF8", "utf-8"),
        ("iso-8859-5", "iso8859-5"),
        ("cp866", "cp866"),
        ("utf-16", "utf-16"),
    ],
)
def test_a_true_label_is_followed(label: str, codec: str) -> None:
    """P01, P03: a correctly labelled charset, however it is spelt, is decoded without loss."""
    text = "Сума: 1250,00, замовлення 77"
    message = mail(text.encode(codec), f"Content-Type: text/plain; charset={label}", "Content-Transfer-Encoding: 8bit")
    assert only_text(message) == text
    assert not message.lossy
    assert message.defects == ()


@pytest.mark.parametrize("codec", ["cp1251", "koi8-u"])
@pytest.mark.parametrize(
    "label", ["utf-8", "unknown-8bit", "us-ascii", "x-nonsense", "", "gb2312", "punycode", "zlib", "unicode_escape"]
)
def test_a_wrong_label_is_a_marked_guess(label: str, codec: str) -> None:
    """P02: no character vanishes where the label is wrong or unknown; the text is guessed, and says so."""
    message = mail(LINE.encode(codec), f"Content-Type: text/plain; charset={label}", "Content-Transfer-Encoding: 8bit")
    assert message.lossy
    assert message.texts[0].lossy
    assert message.defects
    if label != "gb2312":  # which may decode by accident, into Chinese
        assert only_text(message) == LINE


@pytest.mark.parametrize("label", ["unknown-8bit", "us-ascii", "x-nonsense", "", "shift_jis"])
def test_exact_utf8_is_no_guess(label: str) -> None:
    """P03: bytes that are exactly UTF-8 are read as that under a label that says nothing or cannot be true."""
    message = mail(LINE.encode(), f"Content-Type: text/plain; charset={label}", "Content-Transfer-Encoding: 8bit")
    assert only_text(message) == LINE
    assert not message.lossy


def test_utf8_under_a_single_byte_label_is_suspect() -> None:
    """P02: UTF-8 labelled windows-1251 is not shown as gibberish, but neither is it taken for certain."""
    message = mail(LINE.encode(), "Content-Type: text/plain; charset=windows-1251", "Content-Transfer-Encoding: 8bit")
    assert only_text(message) == LINE
    assert message.lossy
    assert "charset_wrong" in message.defects


@pytest.mark.parametrize("text", ["Сума 10\ufffd00", "Сума 10\x0000"])
def test_a_lost_character_is_a_loss(text: str) -> None:
    """P02, P15: a replacement character or a NUL in the text marks the mail, and no NUL comes through."""
    message = mail(text.encode(), "Content-Type: text/plain; charset=utf-8")
    assert message.lossy
    assert "\0" not in message.texts[0].content


@pytest.mark.parametrize("label", ["utf-8", "", "unknown-8bit"])
def test_torn_utf8_stays_utf8(label: str) -> None:
    """P01, P02: a letter cut inside a character, or with one byte lost, reads as UTF-8 and is marked."""
    text = LINE + " " + LINE
    for raw in (text.encode()[:-3] + b"\xd0", text.encode().replace("м".encode(), b"\xd0", 1)):
        message = mail(raw, f"Content-Type: text/plain; charset={label}", "Content-Transfer-Encoding: 8bit")
        assert message.texts[0].content.count("\ufffd") == 1
        assert "1 250,00 грн" in message.texts[0].content
        assert message.lossy


def test_a_number_split_by_quoted_printable_is_whole() -> None:
    """P01: a soft line break inside a number does not cut it."""
    body = b"=D0=A1=D1=83=D0=BC=D0=B0: 1=\r\n 250,=\r\n00"
    message = mail(body, "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable")
    assert only_text(message) == "Сума: 1 250,00"
    assert not message.lossy


@pytest.mark.parametrize("width", [1, 3, 61, 76, 10_000])
def test_base64_lines_of_any_length(width: int) -> None:
    """P04: a base64 body is decoded however its lines were cut."""
    code = base64.b64encode(LINE.encode())
    body = b"\r\n".join(code[i : i + width] for i in range(0, len(code), width))
    message = mail(body, "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64")
    assert [part.content for part in message.htmls] == [LINE]
    assert message.texts == ()
    assert not message.lossy


def test_damaged_base64_is_a_loss() -> None:
    """P02: base64 with foreign characters in it is decoded as far as it goes and marked."""
    message = mail(
        b"0KHRg9C8*!\r\n0LA=", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"
    )
    assert message.lossy
    assert "base64_damaged" in message.defects


@pytest.mark.parametrize(
    ("value", "expected", "lossy"),
    [
        (b"plain 77", "plain 77", False),
        (b"=?utf-8?B?0KHRg9C80LA=?=", "Сума", False),
        (b"=?utf-8?Q?=D0=A1=D1?= =?utf-8?Q?=83=D0=BC=D0=B0?=", "Сума", False),
        (b"=?UTF-8?B?0KHR?=\r\n =?utf-8?Q?=83=D0=BC=D0=B0?= 77", "Сума 77", False),
        (b"=?windows-1251?Q?=D1=F3=EC=E0?= =?utf-8?Q?_77?=", "Сума 77", False),
        (b"=?koi8-u?B?89XNwQ?=", "Сума", False),
        (b"=?utf-8*uk?Q?=D0=A1?= and =?utf-8?Q?=D1=83?=", "С and у", False),
        ("Сума 77".encode(), "Сума 77", False),
        ("Сума, замовлення".encode("cp1251"), "Сума, замовлення", True),
        ("Сума, замовлення".encode("koi8-u"), "Сума, замовлення", True),
        (b"=?x-odd?Q?=D1=F3=EC=E0?=", "Сума", True),
        (b"=?utf-8?Q?broken", "=?utf-8?Q?broken", False),
        (rb"\1 \g<0> %s {0} .*", r"\1 \g<0> %s {0} .*", False),
    ],
)
def test_subjects(value: bytes, expected: str, lossy: bool) -> None:
    """P04, P15: words split inside a letter are joined, raw bytes are UTF-8 or a marked guess, metacharacters are text."""
    message = decode(b"From: a@example.com\r\nSubject: " + value + b"\r\n\r\n")
    assert message.subject == expected
    assert message.lossy is lossy


def test_a_lossy_header_that_nobody_reads_does_not_matter() -> None:
    """Raw bytes in an unknown header do not hold a payment."""
    assert not decode(HEAD + b"X-Note: \xd1\xf3\xec\xe0\r\n\r\nbody").lossy


@pytest.mark.parametrize(
    ("value", "expected", "defect"),
    [
        ("Fri, 20 Nov 2026 14:05:33 +0200", datetime(2026, 11, 20, 12, 5, 33, tzinfo=UTC), None),
        ("20 Nov 2026 12:05 GMT (UTC)", datetime(2026, 11, 20, 12, 5, tzinfo=UTC), None),
        ("Fri, 20 Nov 2026 14:05:33", None, "date_without_zone"),
        ("Fri, 20 Nov 2026 14:05:33 EET", None, "date_zone_unknown"),
        ("yesterday", None, "date_unreadable"),
        ("Fri, 32 Nov 2026 14:05:33 +0200", None, "date_unreadable"),
    ],
)
def test_dates(value: str, expected: datetime | None, defect: str | None) -> None:
    """A Date is an instant or it is None with the reason; a zone is never assumed."""
    message = decode(f"From: a@example.com\r\nDate: {value}\r\n\r\n".encode())
    assert message.date == expected
    assert message.defects == (() if defect is None else (defect,))


@pytest.mark.parametrize("name", ["From", "Subject", "Date", "Message-ID"])
def test_a_repeated_header_is_a_defect(name: str) -> None:
    """P17: two From, Subject, Date or Message-ID headers are told, and two senders are no sender."""
    raw = HEAD + b"Message-ID: <1@example.com>\r\n" + f"{name}: other@example.com\r\n".encode() + b"\r\n"
    message = decode(raw)
    assert "duplicate_" + name.lower().replace("-", "_") in message.defects
    assert (message.sender is None) is (name == "From")
    assert (message.date is None) is (name == "Date")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", None),
        (b"<1@example.com>", "<1@example.com>"),
        (b"<" + b"a" * 10_000 + b"@example.com>", None),
        (b"no brackets", "no brackets"),
    ],
)
def test_message_ids(value: bytes, expected: str | None) -> None:
    """D16: a missing, empty, odd or endless Message-ID neither stops the mail nor becomes its identity."""
    assert decode(HEAD + b"Message-ID: " + value + b"\r\n\r\n").message_id == expected
    assert decode(HEAD + b"\r\n").message_id is None


def test_two_mails_of_one_second_differ() -> None:
    """D15: two notices without Message-ID, of one second and subject, are told apart by their bytes."""
    one, two = decode(HEAD + b"\r\nWFP-1"), decode(HEAD + b"\r\nWFP-2")
    assert one.sha256 != two.sha256


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"WayForPay <notify@WAYFORPAY.com.ua>", [("WayForPay", "notify@wayforpay.com.ua")]),
        (b'"notify@wayforpay.com.ua" <x@evil.example>', [("notify@wayforpay.com.ua", "x@evil.example")]),
        (b"notify@wayforpay.com.ua.evil.example", [("", "notify@wayforpay.com.ua.evil.example")]),
        (b"=?utf-8?B?0J7Qv9C70LDRgtCw?= <a@example.com>", [("Оплата", "a@example.com")]),
        ("Оплата <a@example.com>".encode(), [("Оплата", "a@example.com")]),
        (b"a@example.com, b@example.com", [("", "a@example.com"), ("", "b@example.com")]),
        (b"~.*@.*~", []),
        (b"notify@wayfor\0pay.com.ua", [("", "notify@wayfor\ufffdpay.com.ua")]),
        (b"<a@evil.example> <notify@wayforpay.com.ua>", []),
        (b"x <notify@wayforpay.com.ua", []),
        (b"=?utf-8?q?=3Cnotify=40wayforpay.com.ua=3E?=", []),
        (b"a@b@wayforpay.com.ua", []),
        (b"undisclosed:;", []),
    ],
)
def test_senders(value: bytes, expected: list[tuple[str, str]]) -> None:
    """S09, P18: every From address as it stands, none made up, and a missing one is no crash."""
    message = decode(b"From: " + value + b"\r\n\r\n")
    assert [(one.name, one.email) for one in message.senders] == expected
    assert ("from_unreadable" in message.defects) is (not expected)


def test_a_forwarded_mail_is_kept_apart() -> None:
    """P12: a letter attached to a stranger's mail gives the outer mail not one word, and keeps its own bytes."""
    inner = letters.sign(letters.notice())
    message = decode(letters.forward(inner, note="дивись"))
    assert [part.content for part in message.texts] == ["дивись"]
    assert message.htmls == ()
    assert message.attachments == ()
    (attached,) = message.attached
    assert attached.raw == inner
    assert attached.sender is not None
    assert attached.sender.email == letters.SENDER
    assert [part.path for part in attached.htmls] == ["attached[0].html[0]"]
    assert letters.REFERENCE in attached.htmls[0].content


def test_a_forwarded_mail_in_base64_is_opened() -> None:
    """P12: message/rfc822 in base64, which the standard forbids and Outlook sends, is a mail all the same."""
    message = mail(
        base64.encodebytes(letters.notice()), "Content-Type: message/rfc822", "Content-Transfer-Encoding: base64"
    )
    assert message.attached[0].raw == letters.notice()


def test_attached_texts_are_attachments() -> None:
    """A text file that came along is not the body, and its bytes are kept."""
    body = (
        b'--b\r\nContent-Type: text/plain\r\n\r\nbody\r\n--b\r\nContent-Type: text/html; name="r.html"\r\n'
        b'Content-Disposition: attachment; filename="=?utf-8?B?0LfQstGW0YI=?=.html"\r\n\r\n<b>1</b>\r\n'
        b"--b\r\nContent-Type: application/zip; name=../../r.zip\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsDBA==\r\n--b--\r\n"
    )
    message = mail(body, "Content-Type: multipart/mixed; boundary=b")
    assert [part.content for part in message.texts] == ["body"]
    assert message.htmls == ()
    assert [(one.filename, one.content_type, one.payload) for one in message.attachments] == [
        ("звіт.html", "text/html", b"<b>1</b>"),
        ("r.zip", "application/zip", b"PK\x03\x04"),
    ]
    assert not message.lossy


def test_flowed_text_is_joined() -> None:
    """format=flowed: a value broken over two lines is one line again; quotes and signatures keep theirs."""
    body = b"Order number: \r\n12345\r\n> quoted \r\n> on\r\n-- \r\nbye\r\n"
    message = mail(body, "Content-Type: text/plain; charset=utf-8; format=flowed")
    assert message.texts[0].content == "Order number: 12345\n> quoted on\n-- \nbye\n"
    message = mail(b"123 \r\n45\r\n", "Content-Type: text/plain; format=flowed; delsp=yes")
    assert message.texts[0].content == "12345\n"


def parts(*bodies: bytes, boundary: bytes = b"b") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + body + b"\r\n" for body in bodies) + b"--" + boundary + b"--\r\n"


PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n"


@pytest.mark.parametrize("blank", [b"", b" ", b"\t", b" \t "])
@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize(
    "part",
    [
        PLAIN + b"%s\r\nStatus: Declined\r\n\r\nAmount: 1\r\n",
        PLAIN + b"%s\r\n  indented\r\n",
        PLAIN + b"%s\r\nno label\r\n",
        b"%s\r\nStatus: Declined\r\n",
        PLAIN + b"%s\r\n charset=koi8-u\r\n",
        PLAIN + b"%s\r\n",
    ],
)
def test_a_line_of_spaces_ends_a_part_s_header(part: bytes, newline: bytes, blank: bytes) -> None:
    """S06: relaxed canonicalisation takes a line of spaces for an empty one, so both read alike, to the last word."""

    def read(line: bytes) -> Message:
        return mail(parts(part % line).replace(b"\r\n", newline), "Content-Type: multipart/mixed; boundary=b")

    found, expected = read(blank), read(b"")
    assert found.texts == expected.texts
    assert (found.defects, found.lossy) == (expected.defects, expected.lossy) == ((), False)
    assert "Declined" in found.texts[0].content or b"Declined" not in part


def test_an_attached_mail_is_cut_as_its_signature_is() -> None:
    """S03: an attached mail's header ends where the DKIM check ends it, at an empty line and no other."""
    inner = HEAD + b" \r\nX: y\r\n\r\nbody"
    message = mail(parts(b"Content-Type: message/rfc822\r\n\r\n" + inner), "Content-Type: multipart/mixed; boundary=b")
    (attached,) = message.attached
    assert attached.raw == inner
    assert only_text(attached) == "body"
    assert attached.inner
    assert not message.inner


@pytest.mark.parametrize(
    ("header", "defect"),
    [
        (b"Status: Declined\r\nnot a field\r\n", "header_malformed"),
        (b" folded first\r\n", "header_malformed"),
        (b"Content-Type : text/html\r\n", "header_malformed"),
        (b"\rContent-Type: text/html\r\n", "header_malformed"),
        (b"From mbox\r\n", "header_malformed"),
        (PLAIN + PLAIN, "duplicate_content_type"),
        (b"Content-Disposition: inline\r\nContent-Disposition: attachment\r\n", "duplicate_content_disposition"),
        (b"Content-Type: text/plain; charset*=%00''a'b\r\n", "parameter_unreadable"),
        (b"X: " + b"a" * 20_000 + b"\r\n", "header_too_long"),
    ],
)
def test_a_malformed_part_header_is_a_loss(header: bytes, defect: str) -> None:
    """S06: a part whose header has anything in it that is none was not read as its sender wrote it."""
    message = mail(parts(header + b"\r\nx"), "Content-Type: multipart/mixed; boundary=b")
    assert defect in message.defects
    assert message.lossy


def test_a_boundary_with_spaces_is_a_loss() -> None:
    """S06: a signature does not cover how many spaces stand there, so a part could be lost by one more."""
    message = mail(parts(PLAIN + b"\r\nx", boundary=b"a b"), 'Content-Type: multipart/mixed; boundary="a b"')
    assert message.texts
    assert message.lossy
    assert "boundary_with_spaces" in message.defects


FLOWED = PLAIN[:-2] + b"; format=flowed\r\n"
PURPOSE = b"Purpose: payment for the order of Friday number"


@pytest.mark.parametrize(
    ("body", "others"),
    [
        (b"Order number: \r\n12345\r\n", ["Order number: \n12345\n"]),
        (PURPOSE + b" \r\n12345\r\n", [PURPOSE.decode() + " \n12345\n"]),
        (PURPOSE + b"s\r\n123456789012\r\n", [PURPOSE.decode() + "s 123456789012\n"]),
    ],
)
def test_flowed_text_may_be_something_else(body: bytes, others: list[str]) -> None:
    """S06: format=flowed reads by spaces at line ends, which no signature covers, there or taken away: the part has both."""
    message = mail(parts(FLOWED + b"\r\n" + body), "Content-Type: multipart/mixed; boundary=b")
    assert not message.lossy
    assert "flowed_text" in message.defects
    assert [other.texts[0].content for other in message.otherwise()] == others


@pytest.mark.parametrize(("more", "lossy"), [(0, False), (1, True)])
def test_flowed_text_of_endless_length_is_read_in_one_way_and_not_believed(more: int, lossy: bool) -> None:
    """S06 P14: a text beyond what any parser reads is not asked what else it may be, and never posts by itself."""
    body = b"Order number: \r\n".ljust(1_000_001 + more, b"x")  # its CRLF is one character
    message = mail(parts(FLOWED + b"\r\n" + body), "Content-Type: multipart/mixed; boundary=b")
    assert (message.lossy, "flowed_text" in message.defects) == (lossy, True)
    assert len(list(message.otherwise())) == 1 - more


@pytest.mark.parametrize(
    "part",
    [
        FLOWED + b"\r\nOrder number:\r\n12345\r\n-- \r\n" + PURPOSE + b"\r\n",
        FLOWED + b"\r\n" + PURPOSE + b"\r\n12345\r\n",
        FLOWED + b"\r\n" + PURPOSE + b"s\r\n123456789012\r\n" + PURPOSE + b" of this very year\r\n",
        FLOWED + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + PURPOSE + b"s\r\n123456789012\r\n",
    ],
)
def test_flowed_text_with_nothing_to_join_is_one_thing(part: bytes) -> None:
    """S06: lines that had room for the next word, by the letter's own width, or that can have lost no space, were none."""
    message = mail(parts(part), "Content-Type: multipart/mixed; boundary=b")
    assert not message.lossy
    assert "flowed_text" not in message.defects
    assert list(message.otherwise()) == []


@pytest.mark.parametrize("padding", [b" ", b"\t", b" \t "])
def test_a_padded_soft_break_is_a_loss(padding: bytes) -> None:
    """S06: spaces behind "=" at a line's end are not covered by a signature; they are read as none, and for a person."""
    content = ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable")
    message = mail(b"Order: 5=" + padding + b"\r\n55\r\nx" + padding + b"\r\ny\r\n", *content)
    assert message.texts[0].content == "Order: 555\nx\ny\n"
    assert message.lossy
    assert "soft_break_padded" in message.defects
    plain = mail(b"Order: 5=\r\n55\r\nx" + padding + b"\r\ny\r\n", *content)
    assert (plain.texts[0].content, plain.lossy) == ("Order: 555\nx\ny\n", False)


def test_an_encoding_made_of_spaces_is_a_loss() -> None:
    """S06: uuencode writes data as spaces, of which a signature covers neither number nor place."""
    message = mail(
        b"begin 644 x\r\n#86)C\r\n`\r\nend\r\n", PLAIN[:-2].decode(), "Content-Transfer-Encoding: x-uuencode"
    )
    assert only_text(message) == "abc"
    assert message.lossy


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-u"])
@pytest.mark.parametrize(("html", "text"), [(True, False), (True, True), (False, True)])
def test_letters_in_every_shape(charset: str, html: bool, text: bool) -> None:
    """The sandbox's letters are read whole in every charset and MIME shape."""
    message = decode(letters.notice(charset=charset, html=html, text=text))
    assert (len(message.texts), len(message.htmls)) == (int(text), int(html))
    assert all("Номер замовлення" in part.content for part in (*message.texts, *message.htmls))
    assert not message.lossy
    assert message.defects == ()


def test_only_the_header_of_a_large_mail_is_read() -> None:
    """P13: over the limit the sender and subject are known, the body is not touched, and the message says so."""
    raw = letters.notice()
    message = decode(raw, max_bytes=len(raw) - 1)
    assert message.too_large
    assert message.htmls == ()
    assert message.subject.startswith("Успішний платіж")
    assert not decode(raw, max_bytes=len(raw)).too_large


def test_a_long_body_is_not_cut() -> None:
    """P13: inside the limit no byte of the body is dropped."""
    message = mail(b"x" * 3_000_000 + b"end", "Content-Type: text/plain")
    assert message.texts[0].content.endswith("xend")
    assert len(message.texts[0].content) == 3_000_003


def test_headers_only() -> None:
    """A header fetch tells sender, subject and date, and no body."""
    header = letters.notice().partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    message = headers_only(header)
    assert message.sender is not None
    assert message.sender.domain == "wayforpay.com.ua"
    assert message.date == datetime(2026, 11, 20, 12, 5, 35, tzinfo=UTC)
    assert message.htmls == message.texts == ()
    assert not message.lossy


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_line_ends(newline: bytes) -> None:
    """A mail saved with bare LF reads like the one on the wire; the raw bytes stay as they came."""
    raw = letters.notice(text=True).replace(b"\r\n", newline)
    message = decode(raw)
    assert message.raw == raw
    assert "\r" not in message.texts[0].content
    assert message.header("to") == (letters.TO,)
