"""Letters that bring an Authentication-Results of their own, or one that says less than it seems to."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.sandbox import letters
from tests.attacks.case import OURS, PASS, RECEIVED, SEEN, Attack, from_, signature_of

FOREIGN = b"Received: from a by relay.attacker.example; Fri, 20 Nov 2026 12:05:40 +0000\r\n"


def _header(value: bytes, name: bytes = b"Authentication-Results") -> bytes:
    return name + b": " + value + b"\r\n"


def _told(*above: bytes) -> Callable[[bytes], bytes]:
    """Over a letter with a wide signature whose key is gone, so that only the server's word could vouch for it."""
    return lambda raw: b"".join(above) + letters.sign(raw, selector="gone")


def _over(make: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Our server's own "pass" over a letter: what it passed is not enough."""
    return lambda raw: _header(OURS + b"; " + PASS) + make(raw)


FORGED = _header(OURS + b"; " + PASS)

RESULTS: tuple[Attack, ...] = (
    Attack(name="results_of_a_foreign_server", odd="another server's pass", make=_told(_header(b"mx.attacker.example; " + PASS))),
    Attack(name="results_of_a_longer_name", odd="a server whose name begins like ours", make=_told(_header(b"mx.example.ua.attacker.example; " + PASS))),
    Attack(name="results_of_a_shorter_name", odd="a server whose name ours ends with", make=_told(_header(b"example.ua; " + PASS))),
    Attack(name="results_below_a_true_fail", odd="a forged pass below our server's fail", make=_told(_header(OURS + b"; dkim=fail header.d=wayforpay.com.ua"), RECEIVED, FORGED)),
    Attack(name="results_below_a_true_none", odd="a forged pass below our server's none", make=_told(SEEN, RECEIVED, FORGED)),
    Attack(name="results_below_a_foreign_one", odd="a forged pass below another server's header", make=_told(_header(b"mx.attacker.example; dkim=none"), FORGED)),
    Attack(name="results_below_a_foreign_received", odd="a forged pass below a foreign server's Received", make=_told(FOREIGN, FORGED)),
    Attack(name="results_below_two_received", odd="a forged pass below our Received and a foreign one", make=_told(RECEIVED, FOREIGN, FORGED)),
    Attack(name="results_below_a_received_in_disguise", odd='a Received that says "by mx.example.ua" in a comment', make=_told(b"Received: from a (by mx.example.ua) by relay.attacker.example; x\r\n", FORGED)),
    Attack(name="results_in_a_comment", odd="pass in a comment behind fail", make=_told(_header(OURS + b"; dkim=fail (" + PASS + b") header.d=wayforpay.com.ua"))),
    Attack(name="results_in_a_nested_comment", odd="pass in a comment within a comment", make=_told(_header(OURS + b"; dkim=none (a (b) ; " + PASS + b")"))),
    Attack(name="results_in_a_quoted_reason", odd="pass in a quoted reason", make=_told(_header(OURS + b'; dkim=fail reason="x; ' + PASS + b'" header.d=wayforpay.com.ua'))),
    Attack(name="results_name_in_a_comment", odd="our server's name in a comment", make=_told(_header(b"(mx.example.ua) mx.attacker.example; " + PASS))),
    Attack(name="results_name_quoted", odd="our server's name in quotes with a tail", make=_told(_header(b'"mx.example.ua; x"; ' + PASS))),
    Attack(name="results_name_encoded", odd="our server's name as an encoded word", make=_told(_header(b"=?utf-8?q?mx.example.ua?=; " + PASS))),
    Attack(name="results_two_names", odd="two server names, ours the second", make=_told(_header(b"mx.attacker.example mx.example.ua; " + PASS))),
    Attack(name="results_for_the_attacker", odd="our server's pass is of the attacker's domain", make=_told(_header(OURS + b"; dkim=pass header.d=attacker.example"))),
    Attack(name="results_for_an_identity_only", odd="our server's pass names i= and no d=", make=_told(_header(OURS + b"; dkim=pass header.i=@wayforpay.com.ua"))),
    Attack(name="results_for_two_domains", odd="one pass that names two domains", make=_told(_header(OURS + b"; dkim=pass header.d=attacker.example header.d=wayforpay.com.ua"))),
    Attack(name="results_spf_and_dmarc", odd="spf and dmarc pass, dkim is not told", make=_told(_header(OURS + b"; spf=pass smtp.mailfrom=wayforpay.com.ua; dmarc=pass header.from=wayforpay.com.ua"))),
    Attack(name="results_passed", odd='"passed" instead of "pass"', make=_told(_header(OURS + b"; dkim=passed header.d=wayforpay.com.ua"))),
    Attack(name="results_of_arc", odd="the pass stands in an ARC header", make=_told(_header(b"i=1; mx.example.ua; " + PASS, b"ARC-Authentication-Results"))),
    Attack(name="results_under_an_x_header", odd="the pass stands in an X-header", make=_told(_header(OURS + b"; " + PASS, b"X-Authentication-Results"))),
    Attack(name="results_endless_comment", odd="three thousand comments opened", make=_told(_header(OURS + b"; " + b"(" * 3000 + PASS))),
    Attack(name="results_without_a_signature", odd="our server's pass, but nothing in the mail is signed", make=_over(lambda raw: raw)),
    Attack(name="results_of_a_strange_signature", odd="our server's pass, but the signature is the attacker's", make=_over(lambda raw: letters.sign(raw, domain="attacker.example"))),
    Attack(name="results_of_a_narrow_signature", odd="our server's pass is of a signature of From alone", make=_over(lambda raw: letters.sign(raw, headers=(b"from",), selector="gone"))),
    Attack(name="results_of_one_of_two", odd="our server's pass, and a narrow signature beside a wide one", make=_over(lambda raw: signature_of(raw, headers=(b"from",)) + letters.sign(raw, selector="gone"))),
    Attack(
        name="results_under_another_from",
        odd="our server's pass under the attacker's From",
        make=_over(lambda raw: letters.sign(from_(b"<x@attacker.example>")(raw))),
        alone="foreign",
        signed="foreign",
        why="its From is not the gateway's, so nobody reads it",
    ),
)  # fmt: skip
