"""
Letters as mail programs forward them in the text of a mail.

In: a letter's bytes, a program, who forwards it. Out: the mail's bytes. What programs write is reconstructed from what is publicly known
of them; no genuine forward was at hand.
"""

from __future__ import annotations

import html as markup
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header

from reconciler.message import decode
from reconciler.model import Message
from reconciler.sandbox.letters import KYIV

FORWARDER = "owner@example.ua"
_DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "нд")
_BODY = re.compile(r"(?is).*<body[^>]*>(.*)</body>.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A letter's header as programs print it. `address`: with its brackets, as HTML."""

    name: str
    email: str
    subject: str
    to: str
    at: datetime

    @property
    def sender(self) -> str:
        return f"{self.name} <{self.email}>".strip()

    @property
    def day(self) -> str:
        return f"{_DAYS[self.at.weekday()]}, {self.at.day} лист. {self.at.year} р. о {self.at:%H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """
    A mail program.

    over: its lines over the letter: a text, or (label, value). html: those lines around the letter's HTML. quoted: ">" in text.
    note: where a person's words stand is above all of it. prefix: what it puts before the subject.
    """

    over: Callable[[Told], Sequence[str | tuple[str, str]]]
    html: Callable[[Told, Sequence[str | tuple[str, str]], str], str]
    prefix: str = "Fwd: "
    quoted: bool = False
    gap: int = 1  # blank lines under the header


def _line(one: str | tuple[str, str]) -> str:
    return one if isinstance(one, str) else f"{one[0]} {one[1]}"


def _esc(one: str | tuple[str, str]) -> str:
    """A line as HTML, its label bold where it has one."""
    return markup.escape(one) if isinstance(one, str) else f"<b>{one[0]}</b> {_linked(one[1])}"


def _linked(value: str) -> str:
    return re.sub(
        r"[\w.+-]+@[\w.-]+\w",
        lambda found: f'<a href="mailto:{found[0]}">{found[0]}</a>',
        markup.escape(value, quote=False),
    )


def _lines(over: Sequence[str | tuple[str, str]]) -> str:
    return "<br>\n".join(_linked(_line(one)) for one in over)


def _gmail(told: Told, over: Sequence[str | tuple[str, str]], body: str) -> str:
    return (
        f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{_lines(over)}<br></div><br><br>'
        f'<div class="msg-1"><u></u>{body}</div></div>'
    )


def _outlook(told: Told, over: Sequence[str | tuple[str, str]], body: str) -> str:
    rows = "<br>".join(f'<span style="font-size:11.0pt">{_esc(one)}</span>' for one in over)
    border = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
    return (
        f'<div><div style="{border}"><p class="MsoNormal">{rows}</p></div></div><p class="MsoNormal">&nbsp;</p>{body}'
    )


def _outlook_web(told: Told, over: Sequence[str | tuple[str, str]], body: str) -> str:
    rows = "<br>".join(_esc(one) for one in over if not _line(one).startswith("___"))
    return (
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">{rows}</font>'
        f"<div>&nbsp;</div></div><div>{body}</div>"
    )


def _apple(told: Told, over: Sequence[str | tuple[str, str]], body: str) -> str:
    head = "".join(
        f'<div style="margin-top: 0px; margin-bottom: 0px;"><span style="font-family: -webkit-system-font;">{_esc(one)}</span><br></div>'
        for one in over[1:]
    )
    return (
        f'<br><div><br><blockquote type="cite"><div>{_line(over[0])}</div><br class="Apple-interchange-newline">{head}<br>'
        f"<div>{body}</div></blockquote></div><br>"
    )


def _thunderbird(told: Told, over: Sequence[str | tuple[str, str]], body: str) -> str:
    rows = "".join(
        f'<tr><th valign="BASELINE" nowrap="nowrap" align="RIGHT">{one[0]} </th><td>{_linked(one[1])}</td></tr>'
        for one in over[1:]
        if not isinstance(one, str)
    )
    return (
        f'<div class="moz-forward-container"><br><br>{_line(over[0])}'
        f'<table class="moz-email-headers-table" cellspacing="0" cellpadding="0" border="0"><tbody>{rows}</tbody></table>'
        f"<br><br>{body}</div>"
    )


def _plainly(told: Told, over: Sequence[str | tuple[str, str]], body: str) -> str:
    return f"<div>{_lines(over)}<br><br></div>{body}"


PROGRAMS: Mapping[str, Program] = {
    "gmail_uk": Program(
        over=lambda t: [
            "---------- Forwarded message ---------",
            *(("Від:", t.sender), ("Date:", t.day), ("Subject:", t.subject), ("To:", f"<{t.to}>")),
        ],
        html=_gmail,
        gap=2,
    ),
    "gmail_ru": Program(
        over=lambda t: [
            "---------- Пересланное сообщение ----------",
            *(("От:", t.sender), ("Дата:", f"{t.at:%d.%m.%Y} г., {t.at:%H:%M}")),
            *(("Тема:", t.subject), ("Кому:", t.to)),
        ],
        html=_gmail,
    ),
    "gmail_uk_old": Program(
        over=lambda t: [
            "---------- Переслане повідомлення ---------",
            *(("Від:", t.sender), ("Дата:", t.day), ("Тема:", t.subject), ("Кому:", t.to)),
        ],
        html=_gmail,
    ),
    "outlook_en": Program(
        over=lambda t: [
            *(("From:", t.sender), ("Sent:", f"{t.at:%A, %B %d, %Y %I:%M %p}"), ("To:", t.to), ("Subject:", t.subject)),
        ],
        html=_outlook,
        prefix="FW: ",
    ),
    "outlook_ru": Program(
        over=lambda t: [
            "-----Исходное сообщение-----",
            *(("От:", f"{t.name} [mailto:{t.email}]"), ("Отправлено:", f"{t.at:%d.%m.%Y %H:%M}")),
            *(("Кому:", t.to), ("Тема:", t.subject)),
        ],
        html=_outlook,
        prefix="FW: ",
    ),
    "outlook_web_uk": Program(
        over=lambda t: [
            "________________________________",
            *(("Від:", t.sender), ("Надіслано:", f"{t.at:%d.%m.%Y %H:%M}"), ("Кому:", t.to), ("Тема:", t.subject)),
        ],
        html=_outlook_web,
        prefix="Fw: ",
        gap=2,
    ),
    "apple_uk": Program(
        over=lambda t: [
            "Початок переадресованого повідомлення:",
            *(
                ("Від:", t.sender),
                ("Тема:", t.subject),
                ("Дата:", f"{t.at:%d.%m.%Y}, {t.at:%H:%M:%S} GMT+2"),
                ("Кому:", t.to),
            ),
        ],
        html=_apple,
        quoted=True,
    ),
    "apple_en": Program(
        over=lambda t: [
            "Begin forwarded message:",
            *(
                ("From:", t.sender),
                ("Subject:", t.subject),
                ("Date:", f"{t.at:%d %B %Y} at {t.at:%H:%M:%S} EET"),
                ("To:", t.to),
            ),
        ],
        html=_apple,
        quoted=True,
    ),
    "thunderbird_en": Program(
        over=lambda t: [
            "-------- Forwarded Message --------",
            *(
                ("Subject:", t.subject),
                ("Date:", f"{t.at:%a, %d %b %Y %H:%M:%S %z}"),
                ("From:", t.sender),
                ("To:", t.to),
            ),
        ],
        html=_thunderbird,
        gap=2,
    ),
    "thunderbird_uk": Program(
        over=lambda t: [
            "-------- Перенаправлене повідомлення --------",
            *(("Тема:", t.subject), ("Дата:", f"{t.at:%a, %d %b %Y %H:%M:%S %z}"), ("Від:", t.sender), ("Кому:", t.to)),
        ],
        html=_thunderbird,
        gap=2,
    ),
    "ukrnet": Program(
        over=lambda t: [
            "--- Оригінальне повідомлення ---",
            *(("Від кого:", f'"{t.name}" <{t.email}>'), ("Кому:", t.to)),
            *(("Дата:", f"{t.at.day} листопада {t.at.year}, {t.at:%H:%M:%S}"), ("Тема:", t.subject)),
        ],
        html=_plainly,
    ),
    "ukrnet_ru": Program(
        over=lambda t: [
            "--- Пересланное сообщение ---",
            *(("От кого:", f'"{t.name}" <{t.email}>'), ("Кому:", t.to)),
            *(("Дата:", f"{t.at.day} ноября {t.at.year}, {t.at:%H:%M:%S}"), ("Тема:", t.subject)),
        ],
        html=_plainly,
    ),
    "telephone_uk": Program(
        over=lambda t: [
            "-------- Вихідне повідомлення --------",
            *(("Від:", t.sender), ("Дата:", t.day), ("Кому:", t.to), ("Тема:", t.subject)),
        ],
        html=_plainly,
    ),
    "yahoo_uk": Program(
        over=lambda t: [
            "----- Перенаправлене повідомлення -----",
            *(("Від:", t.sender), ("Кому:", t.to), ("Надіслано:", t.day), ("Тема:", t.subject)),
        ],
        html=_plainly,
        prefix="Fw: ",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The mail around: who sends it and what he adds above and below."""

    sender: str = FORWARDER
    to: str = "pay@example.ua"
    subject: str | None = None  # None: the program's
    above: str = ""
    below: str = ""
    headers: Sequence[str] = field(default_factory=tuple)


def forward(raw: bytes, program: str, mail: Mail = Mail()) -> bytes:
    """A letter forwarded in the text of a mail, in the kinds of text that it has itself."""
    letter, how = decode(raw), PROGRAMS[program]
    told = _told(letter)
    over = how.over(told)
    bodies = [("plain", _text(part.content, over, how, mail)) for part in letter.texts[:1]]
    bodies += [("html", _html(part.content, told, over, how, mail)) for part in letter.htmls[:1]]
    return put_together(bodies, mail.subject if mail.subject is not None else how.prefix + letter.subject, mail)


def put_together(bodies: Sequence[tuple[str, str]], subject: str, mail: Mail = Mail()) -> bytes:
    """A person's mail of these texts, (kind, content), one or alternatives."""
    lines = [
        f"From: <{mail.sender}>",
        f"To: {mail.to}",
        f"Subject: {Header(subject, 'utf-8').encode(linesep=chr(13) + chr(10))}",
        "Date: Fri, 20 Nov 2026 14:20:00 +0200",
        "Message-ID: <forward.1@example.ua>",
        "MIME-Version: 1.0",
        *mail.headers,
    ]
    parts = [
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + "\r\n".join(re.findall(".{1,76}", b64encode(content.encode()).decode()))
        for kind, content in bodies
    ]
    if len(parts) == 1:
        return ("\r\n".join(lines) + "\r\n" + parts[0] + "\r\n").encode()
    lines += ['Content-Type: multipart/alternative; boundary="=_forwarded_letter"', ""]
    told = [f"--=_forwarded_letter\r\n{part}\r\n" for part in parts]
    return ("\r\n".join([*lines, "".join(told) + "--=_forwarded_letter--\r\n"])).encode()


def _told(letter: Message) -> Told:
    sender = letter.senders[0]
    return Told(
        name=sender.name,
        email=sender.email,
        subject=letter.subject,
        to=letter.recipients[0].email if letter.recipients else "pay@example.ua",
        at=(letter.date or datetime(2026, 11, 20, 12, tzinfo=UTC)).astimezone(KYIV),
    )


def _text(body: str, over: Sequence[str | tuple[str, str]], how: Program, mail: Mail) -> str:
    rows = [*map(_line, over), *[""] * how.gap, *body.split("\n")]
    if how.quoted:
        rows = [f"> {row}".rstrip() for row in rows]
    return "\n".join([*([mail.above, ""] if mail.above else []), *rows, *(["", mail.below] if mail.below else [])])


def _html(content: str, told: Told, over: Sequence[str | tuple[str, str]], how: Program, mail: Mail) -> str:
    whole = _BODY.fullmatch(content)
    sheets = "".join(re.findall(r"(?is)<style.*?</style>", content.partition("<body")[0])) if whole else ""
    above, below = (
        f"<div>{markup.escape(words).replace(chr(10), '<br>')}</div>" if words else ""
        for words in (mail.above, mail.below)
    )
    inner = how.html(told, over, whole[1] if whole else content)
    return f"<html><head>{sheets}</head><body>{above}{inner}{below}</body></html>"
