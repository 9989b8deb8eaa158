"""Letters in the gateway's name: its template under its own address, and under addresses that look like it."""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.case import RECEIVED, SEEN, Attack, changed, from_, on_top


def _same(raw: bytes) -> bytes:
    return raw


def _lookalike(name: str, odd: str, value: bytes) -> Attack:
    return Attack(
        name=name,
        odd=odd,
        make=from_(value),
        alone="foreign",
        signed="foreign",
        why="its From is not the gateway's, so nobody reads it",
    )


def _several(name: str, odd: str, make: Callable[[bytes], bytes]) -> Attack:
    return Attack(
        name=name, odd=odd, make=make, alone="foreign", signed="foreign", why="with several senders it has none"
    )


def _extra_from(raw: bytes) -> bytes:
    return b"From: x@attacker.example\r\n" + raw


SENDERS: tuple[Attack, ...] = (
    Attack(name="spoofed_from", odd="the exact template under the gateway's address, unsigned", make=_same),
    Attack(name="spoofed_from_plain_text", odd="the same as plain text", make=_same, facts={"html": False}),
    Attack(name="spoofed_from_both_bodies", odd="the same with two bodies", make=_same, facts={"text": True}),
    Attack(name="spoofed_from_ru", odd="the same in Russian", make=_same, facts={"language": "ru"}),
    Attack(name="spoofed_from_en", odd="the same in English", make=_same, facts={"language": "en"}),
    Attack(name="spoofed_from_cp1251", odd="the same in windows-1251", make=_same, facts={"charset": "windows-1251"}),
    Attack(name="spoofed_from_subdomain", odd="an address below the gateway's domain", make=from_(b"<notify@mail.wayforpay.com.ua>")),
    Attack(name="spoofed_from_upper_case", odd="the gateway's address in capitals", make=from_(b"<NOTIFY@WAYFORPAY.COM.UA>")),
    Attack(name="spoofed_from_with_a_comment", odd="a comment behind the address", make=from_(b"notify@wayforpay.com.ua (x@attacker.example)")),
    Attack(name="spoofed_from_folded", odd="From folded onto a line of its own", make=from_(b"WayForPay\r\n <notify@wayforpay.com.ua>")),
    Attack(
        name="spoofed_from_other_domain",
        odd="the gateway's other domain in From",
        make=from_(b"WayForPay <notify@wayforpay.com>"),
        signed="untrusted",
        why="a signature of wayforpay.com.ua is not aligned with wayforpay.com",
    ),
    Attack(
        name="spoofed_with_gateway_received",
        odd="a Received that names the gateway's server, typed by hand",
        make=on_top(RECEIVED.strip(), b"Received: from mail.wayforpay.com.ua by relay.attacker.example; Fri, 20 Nov 2026 12:05:38 +0000"),
    ),
    Attack(name="spoofed_with_received_spf", odd="a Received-SPF: pass of the attacker's", make=on_top(b"Received-SPF: pass (mx.example.ua: domain of wayforpay.com.ua)")),
    Attack(name="spoofed_with_return_path", odd="a Return-Path of the gateway's", make=on_top(b"Return-Path: <notify@wayforpay.com.ua>")),
    Attack(name="spoofed_with_reply_to", odd="a Reply-To of the attacker's", make=on_top(b"Reply-To: <x@attacker.example>")),
    Attack(name="spoofed_with_sender", odd="an honest Sender beside the false From", make=on_top(b"Sender: <x@attacker.example>")),
    Attack(name="spoofed_under_a_true_fail", odd="our server says dkim=none, spf=fail", make=on_top(SEEN.strip())),
    Attack(name="spoofed_as_scanned", odd="X-headers of a spam filter that found it good", make=on_top(b"X-Spam-Status: No, score=-9", b"X-DKIM-Result: pass (wayforpay.com.ua)")),
    Attack(name="spoofed_list_mail", odd="headers of a mailing list", make=on_top(b"List-Id: <payments.wayforpay.com.ua>", b"Precedence: list")),
    Attack(name="spoofed_from_group_of_one", odd="the gateway's address as the one member of a group", make=from_(b"WayForPay: notify@wayforpay.com.ua;")),
    # -- addresses that look like the gateway's
    _lookalike("display_name_is_the_address", "the gateway's address as display name", b'"notify@wayforpay.com.ua" <x@attacker.example>'),
    _lookalike("display_name_is_the_gateway", "the gateway's name as display name", b"WayForPay <notify@attacker.example>"),
    _lookalike("display_name_encoded", "the gateway's address as an encoded word", b"=?utf-8?q?notify=40wayforpay=2Ecom=2Eua?= <x@attacker.example>"),
    _lookalike("whole_address_encoded", "an encoded word instead of an address", b"=?utf-8?q?=3Cnotify=40wayforpay=2Ecom=2Eua=3E?="),
    _lookalike("domain_with_a_tail", "the gateway's domain below the attacker's", b"<notify@wayforpay.com.ua.attacker.example>"),
    _lookalike("domain_with_a_prefix", "letters before the gateway's domain", b"<notify@notwayforpay.com.ua>"),
    _lookalike("domain_with_a_hyphen", "a hyphen where a dot should stand", b"<notify@wayforpay-com.ua>"),
    _lookalike("domain_of_another_country", "another top-level domain", b"<notify@wayforpay.com.co>"),
    _lookalike("domain_with_a_digit", "a digit for a letter", b"<notify@wayf0rpay.com.ua>"),
    _lookalike("domain_homograph", "a Cyrillic letter in the domain, as UTF-8", "<notify@w\u0430yforpay.com.ua>".encode()),
    _lookalike("domain_homograph_punycode", "a Cyrillic letter in the domain, as punycode", b"<notify@xn--wyforpay-6fg.com.ua>"),
    _lookalike("domain_full_width", "full-width letters in the domain", "<notify@\uff57ayforpay.com.ua>".encode()),
    _lookalike("domain_above", "an address at the domain above the gateway's", b"<notify@com.ua>"),
    _lookalike("local_part_quoted", "the gateway's address quoted as a local part", b'<"notify@wayforpay.com.ua"@attacker.example>'),
    _lookalike("local_part_percent", "the gateway's address before a percent sign", b"<notify%wayforpay.com.ua@attacker.example>"),
    _lookalike("source_route", "a route over the gateway's domain", b"<@wayforpay.com.ua:x@attacker.example>"),
    _lookalike("two_angle_addresses", "two addresses in angle brackets", b"<x@attacker.example> <notify@wayforpay.com.ua>"),
    _lookalike("pattern_as_address", "a pattern that matches every address", b"~.*@.*~"),
    # -- several senders
    _several("two_from_headers", "a second From on top", _extra_from),
    _several("two_from_headers_below", "a second From further down", lambda raw: changed(raw, b"\r\nTo: ", b"\r\nFrom: x@attacker.example\r\nTo: ")),
    _several("two_from_addresses", "two addresses in From", from_(b"<notify@wayforpay.com.ua>, <x@attacker.example>")),
    _several("two_from_addresses_turned", "the attacker first", from_(b"<x@attacker.example>, <notify@wayforpay.com.ua>")),
    _several("group_of_two", "a group of two addresses", from_(b"WayForPay: notify@wayforpay.com.ua, x@attacker.example;")),
    Attack(
        name="resent_from_the_gateway",
        odd="the attacker's From, the gateway's Resent-From",
        make=lambda raw: on_top(b"Resent-From: <notify@wayforpay.com.ua>")(from_(b"<x@attacker.example>")(raw)),
        alone="foreign",
        signed="foreign",
        why="its From is not the gateway's, so nobody reads it",
    ),
)  # fmt: skip
