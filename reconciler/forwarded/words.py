"""
What mail programs write over a letter that they forward, or quote in a reply.

Nothing goes in; tables go out, folded as `fold_words` folds. They are put together from what is publicly known of Gmail, Outlook,
Apple Mail, Thunderbird, Yahoo, ukr.net and telephones in Ukrainian, Russian and English; no genuine forward was at hand, so they
are reconstructed. What is not in them is no forward here: such a mail is left to a person.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Role(StrEnum):
    """What a line of a forwarded letter's header tells."""

    FROM = "from"
    SUBJECT = "subject"
    DATE = "date"
    TO = "to"
    CC = "cc"
    OTHER = "other"  # it belongs to the header, and nothing is read from it


LABELS: dict[str, Role] = {
    label: role
    for role, labels in {
        Role.FROM: ("from", "від", "від кого", "відправник", "от", "от кого", "отправитель"),
        Role.SUBJECT: ("subject", "тема"),
        Role.DATE: ("date", "sent", "дата", "надіслано", "відправлено", "отправлено", "послано"),
        Role.TO: ("to", "кому", "одержувач", "получатель"),
        Role.CC: ("cc", "копія", "копия"),
        Role.OTHER: (
            *("reply-to", "reply to", "bcc", "importance", "attachments", "organization", "sender", "resent-from"),
            *("кому відповідати", "відповісти", "прихована копія", "важливість", "вкладення", "організація"),
            *("ответить", "кому ответить", "обратный адрес", "скрытая копия", "важность", "вложения", "организация"),
        ),
    }.items()
    for label in labels
}


FOREIGN_LABELS = frozenset([
    "von", "betreff", "gesendet", "an", "de", "objet", "envoyé", "à", "asunto", "enviado", "para", "assunto", "da", "oggetto",
    "inviato", "od", "temat", "wysłano", "do", "předmět", "predmet", "komu", "odesláno", "van", "onderwerp", "verzonden", "aan",
    "fra", "emne", "til", "från", "ämne", "till", "kimden", "konu", "kime", "lähettäjä", "aihe", "expeditor", "subiect", "către",
    "feladó", "tárgy", "címzett",
])  # fmt: skip
"""Labels of such headers in other languages: nothing is read by them, and what stands below one is not taken for the letter."""


class Banner(StrEnum):
    """What the line over such a header says."""

    FORWARDED = "forwarded"
    ORIGINAL = "original"  # Outlook, ukr.net and telephones write it over replies too
    NONE = ""


BANNERS: dict[str, Banner] = {
    phrase: banner
    for banner, phrases in {
        Banner.FORWARDED: (
            *("forwarded message", "forwarded email", "begin forwarded message", "forwarded by"),
            *("переслане повідомлення", "перенаправлене повідомлення", "переадресоване повідомлення"),
            *("пересланий лист", "переадресований лист", "початок переадресованого повідомлення"),
            *("початок переадресованого листа", "початок листа, що пересилається"),
            "початок повідомлення, що пересилається",
            *("пересланное сообщение", "пересылаемое сообщение", "перенаправленное сообщение"),
            *("переадресованное сообщение", "пересланное письмо", "пересылаемое письмо"),
            *("начало переадресованного сообщения", "начало переадресованного письма"),
            "начало пересылаемого сообщения",
        ),
        Banner.ORIGINAL: (
            *("original message", "original email"),
            *("вихідне повідомлення", "оригінальне повідомлення", "початкове повідомлення", "вихідний лист"),
            *("исходное сообщение", "оригинальное сообщение", "исходное письмо"),
        ),
    }.items()
    for phrase in phrases
}

FORWARDING = frozenset(
    ["fwd", "fw", "пересл", "переслано", "пересилання", "пересылка", "переадр", "вп", "пд", "tr", "wg", "rv", "i", "pd"]
)
"""What a subject begins with when a mail program forwards; "TR", "WG" and the like are those of other languages."""

REPLYING = frozenset(["re", "відп", "відповідь", "ответ", "отв", "aw", "sv", "odp"])

ATTRIBUTION = re.compile(  # the line over what a reply quotes
    r"(?:^|[\s>,(])(?:wrote|writes|пише|пишуть|написа(?:в|ла|в\(ла\)|в/ла|ли)|пишет|(?:на)?писал(?:а|\(а\)|/а|и)?)\s*:\s*$",
    re.IGNORECASE,
)

ATTRIBUTED = re.compile(r"(?=.*(?:\d{1,2}[:.]\d{2}|\d{4})).*[:：]\s*$")
"""The same in any language: a moment, and a colon at the end."""

ON_BEHALF = re.compile(r"\s(?:on behalf of|від імені|от имени)\s", re.IGNORECASE)

PUBLIC_DOMAINS = frozenset(
    [
        *("gmail.com", "googlemail.com", "ukr.net", "i.ua", "ua.fm", "meta.ua", "bigmir.net", "email.ua", "online.ua"),
        *(
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "yahoo.com",
            "ymail.com",
            "icloud.com",
            "me.com",
            "mac.com",
        ),
        *(
            "proton.me",
            "protonmail.com",
            "gmx.com",
            "gmx.net",
            "gmx.de",
            "web.de",
            "aol.com",
            "zoho.com",
            "fastmail.com",
        ),
        *("mail.com", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "seznam.cz", "tutanota.com", "rambler.ru", "mail.ru"),
        *("yandex.ru", "yandex.ua", "ya.ru", "bk.ru", "list.ru", "inbox.ru"),
    ]
)
"""Domains at which anybody can have an address."""
